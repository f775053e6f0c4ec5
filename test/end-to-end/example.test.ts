import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { exited, spawnTied } from '../../client/dev/spawn-tied.ts';
import { choosePort } from '../../client/dev/temporal-ports.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { atEnd, temporaryFolder } from '../support/at-end.ts';
import { currentBuild, ROOT } from '../support/build.ts';
import { cleanEnvironment, KeeperProcess } from '../support/process.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { askedBy, untilActive } from './support/consents.ts';
import { scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

const EXAMPLES = join(ROOT, 'client/examples');

test('the first example is under 25 lines and needs only the Temporal client and our types', () => {
  const source = readFileSync(join(EXAMPLES, 'onboard.ts'), 'utf8');
  expect(source.trimEnd().split('\n').length).toBeLessThan(25);
  const imports = [...source.matchAll(/^import (type )?.* from '(.+)';$/gm)].map(([, type = '', from]) => `${type}${from}`);
  expect(imports).toEqual(['node:timers/promises', '@temporalio/client', 'type bunq-keeper']);
});

let project: string;

beforeAll(async () => {
  project = projectWithThePackage();
  await execa(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc')], { cwd: project, all: true });
});

test('onboard.ts, in a project that has the package, onboards a sandbox user', async () => {
  const [temporal, bank] = await Promise.all([temporalServer(), BankProcess.start()]);
  const keeper = scene(temporal, bank, { BUNQ_ENVIRONMENT: 'sandbox' });
  await keeper.startWorker();
  const env = { ...cleanEnvironment(), TEMPORAL_ADDRESS: temporal.address };
  const { stdout } = await execa(process.execPath, ['onboard.js'], { cwd: project, env, extendEnv: false, timeout: 60_000 });

  expect(stdout).toMatch(/^ACTIVE/m);
  const status = JSON.parse((await keeper.run('status', 'example', '--json')).stdout) as { oauthClient: unknown };
  const [oauthClient] = (await bank.state()).oauthClients;
  expect(status.oauthClient).toMatchObject({ id: oauthClient?.id, callbackUrls: ['https://localhost/callback'] });
});

test('worker.ts works, keep.ts reads accounts, and web.ts connects the end user who is signed in', async () => {
  const [temporal, bank, port] = await Promise.all([
    temporalServer(),
    startSimulator({ sessionGapMs: 1000 }),
    choosePort(undefined, '', () => {}),
  ]);
  atEnd(() => bank.close());
  const callbackUrl = `http://localhost:${port}/bunq/callback`;
  const tokenUrls = { BUNQ_AUTHORIZE_URL: bank.authorizeUrl, BUNQ_TOKEN_URL: bank.tokenUrl };
  const here = scene(temporal, bank, { ...tokenUrls, KEEPER_SESSION_GAP: '1s' });
  const worker = start('worker.js', here.env);
  await worker.waitForLine(/worker is ready/);

  const kept = await start('keep.js', here.env).ended();
  expect(kept).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ACTIVE \S+Z\nMonetaryAccountBank [\d.]+ EUR$/m) });

  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [callbackUrl]));
  await untilActive(here, 'acme');
  start('web.js', { ...here.env, PORT: String(port) });
  const link = await until('the web application is up', async () => {
    const asked = await fetch(`http://127.0.0.1:${port}/connect`, { method: 'POST', redirect: 'manual' }).catch(() => null);
    return asked?.status === 303 ? asked.headers.get('location') : null;
  });
  const landed = await fetch(await follow(bank, link));
  expect({ url: landed.url, text: await landed.text() }).toEqual({
    url: `http://localhost:${port}/connected?outcome=connected`,
    text: 'What came of it: connected',
  });
  await untilActive(here, 'acme/alice');

  const { authorizationUrl } = await here.keeper.connectUser('acme', 'bob'); // clicked by alice
  expect((await fetch(await follow(bank, authorizationUrl))).url).toMatch(/\?outcome=unknown$/);
  worker.signal('SIGTERM');
  expect(await worker.ended()).toMatchObject({ code: 0 });
});

test('worker.ts names every setting that is missing', async () => {
  const { code, stderr } = await start('worker.js', {}).ended();
  expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringMatching(/^BUNQ_ENVIRONMENT[\s\S]+KEEPER_SEALING_KEYS/m) });
});

function start(script: string, env: Readonly<Record<string, string>>): KeeperProcess {
  const child = spawnTied(process.execPath, [script], { cwd: project, env: { ...cleanEnvironment(), ...env } });
  const started = new KeeperProcess(child, script);
  atEnd(async () => {
    child.kill('SIGKILL');
    await exited(child);
  });
  return started;
}

/** The end user accepts. @returns where the bank sends them */
async function follow(bank: Simulator, link: string): Promise<string> {
  return bank.authorize({ ...askedBy(link), user: bank.createEndUser().id });
}

/** As after `npm install bunq-keeper`: the package is found by its name, through its `exports`. */
function projectWithThePackage(): string {
  const project = temporaryFolder();
  const modules = join(project, 'node_modules');
  const installed = join(modules, 'bunq-keeper');
  mkdirSync(join(modules, '@types'), { recursive: true });
  mkdirSync(installed);
  copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  symlinkSync(currentBuild().folder, join(installed, 'dist'));
  for (const dependency of ['@temporalio', '@hono', 'hono', '@types/node'])
    symlinkSync(join(ROOT, 'node_modules', dependency), join(modules, dependency));
  cpSync(EXAMPLES, project, { recursive: true });
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }');
  const compilerOptions = { target: 'es2023', module: 'nodenext', strict: true, skipLibCheck: true, types: ['node'] };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: readdirSync(EXAMPLES) }));
  return project;
}
