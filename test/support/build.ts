import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The checkout. */
export const ROOT = join(import.meta.dirname, '../..');

export interface Build {
  /** Holds the compiled JavaScript: `client/main.js` and so on. */
  readonly folder: string;
  readonly workflowBundle: string;
}

/** The build of the sources as they are now, made if it is not there yet. */
export function currentBuild(): Build {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs')], {
    encoding: 'utf8',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  if (status !== 0) throw new Error(`The sources do not build:\n${stderr}`);
  const folder = stdout.trim();
  return { folder, workflowBundle: join(folder, 'workflow-bundle.js') };
}

/** The workflows of that build, as workers take them. */
export const builtWorkflows = () => ({ code: readFileSync(currentBuild().workflowBundle, 'utf8') });
