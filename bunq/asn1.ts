import forge from 'node-forge';

const { asn1 } = forge;
export type Asn1 = forge.asn1.Asn1;

/** What node-forge has read, taken apart without ever throwing on another shape: whoever asks sees that something is not there. */

/** @throws when it is no DER, or more than one value */
export const readDer = (der: Uint8Array): Asn1 => asn1.fromDer(Buffer.from(der).toString('binary'));

export const children = (node: Asn1 | null | undefined): Asn1[] => (Array.isArray(node?.value) ? node.value : []);

export const isSequence = (node: Asn1 | null | undefined): boolean =>
  node?.tagClass === asn1.Class.UNIVERSAL && node.type === asn1.Type.SEQUENCE && Array.isArray(node.value);

/** Whether it has the tag `[number]`. */
export const isTagged = (node: Asn1, number: number): boolean =>
  node.tagClass === asn1.Class.CONTEXT_SPECIFIC && (node.type as number) === number;

/** Dotted, as `2.5.4.3`, or in hex where a number in it is beyond counting, as of those made from UUIDs; empty for what is none. */
export function oidOf(node: Asn1 | undefined): string {
  if (node?.tagClass !== asn1.Class.UNIVERSAL || node.type !== asn1.Type.OID || typeof node.value !== 'string') return '';
  try {
    return asn1.derToOid(node.value) ?? '';
  } catch {
    return `0x${Buffer.from(node.value, 'binary').toString('hex')}`;
  }
}

/** The bytes of an OCTET STRING; null for what is none. */
export const octetsOf = (node: Asn1 | undefined): Uint8Array | null =>
  node?.tagClass === asn1.Class.UNIVERSAL && node.type === asn1.Type.OCTETSTRING && typeof node.value === 'string'
    ? Buffer.from(node.value, 'binary')
    : null;

/** T61String and VisibleString, which node-forge has no names for. */
const OTHER_STRINGS = [20, 26];

export const isText = (node: Asn1 | undefined): boolean =>
  node?.tagClass === asn1.Class.UNIVERSAL &&
  typeof node.value === 'string' &&
  [asn1.Type.UTF8, asn1.Type.PRINTABLESTRING, asn1.Type.IA5STRING, asn1.Type.BMPSTRING, ...OTHER_STRINGS].includes(node.type as never);

/** Control characters are written as OpenSSL writes them, `\x1B`: whoever prints a certificate gives its maker no terminal. */
export function textOf(node: Asn1 | undefined): string {
  if (typeof node?.value !== 'string') return '';
  const text = node.type === asn1.Type.UTF8 ? Buffer.from(node.value, 'binary').toString('utf8') : node.value;
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (one) => `\\x${one.codePointAt(0)!.toString(16).toUpperCase().padStart(2, '0')}`);
}
