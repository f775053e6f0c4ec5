import { readFileSync } from 'node:fs';
import writeFileAtomic from 'write-file-atomic';
import { SealingError } from '../sealing/errors.ts';
import { UsageError } from './errors.ts';

/** The file of the sealing keys that a rotation changes: the one that is given, or the settings'. @throws UsageError */
export function sealingKeyFile(given: string | undefined, env: Readonly<Record<string, string | undefined>>): string {
  const file = given ?? env.KEEPER_SEALING_KEYS_FILE;
  if (file) return file;
  throw new UsageError(
    env.KEEPER_SEALING_KEYS
      ? 'The sealing keys are the value of KEEPER_SEALING_KEYS: write them into a file of mode 0600, change that with --file FILE, and set its text again.'
      : 'Say which file: --file FILE (or set KEEPER_SEALING_KEYS_FILE).',
  );
}

/** @throws UsageError when it cannot be read */
export function readSealingKeyFile(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException;
    throw new UsageError(`${file} cannot be read (${code}). Make it: bunq-keeper sealing-keys new --out ${file}`);
  }
}

/**
 * In one rename: whoever reads the file reads the old keys or the new ones. Mode 0600; a link is followed.
 * @throws UsageError when the keys are not as the change needs them, or the file cannot be written: nothing is changed
 */
export function changeSealingKeyFile<Change extends { readonly text: string }>(file: string, change: (text: string) => Change): Change {
  const changed = asUsage(() => change(readSealingKeyFile(file)));
  try {
    writeFileAtomic.sync(file, changed.text, { mode: 0o600 });
  } catch (error) {
    throw new UsageError(
      `${file} cannot be changed (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}): its folder has to be writable. Nothing was changed.`,
    );
  }
  return changed;
}

/** Keys that cannot be used are the fault of who gave them. */
export function asUsage<Result>(change: () => Result): Result {
  try {
    return change();
  } catch (error) {
    throw error instanceof SealingError ? new UsageError(error.message) : error;
  }
}
