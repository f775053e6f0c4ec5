/** How long a person waits for `bunq-keeper status`: from nothing to the answer of a worker. In turns with what any program of the same kind costs. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { median, openStage, waitFor } from './stage.mjs';

const ROUNDS = 10;

/** @returns medians in milliseconds */
export async function measureCli(build) {
  const stage = await openStage(build);
  try {
    const { keeper, env } = stage;
    await stage.startWorker();
    await keeper.onboard('acme', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });
    await waitFor('acme is ACTIVE', async () => (await keeper.status('acme')).state === 'ACTIVE', 200);
    const main = join(build, 'client/main.js');
    const commands = {
      status: [main, 'status', 'acme'],
      help: [main, '--help'],
      node: ['-e', '0'],
      client: ['--input-type=module', '-e', "import '@temporalio/client'"],
    };
    const spentMs = Object.fromEntries(Object.keys(commands).map((name) => [name, []]));
    for (let round = 0; round <= ROUNDS; round++)
      for (const [name, args] of Object.entries(commands)) {
        const ms = wait(args, env);
        if (round > 0) spentMs[name].push(ms); // the first fills the file system's cache
      }
    return Object.fromEntries(Object.entries(spentMs).map(([name, all]) => [name, median(all)]));
  } finally {
    await stage.close();
  }
}

function wait(args, env) {
  const startMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, { env: { ...process.env, ...env }, encoding: 'utf8' });
  if (status !== 0) throw new Error(`node ${args.join(' ')}: ${stderr}`);
  return performance.now() - startMs;
}
