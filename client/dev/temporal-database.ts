import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { isAlive } from './temporal-cache.ts';

/** A server that was just killed, or whose parent was, is gone within milliseconds; this is patience enough for a busy machine. */
const DYING_MS = 2000;
const POLL_MS = 100;

/** Who uses a database file: first the process that starts a server, then the server. */
interface Holder {
  readonly pid: number;
  /** `127.0.0.1:7233`; null while the server is being started. */
  readonly address: string | null;
}

export interface DatabaseClaim {
  /** Records the server that now uses the file. */
  heldBy(pid: number, address: string): void;
  release(): void;
}

/**
 * Claims a database file for one server: two on one SQLite file destroy each other's work without a word.
 *
 * @throws Error naming the server that holds the file
 */
export async function claimDatabase(dbFile: string): Promise<DatabaseClaim> {
  const path = `${dbFile}.holder`;
  for (let waitedMs = 0; !create(path, { pid: process.pid, address: null }); waitedMs += POLL_MS) {
    const holder = read(path);
    const ended = holder !== undefined && !isAlive(holder.pid);
    if (!ended && waitedMs < DYING_MS) await sleep(POLL_MS);
    else if (holder === undefined || ended || !(await holds(holder, dbFile))) rmSync(path, { force: true });
    else throw new Error(inUse(dbFile, holder));
  }
  let mine: Holder = { pid: process.pid, address: null };
  return {
    heldBy(pid, address) {
      mine = { pid, address };
      writeFileSync(path, JSON.stringify(mine));
    },
    release() {
      if (read(path)?.pid === mine.pid) rmSync(path, { force: true });
    },
  };
}

function inUse(dbFile: string, holder: Holder): string {
  const who = holder.address
    ? `the Temporal server at ${holder.address} (process ${holder.pid})`
    : `process ${holder.pid}, which is starting a server`;
  return `The database ${dbFile} is in use by ${who}. End that one first, or use another folder.`;
}

function create(path: string, holder: Holder): boolean {
  try {
    writeFileSync(path, JSON.stringify(holder), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function read(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined; // being written, or gone in this moment
  }
}

/** Process ids are used again, so a server's is believed only if the process was given this database. */
async function holds(holder: Holder, dbFile: string): Promise<boolean> {
  return holder.address === null || (await commandLine(holder.pid)).includes(dbFile);
}

async function commandLine(pid: number): Promise<string> {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    const { stdout } = await execa('ps', ['-o', 'command=', '-p', String(pid)], { reject: false });
    return String(stdout ?? '');
  }
}
