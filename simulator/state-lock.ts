import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { basename, dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** `sun_path` has 108 bytes on Linux, 104 on macOS, with the final zero. */
const SOCKET_PATH_MAX_BYTES = 103;
const POLL_MS = 10;
/** Who says nothing for so long is stopped or very busy, and has the file. */
const ANSWER_WITHIN_MS = 2_000;

/** What is said by a socket: that its bank has the file, or asks for it. Nothing: that its process has ended. */
type Said = 'has' | 'asks' | null;

export interface LockedStateFile {
  /** Without symbolic links. */
  readonly path: string;
  unlock(): Promise<void>;
}

/**
 * A state file for one bank at a time. Each bank listens on a Unix socket of its own beside the file before it looks for
 * others', so that of two at least one sees the other; of those that ask at once the first by name gets it. The kernel ends a
 * socket with its process, however that ends, and what is left of it is in nobody's way.
 * @throws Error when another bank has it, or the folder cannot be written
 */
export async function lockStateFile(given: string): Promise<LockedStateFile> {
  const path = realPathOf(given);
  const prefix = `${basename(path)}.lock-`;
  const mine = `${prefix}${randomBytes(4).toString('hex')}`;
  const socket = (name: string) => shortest(join(dirname(path), name));
  if (Buffer.byteLength(socket(`${mine}~`)) > SOCKET_PATH_MAX_BYTES)
    throw new Error(
      `The path of the state file ${given} is too long for the socket that locks it: start in its folder, or give a shorter one.`,
    );
  let says: 'asks' | 'has' = 'asks';
  const server = createServer((caller) => caller.on('error', () => {}).end(says)).unref();
  const unlock = async () => {
    rmSync(socket(mine), { force: true });
    await new Promise((resolve) => server.close(resolve));
  };
  try {
    await once(server.listen(socket(`${mine}~`)), 'listening');
    renameSync(socket(`${mine}~`), socket(mine)); // seen by others only once it answers
  } catch (error) {
    throw new Error(unwritable(given, error));
  }
  for (const other of readdirSync(dirname(path)).filter((name) => name.startsWith(prefix) && name !== mine && !name.endsWith('~'))) {
    let said = await ask(socket(other));
    for (; said === 'asks' && mine < other; said = await ask(socket(other))) await sleep(POLL_MS); // it will see this one, and give way
    if (said === null) rmSync(socket(other), { force: true });
    else {
      await unlock();
      throw new Error(`The state file ${given} is in use by another simulator: end that one first, or give another path.`);
    }
  }
  says = 'has';
  return { path, unlock };
}

export const unwritable = (path: string, error: unknown): string =>
  `The state file ${path} cannot be written (${(error as Error).message}): choose a folder that exists and is writable.`;

async function ask(socket: string): Promise<Said> {
  const caller = connect(socket).setEncoding('utf8');
  try {
    const [said] = (await once(caller, 'data', { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })) as [Said];
    return said;
  } catch (error) {
    return ['ECONNREFUSED', 'ENOENT'].includes((error as NodeJS.ErrnoException).code ?? '') ? null : 'has';
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
