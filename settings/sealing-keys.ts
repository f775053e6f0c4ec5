import { readFileSync } from 'node:fs';
import { SealingError } from '../sealing/errors.ts';
import { SealingKeySet } from '../sealing/key-set.ts';

export const SEALING_SETTINGS = ['KEEPER_SEALING_KEYS_FILE', 'KEEPER_SEALING_KEYS'] as const;

type SealingSettings = Partial<Record<(typeof SEALING_SETTINGS)[number], string | undefined>>;

/** The sealing keys that the settings name. What is said to be wrong holds nothing of the keys. */
export function sealingKeys(settings: SealingSettings, wrong: (problem: string) => undefined): SealingKeySet | undefined {
  const { KEEPER_SEALING_KEYS_FILE: file, KEEPER_SEALING_KEYS: text } = settings;
  if (file && text) return wrong('KEEPER_SEALING_KEYS_FILE and KEEPER_SEALING_KEYS are both set: give one of them');
  if (!file && !text)
    return wrong('There are no sealing keys: KEEPER_SEALING_KEYS_FILE is not set. Make some: bunq-keeper sealing-keys new --out FILE');
  try {
    return file ? SealingKeySet.parse(readFileSync(file, 'utf8'), file) : SealingKeySet.parse(text!, 'KEEPER_SEALING_KEYS');
  } catch (error) {
    if (error instanceof SealingError) return wrong(error.message);
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    const remedy = code === 'ENOENT' ? `Make it: bunq-keeper sealing-keys new --out ${file}` : 'Make it readable for this user.';
    return wrong(`KEEPER_SEALING_KEYS_FILE ${file} cannot be read (${code}). ${remedy}`);
  }
}
