import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { temporaryFolder } from './at-end.ts';
import { currentBuild, ROOT } from './build.ts';

/** One change of the compiled workflows: in this file, this text becomes that. */
export interface Change {
  readonly file: string;
  readonly text: string;
  readonly becomes: string;
}

/** The bundle of workflows that somebody changed without thinking of those that run. @throws Error when the text is not there, once */
export async function mutant(changes: readonly Change[]): Promise<{ code: string }> {
  const folder = temporaryFolder();
  cpSync(join(currentBuild().folder, 'workflows'), join(folder, 'workflows'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, text, becomes } of changes) {
    const path = join(folder, 'workflows', file);
    const source = readFileSync(path, 'utf8');
    const times = source.split(text).length - 1;
    if (times !== 1) throw new Error(`workflows/${file} has this text ${times} times and not once: ${text}`);
    writeFileSync(
      path,
      source.replace(text, () => becomes),
    );
  }
  return bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.js'), logger: new DefaultLogger('ERROR') });
}
