import { createPrivateKey } from 'node:crypto';

/** A leak of this many characters counts, in whatever form they are written. */
export const PIECE = 24;

export interface Secret {
  /** How a finding names it; the secret itself is in no message. */
  readonly label: string;
  readonly value: string | Uint8Array;
}

/** One way to write a secret: any 24 characters in a row of `text` give it away. */
export interface WrittenForm {
  readonly form: string;
  readonly text: Buffer;
}

/** Every way in which a secret is searched for. */
export function writtenForms(value: string | Uint8Array): WrittenForm[] {
  const bytes = Buffer.from(value);
  const text = typeof value === 'string' ? value : bytes.toString('latin1');
  const json = JSON.stringify(text).slice(1, -1);
  const url = percentEncoded(bytes);
  return [
    form('raw', bytes),
    ...[0, 1, 2].flatMap((offset) => base64Forms(bytes, offset)),
    form('hex', bytes.toString('hex')),
    form('HEX', bytes.toString('hex').toUpperCase()),
    form('URL-encoded', url),
    form('URL-encoded, lower case', url.toLowerCase() === url ? url : url.replace(/%../g, (octet) => octet.toLowerCase())),
    form('JSON-escaped', json),
    form('JSON-escaped twice', JSON.stringify(json).slice(1, -1)),
    form('JSON-escaped with \\/', json.replaceAll('/', '\\/')),
    form('list of numbers', bytes.join(',')),
  ];
}

function form(name: string, text: string | Buffer): WrittenForm {
  return { form: name, text: Buffer.from(text) };
}

/** As it stands in the base64 of something longer, with 0, 1 or 2 bytes before it modulo 3; without the characters that the neighbours share. */
function base64Forms(bytes: Buffer, offset: number): WrittenForm[] {
  const firstWhole = [0, 2, 3][offset] ?? 0;
  const wholeCharacters = Math.floor(((offset + bytes.length) * 8) / 6);
  const text = (encoding: 'base64' | 'base64url') =>
    Buffer.concat([Buffer.alloc(offset), bytes])
      .toString(encoding)
      .slice(firstWhole, wholeCharacters);
  return [form(`base64 at offset ${offset}`, text('base64')), form(`base64url at offset ${offset}`, text('base64url'))];
}

function percentEncoded(bytes: Buffer): string {
  let encoded = '';
  for (const byte of bytes) {
    const character = String.fromCharCode(byte);
    encoded += /[A-Za-z0-9_.!~*'()-]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return encoded;
}

/**
 * The secret parts of an RSA private key: the private exponent, the primes and what is derived from them, and those lines of
 * the PEM that hold only such parts. Modulus, public exponent and the frame of the encoding are in every certificate.
 *
 * @param pem PKCS#8 or PKCS#1
 */
export function privateKeySecrets(label: string, pem: string): Secret[] {
  const key = createPrivateKey(pem);
  const { d, p, q, dp, dq, qi } = key.export({ format: 'jwk' });
  const parts = Object.entries({ d, p, q, dp, dq, qi }).map(([name, part]) => ({
    label: `${label}: ${name}`,
    value: Buffer.from(part ?? '', 'base64url'),
  }));
  const lines = pem.trim().split(/\r?\n/).slice(1, -1);
  const bytes = Buffer.from(lines.join(''), 'base64');
  const privateFrom = bytes.indexOf(Buffer.from(d ?? '', 'base64url'));
  const firstLine = Math.ceil((privateFrom * 4) / 3 / (lines[0]?.length ?? 64));
  return [...parts, { label: `${label}: PEM`, value: lines.slice(firstLine).join('\n') }];
}
