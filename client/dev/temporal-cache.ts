import { accessSync, constants, existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export type Say = (line: string) => void;

/** Longer than any download or build may take (see `temporal-binary.ts`): an older lock was left by a process that died. */
const LOCK_STALE_MS = 20 * 60_000;
const LOCK_POLL_MS = 500;

/** The project's cache of downloaded and built programs, shared by all checkouts: `$XDG_CACHE_HOME/bunq-keeper`, else `~/.cache/bunq-keeper`. */
export function projectCacheDir(env: { readonly XDG_CACHE_HOME?: string | undefined } = process.env): string {
  const base = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(homedir(), '.cache');
  return join(base, 'bunq-keeper');
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** Every program of this name on a PATH, in its order. */
export function onPath(name: string, path = ''): string[] {
  return path
    .split(delimiter)
    .filter(Boolean)
    .map((folder) => resolve(folder, name))
    .filter(isExecutable);
}

/**
 * Puts something into the cache: `make` fills a folder of its own and returns what shall become `target`, which appears
 * by one rename. Processes that want the same wait for the first of them.
 *
 * @throws Error when the cache cannot be written, and whatever `make` throws
 */
export async function intoCache(target: string, say: Say, make: (folder: string) => Promise<string>): Promise<string> {
  makeWritable(dirname(target));
  const unlock = await lock(`${target}.lock`, say);
  const folder = `${target}.unfinished-${process.pid}`;
  try {
    if (existsSync(target)) return target;
    removeUnfinished(target);
    mkdirSync(folder);
    renameSync(await make(folder), target);
    return target;
  } finally {
    rmSync(folder, { recursive: true, force: true });
    unlock();
  }
}

function makeWritable(cacheDir: string): void {
  try {
    mkdirSync(cacheDir, { recursive: true });
    accessSync(cacheDir, constants.W_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`The cache folder ${cacheDir} cannot be written (${code}). Set XDG_CACHE_HOME to a folder that can, and try again.`);
  }
}

/** What processes that were killed have left. */
function removeUnfinished(target: string): void {
  for (const name of readdirSync(dirname(target)))
    if (name.startsWith(`${basename(target)}.unfinished-`)) rmSync(join(dirname(target), name), { recursive: true, force: true });
}

async function lock(path: string, say: Say): Promise<() => void> {
  for (let waiting = false; ; await sleep(LOCK_POLL_MS)) {
    try {
      const file = await open(path, 'wx');
      await file.writeFile(String(process.pid));
      await file.close();
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = await readFile(path, 'utf8').catch(() => '');
    if (isLeftOver(path, holder)) rmSync(path, { force: true });
    else if (!waiting) say(`Another process${holder && ` (${holder})`} is getting it already: waiting for that …`);
    waiting = true;
  }
}

function isLeftOver(path: string, holder: string): boolean {
  const ageMs = Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
  if (holder === '') return ageMs > LOCK_POLL_MS * 4; // created and not yet written, or left by one killed between
  return ageMs > LOCK_STALE_MS || !isAlive(Number(holder));
}

/** Whether a process of this id exists (also one that belongs to somebody else). */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
