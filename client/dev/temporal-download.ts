import { existsSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { exited, spawnTied } from './spawn-tied.ts';

/** No byte of the download after this long: the host cannot be reached (a firewall may drop packets without a word). */
const FIRST_BYTE_MS = 15_000;
/** A download that has not grown for so long is given up. */
const STALL_MS = 60_000;

/**
 * Runs in a process of its own: a download of the SDK's native part cannot be stopped, and its runtime takes the signal
 * handlers of the process that loads it. The server that it starts at the end only shows that the program runs.
 */
const DOWNLOAD = `
const [testing, method, folder, version] = process.argv.slice(1);
const { TestWorkflowEnvironment } = require(testing);
TestWorkflowEnvironment[method]({ server: { executable: { type: 'cached-download', downloadDir: folder, version, ttl: '100 years' } } })
  .then((environment) => environment.teardown())
  .catch((error) => { console.error(error.message); process.exitCode = 1; });
`;

/**
 * Lets Temporal's SDK download a program into a folder, and returns its path: `temporal-v1.5.1`.
 *
 * @throws Error with the reason in a few words: no network, no build for this machine, a stalled download
 */
export async function sdkDownload(program: 'temporal' | 'temporal-test-server', version: string, folder: string): Promise<string> {
  const path = join(folder, `${program}-${version}`);
  const method = program === 'temporal' ? 'createLocal' : 'createTimeSkipping';
  const testing = createRequire(import.meta.url).resolve('@temporalio/testing');
  const child = spawnTied(process.execPath, ['-e', DOWNLOAD, testing, method, folder, version], {
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  let output = '';
  child.stdout?.on('data', (chunk) => (output += chunk));
  child.stderr?.on('data', (chunk) => (output += chunk));
  const watch = watchProgress(`${path}.downloading`, path, () => child.kill('SIGKILL'));
  const { signal } = await exited(child);
  clearInterval(watch);
  if (existsSync(path)) return path;
  if (signal === 'SIGKILL') throw new Error('no answer from the download server');
  throw new Error(reasonIn(output));
}

function watchProgress(unfinished: string, finished: string, giveUp: () => void): NodeJS.Timeout {
  let size = -1;
  let sinceMs = Date.now();
  return setInterval(() => {
    const now = statSync(finished, { throwIfNoEntry: false })?.size ?? statSync(unfinished, { throwIfNoEntry: false })?.size ?? -1;
    if (now !== size) [size, sinceMs] = [now, Date.now()];
    if (Date.now() - sinceMs > (size < 0 ? FIRST_BYTE_MS : STALL_MS)) giveUp();
  }, 500);
}

/** The innermost cause: the SDK's message repeats the address at each level. */
function reasonIn(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at /.test(line));
  return (
    lines
      .at(-1)
      ?.split(/error sending request for url \([^)]*\): /)
      .at(-1)
      ?.trim() ?? 'the download ended without a word'
  );
}
