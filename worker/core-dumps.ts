import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/**
 * A core dump would hold every secret that the process has open. Node has no call that forbids one; util-linux's prlimit does it from
 * outside. On other systems there is none unless somebody has asked for it.
 */
export function forbidCoreDumps(warn: (line: string) => void): void {
  if (process.platform !== 'linux' || areForbidden()) return;
  spawnSync('prlimit', ['--pid', String(process.pid), '--core=0:0'], { stdio: 'ignore' });
  if (!areForbidden()) warn('A crash may leave a core dump, with every secret that is open then: start the worker under `ulimit -c 0`.');
}

function areForbidden(): boolean {
  try {
    return /^Max core file size\s+0\s/m.test(readFileSync('/proc/self/limits', 'utf8'));
  } catch {
    return false;
  }
}
