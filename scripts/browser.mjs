/**
 * A Chromium for the tests that a person would do in a browser: prints its path. One that is there is taken; else, as root of a
 * Debian, its own is installed. Ends with exit code 77, and what a person can do, where there is none.
 */
import { existsSync } from 'node:fs';
import { findProgram, installPackages } from './debian.mjs';

const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];
const SKIPPED = 77;

/** Null where there is none. */
async function findBrowser() {
  return onPath() ?? (await playwrightsOwn()) ?? (installDebians() ? onPath() : null);
}

const onPath = () => PROGRAMS.map(findProgram).find(Boolean) ?? null;

/** Where `npx playwright-core install chromium` puts it. */
async function playwrightsOwn() {
  const { chromium } = await import('playwright-core');
  const path = chromium.executablePath();
  return existsSync(path) ? path : null;
}

const installDebians = () => installPackages(['chromium'], '400 MB, a minute or two');

const path = await findBrowser();
if (path) console.log(path);
else
  console.error('There is no Chromium, so tests in a browser are skipped: install chromium, or run: npx playwright-core install chromium');
process.exitCode = path ? 0 : SKIPPED;
