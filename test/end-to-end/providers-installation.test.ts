import type { UserLink } from '../../client/end-users.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { KeeperProcess } from '../support/process.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** End users whose sessions stand on the provider's installation, by the option and by the setting: they are called as any other. */

const CALLBACK = 'https://acme.example/callback';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  worker = await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  await isActive('acme');
  bank.resetRequests();
});
afterAll(() => bank.close());

const isActive = (name: string) =>
  until(`${name} is ACTIVE`, async () => (await here.keeper.status(name)).state === 'ACTIVE', {
    seen: () => worker.stderr.slice(-1500),
  });

/** The command, and what a person does with its link. */
async function connect({ run }: Scene, user: string, ...more: string[]): Promise<void> {
  const { stdout } = await run('connect-user', 'acme', user, '--json', '--no-wait', ...more);
  const redirect = askedBy((JSON.parse(stdout) as UserLink).authorizationUrl);
  await here.keeper.completeAuthorization(bank.authorize(redirect), `acme/${user}`);
  await isActive(`acme/${user}`);
}

const madeAtTheBank = () => {
  const { installations, devices, sessions } = bank.state();
  return { installations: installations.length, devices: devices.length, sessions: sessions.length };
};

test('accounts are read, and a signed call is made, on a session for which nothing but itself was made', async () => {
  const before = madeAtTheBank();
  await connect(here, 'alice', '--installation', 'provider');
  expect(madeAtTheBank()).toEqual({ ...before, sessions: before.sessions + 1 });
  const called = await here.run('call', 'acme/alice', 'GET', '/user/{userId}/monetary-account');
  expect(called).toMatchObject({ code: 0, stdout: expect.stringContaining('"status":"ACTIVE"') });
  const filters = { notification_filters: [{ category: 'OAUTH', notification_target: CALLBACK }] };
  const path = '/user/{userId}/notification-filter-url';
  const signed = await here.keeper.fetch('acme/alice', path, { method: 'POST', body: JSON.stringify(filters) });
  expect(signed.status).toBe(200);
  const revealed = await here.run('session', 'acme/alice', '--reveal', '--json');
  expect(JSON.parse(revealed.stdout)).toMatchObject({ token: expect.stringMatching(/^\w{16,}$/) });
});

test('the setting is the option’s default, and the option goes before it', async () => {
  const set = scene(temporal, bank, { ...here.env, KEEPER_USER_INSTALLATION: 'provider' });
  await connect(set, 'bob');
  expect(await here.keeper.session('acme/bob')).toMatchObject({ ofProvider: true });
  await connect(set, 'carol', '--installation', 'own');
  expect((await here.keeper.session('acme/carol'))!.ofProvider).toBeUndefined();
});

test('nothing of the provider’s installation is in what Temporal stores of its end users', async () => {
  const ids = ['alice', 'bob'].map((user) => `user.${here.environment}.acme.${user}`);
  const secrets = bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
  const haystacks = [{ path: temporal.dbFile }, ...(await decodedPayloads(temporal.client, ids))];
  expect(searchForSecrets(secrets, haystacks)).toEqual([]);
});
