import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build.ts';
import { cleanEnvironment } from './process.ts';

/** What a script of scripts/ that looks for a program, and installs it where it may, prints; null where there is none. */
export function foundBy(script: string): string | null {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts', script)], {
    encoding: 'utf8',
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : null;
}
