import { existsSync, writeFileSync } from 'node:fs';
import { UsageError } from './errors.ts';

/**
 * For secrets: a file of mode 0600, never over one that is there.
 * @param why a file that exists is left as it is: the rest of the sentence
 * @throws UsageError
 */
export function writeNewFile(file: string, text: string, why: string): void {
  try {
    writeFileSync(file, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw exists(file, why);
    throw new UsageError(`${file} cannot be written (${code}). Give another file, or make its folder writable.`);
  }
}

/** Before the work is done that would end in a file. @throws UsageError */
export function demandNewFile(file: string, why: string): void {
  if (existsSync(file)) throw exists(file, why);
}

const exists = (file: string, why: string) => new UsageError(`${file} exists and is left as it is: ${why}. Give another file.`);
