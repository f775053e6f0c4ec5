/**
 * A Chromium for the tests that a person would do in a browser: prints its path. One that is there is taken; else, as root of a
 * Debian, its own is installed. Ends with exit code 77, and what a person can do, where there is none.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const SKIPPED = 77;
const INSTALL_MS = 10 * 60_000;

/** Null where there is none. */
async function findBrowser() {
  return onPath() ?? (await playwrightsOwn()) ?? (installDebians() ? onPath() : null);
}

function onPath() {
  const folders = (process.env.PATH ?? '').split(delimiter).filter(Boolean);
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find(isExecutable) ?? null;
}

/** Where `npx playwright-core install chromium` puts it. */
async function playwrightsOwn() {
  const { chromium } = await import('playwright-core');
  const path = chromium.executablePath();
  return existsSync(path) ? path : null;
}

function installDebians() {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  console.error("Installing Debian's chromium (apt-get, 400 MB, a minute or two, once) …");
  const apt = (...args) => spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], timeout: INSTALL_MS, env: quietly() }).status === 0;
  return apt('update', '-qq') && apt('install', '-qq', '-y', '--no-install-recommends', 'chromium');
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

const path = await findBrowser();
if (path) console.log(path);
else
  console.error('There is no Chromium, so tests in a browser are skipped: install chromium, or run: npx playwright-core install chromium');
process.exitCode = path ? 0 : SKIPPED;
