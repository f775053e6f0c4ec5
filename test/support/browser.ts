import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { atEnd } from './at-end.ts';
import { ROOT } from './build.ts';
import { cleanEnvironment } from './process.ts';

/** The Chromium of this machine; null where there is none, and tests that want one are skipped. */
export function findBrowser(): string | null {
  const { status, stdout } = spawnSync(process.execPath, [join(ROOT, 'scripts/browser.mjs')], {
    encoding: 'utf8',
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return status === 0 ? stdout.trim() : null;
}

/** It ends with the test file. */
export async function startBrowser(executablePath: string): Promise<Browser> {
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'] });
  atEnd(() => browser.close());
  return browser;
}
