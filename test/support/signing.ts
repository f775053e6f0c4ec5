import { createHash, verify } from 'node:crypto';
import { chmodSync, copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './at-end.ts';

/** What signers are tested with: a digest, and the certificate of `pseudo-key.pem` that its signature is checked by. */

const TEXT = 'a text that no signer sees';
export const DIGEST = createHash('sha256').update(TEXT).digest();

export const vectorPath = (name: string) => join(import.meta.dirname, '../vectors', name);

export const isSignature = (signature: Uint8Array) =>
  verify('sha256', Buffer.from(TEXT), readFileSync(vectorPath('pseudo-cert.pem')), signature);

/** A vector in a folder of its own, with that mode. */
export function copyOf(name: string, mode = 0o600): string {
  const copy = join(temporaryFolder(), name);
  copyFileSync(vectorPath(name), copy);
  chmodSync(copy, mode);
  return copy;
}
