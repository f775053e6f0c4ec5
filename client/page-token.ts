import { createHash } from 'node:crypto';
import { UsageError } from './errors.ts';

/**
 * Where a list goes on, as a word for a shell: Temporal's own token, with four bytes of its SHA-256. A server that is given a token which is none may
 * fail over it, and is asked again and again.
 */

const CHECK_BYTES = 4;

const checkOf = (token: Uint8Array) => createHash('sha256').update(token).digest().subarray(0, CHECK_BYTES);

export const wordOf = (token: Uint8Array): string => Buffer.concat([token, checkOf(token)]).toString('base64url');

/** @throws UsageError for what was never given as a token, or not all of it */
export function tokenOf(word: string): Uint8Array {
  const bytes = Buffer.from(word, 'base64url');
  const token = bytes.subarray(0, -CHECK_BYTES);
  if (token.length > 0 && bytes.toString('base64url') === word && checkOf(token).equals(bytes.subarray(-CHECK_BYTES))) return token;
  throw new UsageError(`${JSON.stringify(word)} is not where a list can go on: take the whole token that the last one ended with.`);
}
