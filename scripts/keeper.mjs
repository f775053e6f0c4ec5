/** `bunq-keeper` in a checkout: installs what is missing, builds what is stale, and runs it. */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, ROOT } from './build.mjs';

try {
  if (!existsSync(join(ROOT, 'node_modules/.package-lock.json'))) {
    console.error('Installing dependencies (npm ci) …');
    const npm = spawnSync('npm', ['ci', '--no-progress'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
    if (npm.status !== 0) throw new Error('npm ci failed (see above)');
  }
  const folder = build();
  await import(pathToFileURL(join(folder, 'client/main.js')).href);
} catch (error) {
  console.error(`bunq-keeper: ${error.message}`);
  process.exitCode = 1;
}
