/**
 * Lets bunq's own Python SDK onboard against the simulator (`npm run test:sdk`): what a client of bunq's reads and signs is
 * then not our own reading of the documentation. Then it goes on with sessions that the keeper keeps and has exported
 * (`test/sdk/kept_session.py`). The SDK comes from PyPI, once, into a virtual environment in the project's
 * cache. Each part ends with `N passed, N failed`; exit code 0 or 1, and 77 when it was skipped for want of Python or of the SDK, which
 * with CI=true is a failure.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { exportContexts } from '../test/sdk/exported-contexts.mjs';
import { build, ROOT } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

const SDK = 'bunq_sdk==1.28.0';
const SKIPPED = 77;
const INSTALL_MS = 10 * 60_000;
const TEST_MS = 5 * 60_000;

class Skip extends Error {}

installDependencies();
const folder = build();
const load = (file) => import(pathToFileURL(join(folder, file)).href);
const { intoCache, projectCacheDir } = await load('client/dev/temporal-cache.js');
const { exited, spawnTied } = await load('client/dev/spawn-tied.js');

try {
  process.exitCode = await test(await pythonWithSdk());
} catch (error) {
  const isSkipped = error instanceof Skip && process.env.CI !== 'true';
  console.log(`${isSkipped ? 'skipped' : 'failed'}: ${error.message}`);
  console.log(`0 passed, ${isSkipped ? 0 : 1} failed`);
  process.exitCode = isSkipped ? SKIPPED : 1;
}

/** The Python of a virtual environment that holds the SDK. */
async function pythonWithSdk() {
  const version = spawnSync('python3', ['-c', 'import platform; print(platform.python_version())'], { encoding: 'utf8' });
  if (version.status !== 0) throw new Skip('there is no Python 3 (python3 on PATH); install it, with its venv and pip');
  const name = `${SDK.replace('==', '-')}-python-${version.stdout.trim()}`;
  const environment = await intoCache(join(projectCacheDir(), name), console.error, async (unfinished) => {
    console.error(`Installing ${SDK} from PyPI into ${join(projectCacheDir(), name)} (10 MB, under a minute, once) …`);
    const made = join(unfinished, 'venv');
    install('python3', ['-m', 'venv', made]);
    install(join(made, 'bin/python'), ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-input', SDK]);
    return made;
  });
  return join(environment, 'bin/python'); // its scripts hold the folder in which they were made; Python itself does not
}

function install(program, args) {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: INSTALL_MS });
  if (status === 0) return;
  const said = `${stdout ?? ''}${stderr ?? ''}`.trim().split('\n').slice(-5).join('\n');
  throw new Skip(`${args.slice(0, 2).join(' ')} failed (venv and pip are needed, and PyPI the first time):\n${said}`);
}

/** Resolves with the exit code of the Python tests. */
async function test(python) {
  const temporary = mkdtempSync(join(tmpdir(), 'bunq-keeper-sdk-'));
  const env = withoutProxies();
  const main = join(folder, 'client/main.js');
  const certificate = join(temporary, 'certificate');
  const run = (script, args) => {
    const options = { cwd: temporary, env, stdio: ['ignore', 'inherit', 'inherit'], timeout: TEST_MS };
    return spawnSync(python, ['-B', join(ROOT, 'test/sdk', script), ...args], options).status ?? 1;
  };
  try {
    const makeCertificate = ['certificate', 'pseudo', '--name', 'SDK', '--roles', 'PISP,AISP', '--out', certificate];
    const made = await exited(spawnTied(process.execPath, [main, ...makeCertificate], { env }));
    if (made.code !== 0 || !existsSync(certificate)) throw new Error('a pseudo certificate could not be made');
    const onboarded = await withSimulator(env, [], ({ apiUrl, manageUrl }) => run('onboard.py', [apiUrl, manageUrl, certificate]));
    const goneOnWith = await withSimulator(env, ['--no-rate-limits'], async ({ apiUrl, manageUrl }) => {
      const { files, end } = await exportContexts({ load, main, env, apiUrl, certificate, folder: temporary });
      try {
        return run('kept_session.py', [apiUrl, manageUrl, ...files]);
      } finally {
        await end();
      }
    });
    return onboarded || goneOnWith;
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

async function withSimulator(env, more, act) {
  const args = [join(folder, 'client/main.js'), 'simulator', '--port', '0', '--manage-port', '0', '--json', ...more];
  const simulator = spawnTied(process.execPath, args, { env, stderr: 'ignore' });
  try {
    return await act(await firstLine(simulator));
  } finally {
    simulator.kill('SIGTERM');
    await exited(simulator);
  }
}

async function firstLine(child) {
  for await (const line of createInterface(child.stdout)) return JSON.parse(line);
  throw new Error('the simulator ended without saying where it is');
}

/** Loopback is reached directly. */
function withoutProxies() {
  const unwanted = /^((http|https|all|no)_proxy|BUNQ_.*|KEEPER_.*|TEMPORAL_.*)$/i;
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !unwanted.test(name)));
}
