import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * The watcher holds the reading end of a pipe whose other end only the parent has. A parent that dies, however it dies,
 * closes it, and the watcher kills; a parent whose child has ended writes a line, and the watcher leaves without killing
 * a process that may have got the same id. `exec` makes the command's id the one that the parent sees.
 */
const WATCH_THEN_EXEC = '(read -r ended <&3 || kill -KILL $$) >/dev/null 2>&1 & exec "$@" 3<&-';

/** Where the output of a tied process goes: an open file, the parent's own streams, nowhere, or pipes to the parent. */
export interface TiedOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly stdin?: 'pipe' | 'ignore';
  readonly stdout?: 'pipe' | 'inherit' | 'ignore' | number;
  readonly stderr?: 'pipe' | 'inherit' | 'ignore' | number;
}

/**
 * Starts a process that cannot outlive this one: it is killed when this process ends, by whatever signal. `pid`, exit
 * code and signal are the command's own. It has no stdin unless
 * asked for, and a process group of its own, so that Ctrl-C in the terminal
 * reaches this process only, which then ends its children in order. Needs a POSIX shell (`sh`).
 *
 * @param command absolute path of the program; where it cannot be started the exit code is 126 or 127
 */
export function spawnTied(command: string, args: readonly string[], options: TiedOptions = {}): ChildProcess {
  const child = spawn('sh', ['-c', WATCH_THEN_EXEC, 'sh', command, ...args], {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: options.env ?? process.env,
    stdio: [options.stdin ?? 'ignore', options.stdout ?? 'pipe', options.stderr ?? 'pipe', 'pipe'],
    detached: true,
  });
  const tie = child.stdio[3] as Socket;
  tie.on('error', () => {}); // the watcher has gone first
  tie.unref();
  child.once('exit', () => tie.end('ended\n'));
  return child;
}

/** Resolves when the process has ended; with a code, or the signal that ended it. */
export function exited(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve({ code: child.exitCode, signal: child.signalCode });
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}
