/** Bundles the compiled workflows of the build folder given as argument into its workflow-bundle.js. */
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const folder = process.argv[2];
const { code } = await bundleWorkflowCode({ workflowsPath: join(folder, 'workflows/index.js'), logger: new DefaultLogger('WARN') });
writeFileSync(join(folder, 'workflow-bundle.js'), withoutMachinePaths(code));

/** The inline source map names files where this machine has them; stack traces in histories are made with it. */
function withoutMachinePaths(code) {
  return code.replace(/(sourceMappingURL=data:application\/json;[^,]*base64,)([\w+/=]+)/, (_all, prefix, base64) => {
    const map = Buffer.from(base64, 'base64').toString().replaceAll(`${folder}/`, '').replaceAll(`${ROOT}/`, '');
    return prefix + Buffer.from(map).toString('base64');
  });
}
