import forge from 'node-forge';

export interface PemBlock {
  /** What stands behind BEGIN, as `CERTIFICATE`. */
  readonly label: string;
  readonly der: Uint8Array;
}

/** The blocks of a PEM text in their order, with LF, CRLF or no line breaks inside; none for what is no PEM. */
export function pemBlocks(text: string): PemBlock[] {
  try {
    return forge.pem.decode(text).map(({ type, body }) => ({ label: type, der: Buffer.from(body, 'binary') }));
  } catch {
    return [];
  }
}

/** PEM with lines of 64 characters, LF and one LF at its end. */
export function certificatePem(der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}
