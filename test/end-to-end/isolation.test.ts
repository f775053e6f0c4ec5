import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectCacheDir } from '../../client/dev/temporal-cache.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { ROOT } from '../support/build.ts';
import { demoFolder, startScript } from './support/script.ts';
import { type Trap, trap, trapOn } from './support/traps.ts';

/**
 * `npm start` and `npm test` use only what they start themselves: whatever the shell, a profile file or a proxy setting
 * points to receives not one byte. The traps are shown to catch a command that does obey those settings.
 */

const traps = {
  address: trap(),
  profile: trap(),
  home: trap(),
  proxy: trap(),
  bank: trap(),
  temporal: trapOn(7233),
  ui: trapOn(8233),
  simulator: trapOn(8090),
};

/** A profile file of Temporal's, as its CLI writes it. */
function profile(folder: string, { address }: Trap): string {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'temporal.toml');
  writeFileSync(file, `[profile.default]\naddress = "${address}"\nnamespace = "acme"\n`);
  return file;
}

interface Shell {
  readonly env: Record<string, string>;
}

/** A shell in which everything points elsewhere, by variables. */
async function shellWithVariables(): Promise<Shell> {
  const { address, profile: inFile, bank } = traps;
  return {
    env: {
      ...(await proxies()),
      TEMPORAL_ADDRESS: (await address).address,
      TEMPORAL_CONFIG_FILE: profile(temporaryFolder(), await inFile),
      BUNQ_ENVIRONMENT: 'production',
      BUNQ_API_URL: `http://${(await bank).address}/v1`,
      KEEPER_SEALING_KEYS_FILE: '/nowhere/keys.json',
    },
  };
}

/** A shell in which Temporal's profile file is at its default place. */
async function shellWithProfile(): Promise<Shell> {
  const home = temporaryFolder();
  profile(join(home, '.config/temporalio'), await traps.home);
  profile(join(home, 'Library/Application Support/temporalio'), await traps.home);
  return { env: { ...(await proxies()), HOME: home, XDG_CACHE_HOME: dirname(projectCacheDir()), BUNQ_ENVIRONMENT: 'production' } };
}

async function proxies(): Promise<Record<string, string>> {
  const url = `http://${(await traps.proxy).address}`;
  return Object.fromEntries(
    ['http_proxy', 'https_proxy', 'all_proxy', 'HTTP_PROXY', 'HTTPS_PROXY', 'ALL_PROXY'].map((name) => [name, url]),
  );
}

async function caught(): Promise<Record<string, readonly string[]>> {
  const all = await Promise.all(Object.entries(traps).map(async ([name, set]) => [name, (await set)?.caught ?? []] as const));
  return Object.fromEntries(all.filter(([, seen]) => seen.length > 0));
}

const demo = demoFolder();
let clientId: string | undefined;

test('dev --once reaches ACTIVE with servers of its own on other ports, though everything else points elsewhere', async () => {
  const dev = startScript('keeper.mjs', ['dev', '--once'], (await shellWithVariables()).env, demo);
  const { code, stdout, stderr } = await dev.ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/^Not used here: .*BUNQ_ENVIRONMENT.*TEMPORAL_ADDRESS/m) });
  expect(stderr).toMatch(/^Port 7233 is taken: Temporal uses \d+$/m);
  expect(stderr).toMatch(/^Port 8233 is taken: the Temporal UI uses \d+$/m);
  expect(stderr).toMatch(/^Port 8090 is taken/m);
  expect(stdout).toMatch(/^state +ACTIVE/m);
  expect(stdout).toMatch(/^session +of user \d+, expires 20/m);
  expect(stdout).toMatch(/^Temporal UI +http:\/\/127\.0\.0\.1:\d+\/namespaces\/default\/workflows\/provider\.simulator\.demo\//m);
  expect(stdout).toMatch(/^GET \/user +the bank says: UserPaymentServiceProvider \d+/m);
  expect(stdout).toMatch(/\nACTIVE\n$/);
  clientId = /client id (\S+)$/m.exec(stdout)?.[1];
  expect(clientId).toMatch(/\S{16,}/);
  expect(await caught()).toEqual({});
});

test('run again, with a profile file at its default place, it goes on with the same connection', async () => {
  const dev = startScript('keeper.mjs', ['dev', '--once'], (await shellWithProfile()).env, demo);
  const { code, stdout, stderr } = await dev.ended();
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('demo is onboarded already; going on with it.') });
  expect(stdout).toContain(`client id ${clientId}`);
  expect(stdout).toMatch(/\nACTIVE\n$/);
  expect(await caught()).toEqual({});
});

test('npm test starts its servers and tests, and speaks to no other', async () => {
  const shell = { ...(await shellWithVariables()).env, ...(await shellWithProfile()).env };
  const tests = startScript('test.mjs', ['test/unit/support/temporal.test.ts'], shell, ROOT);
  const { stdout, stderr } = await tests.ended();
  expect({ stdout, stderr }).toEqual({
    stdout: expect.stringMatching(/^2 passed, /m), // beside them, style and types may be out of order
    stderr: expect.stringMatching(/^Ignoring .*TEMPORAL_ADDRESS/m),
  });
  expect(await caught()).toEqual({});
});

describe('the traps catch a command that obeys', () => {
  const keeper = async (args: string[], shell: Shell, more: Record<string, string>) =>
    startScript('keeper.mjs', args, { ...shell.env, ...more }, demo).ended();
  const bank = { BUNQ_ENVIRONMENT: 'sandbox' };

  test('TEMPORAL_ADDRESS', async () => {
    const { env } = await shellWithVariables();
    await keeper(['list'], { env: { TEMPORAL_ADDRESS: env.TEMPORAL_ADDRESS!, TEMPORAL_CONFIG_FILE: env.TEMPORAL_CONFIG_FILE! } }, bank);
    expect(Object.keys(await caught())).toEqual(['address']);
  });

  test('a profile file that is named, and one at its default place', async () => {
    const { TEMPORAL_CONFIG_FILE } = (await shellWithVariables()).env;
    await keeper(['list'], { env: { TEMPORAL_CONFIG_FILE: TEMPORAL_CONFIG_FILE! } }, bank);
    const { HOME } = (await shellWithProfile()).env;
    await keeper(['list'], { env: { HOME: HOME! } }, bank);
    expect(Object.keys(await caught())).toEqual(['address', 'profile', 'home']);
  });

  test('the proxy, on the way to the real bank', async () => {
    const { env } = await shellWithProfile();
    const { stderr } = await keeper(['doctor'], { env }, { BUNQ_ENVIRONMENT: 'production' });
    expect(stderr).toMatch(/^✖ bank: .*does not answer/m);
    expect((await traps.proxy).caught.join()).toContain('CONNECT api.bunq.com:443');
  });
});
