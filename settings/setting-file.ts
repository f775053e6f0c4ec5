import { readFileSync } from 'node:fs';

/** The text of the file that a setting names; undefined, and said, where it cannot be read. */
export function readSettingFile(setting: string, file: string, wrong: (problem: string) => undefined): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    return wrong(`${setting} ${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
}
