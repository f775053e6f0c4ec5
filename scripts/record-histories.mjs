/** Records the histories of this version's workflows into test/histories/<version>/ (`npm run histories`), from real runs under time skipping. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

installDependencies();
const node = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];
const { status } = spawnSync(
  process.execPath,
  [...node, join(ROOT, 'node_modules/jest/bin/jest.js'), '--selectProjects', 'record', ...process.argv.slice(2)],
  {
    cwd: ROOT,
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
