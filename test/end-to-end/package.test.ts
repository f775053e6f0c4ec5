import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { execa } from 'execa';
import { exited, spawnTied } from '../../client/dev/spawn-tied.ts';
import { atEnd } from '../support/at-end.ts';
import { ROOT } from '../support/build.ts';
import { cleanEnvironment, type Ended, KeeperProcess } from '../support/process.ts';
import { demoFolder } from './support/script.ts';

/** What is released: the packed file, installed in an empty folder as its users do it. */

const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
const TARBALL = `bunq-keeper-${version}.tgz`;
/** Half a minute; a machine that does other things needs more. */
const INSTALL_WITHIN_MS = 300_000;

const folder = demoFolder();
const installed = join(folder, 'node_modules/bunq-keeper');
const { packed, whyNot } = await install();
const installedTest = whyNot === null ? test : test.skip;
if (whyNot !== null) process.stderr.write(`skipped, as npm could not install the package's dependencies: ${whyNot}\n`);

/** The files that were packed, and why they could not be installed: the dependencies come from npm's cache or the registry. */
async function install(): Promise<{ packed: string[]; whyNot: string | null }> {
  const npm = { cwd: folder, env: npmEnvironment(), extendEnv: false, timeout: INSTALL_WITHIN_MS };
  const { stdout } = await execa('npm', ['pack', ROOT, '--json', '--pack-destination', folder], npm);
  const [{ files }] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ files: { path: string }[] }];
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n');
  const quietly = ['--prefer-offline', '--ignore-scripts', '--no-audit', '--no-fund', '--no-progress'];
  const { failed, timedOut, stderr } = await execa('npm', ['install', `./${TARBALL}`, ...quietly], { ...npm, reject: false });
  const isOffline = timedOut || /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENOTCACHED|timed? ?out/i.test(stderr);
  if (failed && !isOffline) throw new Error(stderr);
  return { packed: files.map(({ path }) => path), whyNot: failed ? stderr.split('\n')[0] || 'it took too long' : null };
}

/** Where this machine has npm find its registry and its cache. */
function npmEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(([name]) =>
    /^npm_config_(registry|userconfig|cache|(https_?|no)?proxy|cafile)$/i.test(name),
  );
  return { ...cleanEnvironment(), ...(Object.fromEntries(kept) as Record<string, string>) };
}

function start(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): KeeperProcess {
  const child = spawnTied(program, args, { cwd: folder, env: { ...cleanEnvironment(), ...env } });
  const started = new KeeperProcess(child, [program, ...args].join(' '));
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited(child);
  });
  return started;
}

const npx = (...args: string[]): Promise<Ended> => start('npx', ['--no-install', 'bunq-keeper', ...args]).ended();

test('the package holds what is run and read, every page that the README names among it, and no tests', () => {
  const unwanted = /^(test|bench|scripts|activities|bunq|sealing|settings|signers|worker|workflows)\/|\.map$|\.test\./;
  expect(packed.filter((path) => unwanted.test(path))).toEqual([]);
  expect(packed.filter((path) => /\.ts$/.test(path) && !/\.d\.ts$|^client\/examples\//.test(path))).toEqual([]);
  const pages = packed.filter((path) => path.endsWith('README.md') && !path.startsWith('simulator/'));
  const named = pages.flatMap((page) =>
    [...readFileSync(join(ROOT, page), 'utf8').matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map(([, path]) => path!),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !packed.some((file) => file === normalize(path) || file.startsWith(`${normalize(path)}/`)))).toEqual([]);
});

installedTest('npx bunq-keeper runs from the installed package: its version, a certificate, the simulator', async () => {
  expect(await npx('--version')).toMatchObject({ code: 0, stdout: `${version}\n` });
  const made = await npx('certificate', 'pseudo', '--name', 'My App', '--roles', 'PISP,AISP', '--out', 'certificate');
  expect(made.code).toBe(0);
  expect(readdirSync(join(folder, 'certificate')).sort()).toEqual(['cert.pem', 'key.pem']);
  const bin = join(folder, 'node_modules/.bin/bunq-keeper');
  const simulator = start(bin, ['simulator', '--port', '0', '--manage-port', '0', '--json']);
  const [line] = await simulator.waitForLine(/^\{"schema":1,.*\}$/);
  const answer = await fetch(new URL('user', (JSON.parse(line) as { apiUrl: string }).apiUrl));
  expect(answer.status).toBeGreaterThanOrEqual(400); // the bank is there, and wants to know who asks
  simulator.signal('SIGTERM');
  expect(await simulator.ended()).toMatchObject({ code: 0 });
});

installedTest('its three modules are imported, and required; nothing else of it can be', async () => {
  const names = ['bunq-keeper', 'bunq-keeper/worker', 'bunq-keeper/simulator'];
  writeFileSync(
    join(folder, 'modules.mjs'),
    `import { createRequire } from 'node:module';
    const seen = {};
    for (const name of ${JSON.stringify(names)}) {
      const required = createRequire(import.meta.url)(name);
      const imported = await import(name);
      seen[name] = Object.keys(imported).filter((key) => required[key] === imported[key]);
    }
    seen.hidden = await import('bunq-keeper/dist/client/keeper.js').catch(({ code }) => code);
    console.log(JSON.stringify(seen));`,
  );
  const { code, stdout, stderr } = await start(process.execPath, ['--disable-warning=ExperimentalWarning', 'modules.mjs']).ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    'bunq-keeper': expect.arrayContaining(['Keeper', 'KeeperError', 'Secret', 'providerWorkflowId']),
    'bunq-keeper/worker': expect.arrayContaining(['readWorkerSettings', 'runWorker', 'SettingsError']),
    'bunq-keeper/simulator': expect.arrayContaining(['startSimulator']),
    hidden: 'ERR_PACKAGE_PATH_NOT_EXPORTED',
  });
});

installedTest.each(['node16', 'nodenext', 'bundler'])('its types are found by moduleResolution %s', async (moduleResolution) => {
  const types = join(folder, 'node_modules/@types');
  mkdirSync(types, { recursive: true });
  if (!existsSync(join(types, 'node'))) symlinkSync(join(ROOT, 'node_modules/@types/node'), join(types, 'node'));
  writeFileSync(
    join(folder, 'use.ts'),
    `import { Keeper, type KnownStatus } from 'bunq-keeper';
    import { type Simulator, startSimulator } from 'bunq-keeper/simulator';
    import { readWorkerSettings, runWorker } from 'bunq-keeper/worker';
    export const bank: Promise<Simulator> = startSimulator({ port: 0 });
    export const work = (): Promise<void> => runWorker(readWorkerSettings(process.env));
    export const status = async (name: string): Promise<KnownStatus> => (await Keeper.connect()).status(name);
    // @ts-expect-error a name is a string: these are types, and not any
    export const wrong = (keeper: Keeper) => keeper.status(1);`,
  );
  const module = moduleResolution === 'bundler' ? 'esnext' : moduleResolution;
  const compilerOptions = { target: 'es2023', module, moduleResolution, strict: true, noEmit: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['use.ts'] }));
  const tsc = await execa(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: folder, reject: false });
  expect(tsc.stdout).toBe('');
});

installedTest(
  'dev onboards in a folder of its own; status loads only what it needs, and a worker without its bundle ends at once',
  async () => {
    const main = join(installed, 'dist/client/main.js');
    const dev = start(process.execPath, [main, 'dev']); // not by npx, which would be the one to get the signals
    await dev.waitForLine(/^GET \/user +the bank says: /);
    const env = settingsIn(join(folder, '.bunq-keeper/env'));
    const loaded = join(folder, 'loaded');
    const status = await start(process.execPath, [main, 'status', 'demo'], { ...env, NODE_V8_COVERAGE: loaded }).ended();
    expect(status).toMatchObject({ code: 0, stdout: expect.stringMatching(/^state +(ACTIVE|RENEWING)/m) });
    const packages = packagesIn(loaded);
    expect(packages).toEqual(expect.arrayContaining(['bunq-keeper', '@temporalio/client', 'zod']));
    const unwanted = [
      '@temporalio/core-bridge',
      '@temporalio/worker',
      '@temporalio/testing',
      'undici',
      'node-forge',
      'listr2',
      'hono',
      'execa',
      'webpack',
    ];
    expect(unwanted.filter((name) => packages.includes(name))).toEqual([]);

    rmSync(join(installed, 'dist/workflow-bundle.js')); // those that run have read it
    expect(await start(process.execPath, [main, 'worker'], env).ended()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/workflow-bundle\.js.+Install bunq-keeper again/),
    });
    dev.signal('SIGINT');
    expect(await dev.ended()).toMatchObject({ code: 0 });
  },
);

/** The packages of which a program loaded a file, as its coverage names them. */
function packagesIn(coverage: string): string[] {
  const urls = readdirSync(coverage).flatMap((file) =>
    (JSON.parse(readFileSync(join(coverage, file), 'utf8')) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  return [...new Set(urls.flatMap((url) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))];
}

/** The settings that dev writes for other commands, as a shell would source them. */
const settingsIn = (file: string): Record<string, string> =>
  Object.fromEntries([...readFileSync(file, 'utf8').matchAll(/^(\w+)='(.*)'$/gm)].map(([, name, value]) => [name!, value!]));
