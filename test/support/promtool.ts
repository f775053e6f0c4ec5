import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build.ts';
import { cleanEnvironment } from './process.ts';

/** The program that checks alert rules and metrics; null where there is none, and tests that want it are skipped. */
export function findPromtool(): string | null {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/promtool.mjs')], {
    encoding: 'utf8',
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : null;
}
