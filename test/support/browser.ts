import { type Browser, chromium } from 'playwright-core';
import { atEnd } from './at-end.ts';
import { foundBy } from './found.ts';

/** The Chromium of this machine; null where there is none, and tests that want one are skipped. */
export const findBrowser = (): string | null => foundBy('browser.mjs');

/** It ends with the test file. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  atEnd(() => browser.close());
  return browser;
}
