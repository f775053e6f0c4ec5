export interface PemBlock {
  /** What stands behind BEGIN, as `CERTIFICATE`. */
  readonly label: string;
  /** Null for what is damaged: no base64, or nothing. */
  readonly der: Uint8Array | null;
}

const BEGIN = '-----BEGIN ';
const DASHES = '-----';
/** RFC 7468 has no bounds; no label that there is has more. */
const LONGEST_LABEL = 64;

/**
 * The blocks of a PEM text in their order, with LF, CRLF or no line breaks inside, and whatever text around them. One that is cut off
 * is there too, as damaged. In time that grows with the text's length, whatever it holds: hence no regular expression over all of it.
 */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  for (let at = text.indexOf(BEGIN); at >= 0; ) {
    const labelAt = at + BEGIN.length;
    const labelEnd = text.indexOf(DASHES, labelAt);
    const label = labelEnd < 0 || labelEnd - labelAt > LONGEST_LABEL ? '' : text.slice(labelAt, labelEnd);
    const next = text.indexOf(BEGIN, labelAt);
    if (/^[A-Z0-9][A-Z0-9 -]*$/.test(label)) {
      const inside = text.slice(labelEnd + DASHES.length, next < 0 ? text.length : next);
      const end = inside.indexOf(`-----END ${label}-----`);
      blocks.push({ label, der: end < 0 ? null : base64(inside.slice(0, end)) });
    }
    at = next;
  }
  return blocks;
}

function base64(text: string): Uint8Array | null {
  const bare = text.replaceAll(/\s/g, '');
  const isBase64 = bare.length > 0 && bare.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(bare);
  return isBase64 ? Buffer.from(bare, 'base64') : null;
}

/** PEM with lines of 64 characters, LF and one LF at its end. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
