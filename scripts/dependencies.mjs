import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** `npm ci`, where node_modules is not what the lock file wants. */
export function installDependencies() {
  if (isInstalled()) return;
  console.error('Installing dependencies (npm ci, 200 MB, about a minute) …');
  const npm = spawnSync('npm', ['ci', '--no-progress'], { cwd: ROOT, stdio: ['ignore', 2, 2] });
  if (npm.status !== 0) throw new Error('npm ci failed (see above)');
}

/** Whether node_modules holds every version that the lock file wants; what is optional depends on the machine. */
function isInstalled() {
  const packages = (file) => (existsSync(join(ROOT, file)) ? JSON.parse(readFileSync(join(ROOT, file), 'utf8')).packages : undefined);
  const wanted = packages('package-lock.json');
  const installed = packages('node_modules/.package-lock.json');
  if (wanted === undefined || installed === undefined) return false;
  return Object.entries(wanted).every(([path, { version, optional }]) => path === '' || optional || installed[path]?.version === version);
}
