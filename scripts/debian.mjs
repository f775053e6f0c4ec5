import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** What tests want of the machine that npm does not bring. */

const INSTALL_MS = 10 * 60_000;

/** Its path; null where it is not on PATH. */
export function findProgram(name) {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null;
}

/**
 * As root of a Debian its own packages are installed; elsewhere nothing is done.
 * @param cost what is said of it: size and time
 * @returns whether they were installed
 */
export function installPackages(names, cost) {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.error(`Installing Debian's ${names.join(' and ')} (apt-get, ${cost}, once) …`);
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], timeout: INSTALL_MS, env: quietly() }).status === 0;
  return apt('update', '-qq') && apt('install', '-qq', '-y', '--no-install-recommends', ...names);
}

const quietly = () => ({ ...process.env, DEBIAN_FRONTEND: 'noninteractive' });

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
