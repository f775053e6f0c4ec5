import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Of this package: the `package.json` next above, from the sources, a build or an installation alike. */
export function version(folder: string = import.meta.dirname): string {
  try {
    const { version } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { version: string };
    return version;
  } catch (error) {
    if (dirname(folder) === folder) throw error;
    return version(dirname(folder));
  }
}
