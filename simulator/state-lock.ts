import { once } from 'node:events';
import { existsSync, linkSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, dirname, join, relative } from 'node:path';

/** `sun_path` has 108 bytes on Linux, 104 on macOS, with the final zero. */
const SOCKET_PATH_MAX_BYTES = 103;

export interface LockedStateFile {
  /** Without symbolic links. */
  readonly path: string;
  unlock(): Promise<void>;
}

/**
 * A state file for one bank at a time. The lock is a Unix socket beside it: who listens there has it, and the kernel ends
 * that with the process, however it ends, and for containers that share the folder too.
 * @throws Error when another bank has it, or the folder cannot be written
 */
export async function lockStateFile(given: string): Promise<LockedStateFile> {
  const path = realPathOf(given);
  const socket = shortest(`${path}.lock`);
  if (Buffer.byteLength(aside(socket)) > SOCKET_PATH_MAX_BYTES)
    throw new Error(
      `The path of the state file ${given} is too long for the socket that locks it: start in its folder, or give a shorter one.`,
    );
  const server = createServer((caller) => caller.destroy()).unref();
  for (;;) {
    try {
      await once(server.listen(socket), 'listening');
      return {
        path,
        unlock: async () => {
          await new Promise((resolve) => server.close(resolve)); // which removes the socket
        },
      };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw new Error(unwritable(given, error));
      if (!(await isLeftBehind(socket)))
        throw new Error(`The state file ${given} is in use by another simulator: end that one first, or give another path.`);
    }
  }
}

export const unwritable = (path: string, error: unknown): string =>
  `The state file ${path} cannot be written (${(error as Error).message}): choose a folder that exists and is writable.`;

/** Of two that find the same socket left behind, the second moves the first one's new socket: that is seen, and it is put back. */
async function isLeftBehind(socket: string): Promise<boolean> {
  if (await isListenedOn(socket)) return false;
  try {
    renameSync(socket, aside(socket));
  } catch {
    return true; // another has taken it away
  }
  const isAlive = await isListenedOn(aside(socket));
  if (isAlive && !existsSync(socket)) linkSync(aside(socket), socket);
  rmSync(aside(socket));
  return !isAlive;
}

const aside = (socket: string): string => `${socket}-${process.pid}`;

async function isListenedOn(socket: string): Promise<boolean> {
  const caller = connect(socket);
  try {
    await once(caller, 'connect');
    return true;
  } catch (error) {
    return !['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    caller.destroy();
  }
}

function realPathOf(path: string): string {
  try {
    return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
  } catch (error) {
    throw new Error(unwritable(path, error));
  }
}

function shortest(path: string): string {
  const fromHere = relative('.', path);
  return fromHere.length < path.length ? fromHere : path;
}
