import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { exited, spawnTied } from '../../../client/dev/spawn-tied.ts';
import { atEnd, temporaryFolder } from '../../support/at-end.ts';
import { ROOT } from '../../support/build.ts';
import { cleanEnvironment, KeeperProcess } from '../../support/process.ts';

/** Starts what `npm start` and `npm test` start, in a folder: with this machine's own environment, and no profile file ruled out. */
export function startScript(
  script: 'keeper.mjs' | 'test.mjs',
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): KeeperProcess {
  const { TEMPORAL_CONFIG_FILE: _unset, ...clean } = cleanEnvironment();
  const child = spawnTied(process.execPath, [join(ROOT, 'scripts', script), ...args], { cwd, env: { ...clean, ...env } });
  const started = new KeeperProcess(child, `${script} ${args.join(' ')}`);
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited(child);
  });
  return started;
}

let ports = 20_100 + 100 * Number(process.env.JEST_WORKER_ID ?? 0);

/** For `dev`, with a port for its callback URL that no other test file takes: two that start at once would both take the usual one. */
export function demoFolder(): string {
  const folder = temporaryFolder();
  for (const kept of ['.bunq-keeper', '.bunq-keeper/sandbox']) {
    mkdirSync(join(folder, kept), { recursive: true });
    writeFileSync(join(folder, kept, 'callback-port'), `${ports++}\n`);
  }
  return folder;
}
