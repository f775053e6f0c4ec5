/** Bundles the compiled workflows of the build folder given as argument into its workflow-bundle.js. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const folder = process.argv[2];
const { code } = await bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.js'), logger: new DefaultLogger('WARN') });
writeFileSync(join(folder, 'workflow-bundle.js'), code);
