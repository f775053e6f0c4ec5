import { readFileSync } from 'node:fs';
import { UsageError } from './errors.ts';

/**
 * What a person gave as a file, or on stdin as `-`.
 * @param what the option or argument, for the error
 * @throws UsageError
 */
export function readInput(file: string, what: string): string {
  try {
    return readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    throw new UsageError(`${what} ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}
