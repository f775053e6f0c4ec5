import { SealingError } from './errors.ts';
import { newSealingKey, SealingKeySet } from './key-set.ts';

/**
 * What a rotation does to the text of a key set: a key is added at the end (it opens, and does not seal yet), moved to the front (it
 * seals from then on), and removed when nothing needs it. What else stands in the text is kept.
 */

/** @throws SealingError */
export function withNewKey(text: string, whence: string, now: Date): { text: string; keyId: string } {
  const { keyIds } = SealingKeySet.parse(text, whence);
  let key = newSealingKey(now);
  while (keyIds.includes(key.kid)) key = newSealingKey(now);
  return { text: changed(text, (keys) => [...keys, key]), keyId: key.kid };
}

/** @throws SealingError when there is no such key */
export function withKeyFirst(text: string, whence: string, keyId: string): string {
  demandKey(text, whence, keyId);
  return changed(text, (keys) => [...keys.filter(({ kid }) => kid === keyId), ...keys.filter(({ kid }) => kid !== keyId)]);
}

/** @throws SealingError when there is no such key, or when it is the one that seals */
export function withoutKey(text: string, whence: string, keyId: string): string {
  const { keyIds } = demandKey(text, whence, keyId);
  if (keyIds[0] === keyId)
    throw new SealingError('SEALING_KEYS_INVALID', `${keyId} is the key that seals in ${whence}: it cannot be removed.`);
  return changed(text, (keys) => keys.filter(({ kid }) => kid !== keyId));
}

function demandKey(text: string, whence: string, keyId: string): SealingKeySet {
  const keys = SealingKeySet.parse(text, whence);
  if (keys.keyIds.includes(keyId)) return keys;
  const shown = keyId.replace(/[^A-Za-z0-9._-]/g, '?').slice(0, 64);
  throw new SealingError('SEALING_KEYS_INVALID', `There is no key ${shown} in ${whence}; there are ${keys.keyIds.join(', ')}.`);
}

function changed(text: string, change: (keys: { kid: string }[]) => { kid: string }[]): string {
  const set = JSON.parse(text) as { keys: { kid: string }[] };
  return `${JSON.stringify({ ...set, keys: change(set.keys) }, null, 2)}\n`;
}
