import { readFileSync } from 'node:fs';
import { atEnd } from '../../support/at-end.ts';

const LOOK_EVERY_MS = 25;

/**
 * Notes, from now on, with which arguments the processes run that this one has started, and those that they have started.
 * @returns all arguments seen until it is asked, one process a line
 */
export function watchProcessArguments(): () => string {
  const seen = new Set<string>();
  const timer = setInterval(() => {
    for (const pid of descendants(process.pid)) {
      const line = readOrNothing(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');
      if (line) seen.add(line);
    }
  }, LOOK_EVERY_MS);
  atEnd(() => clearInterval(timer));
  return () => [...seen].join('\n');
}

function descendants(pid: number): number[] {
  const children = readOrNothing(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendants(child)]);
}

/** A process may end while it is looked at. */
function readOrNothing(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
