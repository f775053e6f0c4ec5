import { readdirSync, readFileSync } from 'node:fs';

/** Stops a process by SIGSTOP; when this returns, none of its threads runs. SIGCONT lets it go on where it was. */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!isFrozen(pid));
}

/** `T` in `/proc/PID/task/TID/stat`, after the program's name in parentheses. */
const isFrozen = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')));
