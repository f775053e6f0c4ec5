import type { OnboardOptions } from '../../client/keeper.ts';
import { Secret } from '../../sealing/secret.ts';
import type { KeeperProcess } from '../support/process.ts';
import { seed } from '../support/seed.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { askedBy, askToRenew, untilStatus } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/**
 * `bunq-keeper simulator --hostile`, with all processes of their own: a provider, an API-key user and an end user are onboarded and renewed at
 * a bank that is slow, refuses, fails and cuts connections all the time. The tests are one story and run in order.
 */

const CALLBACK = 'https://acme.example/callback';
const RENEWALS = 3;
/** Several times what it does by itself. */
const RATES = { slow: 0.05, tooManyRequests: 0.05, cutBeforeEffect: 0.04, cutAfterEffect: 0.04, unavailable: 0.05, reordered: 0.1 };
/** Longer than all time-outs of a bank call, and shorter than the default of a minute. */
const SETTLE = '12s';

let temporal: TestTemporal;
let bank: BankProcess;
let here: Scene;
let worker: KeeperProcess;

beforeAll(async () => {
  const from = seed('HOSTILE_SEED');
  const hostile = ['--hostile', '--seed', from, '--session-gap', '1s'];
  [temporal, bank] = await Promise.all([temporalServer({ registered: true }), BankProcess.start(...hostile)]);
  await bank.processes[0]!.waitForLine(new RegExp(`It is hostile: --seed ${from} `)); // for whoever did not give one
  await bank.changeSettings({ hostileRates: RATES, allowSecondOAuthClient: true });
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_SETTLE: SETTLE });
  worker = await here.startWorker();
});

const isActive = (name: string) => untilStatus(here.keeper, name, ({ state }) => state === 'ACTIVE');

async function onboard(name: string, options: OnboardOptions): Promise<void> {
  await here.keeper.onboard(name, options);
  await isActive(name);
}

test('a provider and an API-key user are onboarded', async () => {
  const { apiKeys } = await bank.management.seed({ apiKeys: 1 });
  const apiKey = new Secret(apiKeys[0]!.apiKey);
  await Promise.all([
    onboard('acme', await onboardingOf('provider', bank, [CALLBACK])),
    onboard('ada', { credential: { type: 'api-key', apiKey }, callbackUrls: [CALLBACK], permittedIps: [] }),
  ]);
});

/** As an application does it: whose code brought nothing is asked again. */
async function connect(user: string): Promise<void> {
  const { authorizationUrl } = await until('there is a link', () => here.keeper.connectUser('acme', user));
  const redirect = await bank.management.authorize(askedBy(authorizationUrl));
  here.keeper.completeAuthorization(redirect).catch(() => {}); // told by the status
  const isOver = ({ state, authorization }: { state: string; authorization?: { status: string } | null }) =>
    (state === 'ACTIVE' && authorization?.status === 'connected') || authorization?.status === 'failed';
  const { authorization } = await untilStatus(here.keeper, `acme/${user}`, isOver);
  if (authorization?.status === 'failed') await connect(user);
}

test('an end user is connected', () => connect('bob'));

async function renew(name: string): Promise<void> {
  for (let renewal = 0; renewal < RENEWALS; renewal++) {
    const before = await until('there is a session', () => here.keeper.session(name));
    await askToRenew(here, name);
    await until(`${name} has another session`, async () => (await here.keeper.session(name))?.sessionId !== before.sessionId);
    await isActive(name);
  }
}

test('each is renewed, and its session is one that the bank answers', async () => {
  const names = ['acme', 'ada', 'acme/bob'];
  await Promise.all(names.map(renew));
  await bank.changeSettings({ hostile: false, rateLimits: false }); // this process and the worker share an address
  for (const name of names) expect((await here.keeper.fetch(name, '/user')).status).toBe(200);
});

test('each has one OAuth client and its callback URL, nobody was asked for anything, and none was without a session', async () => {
  const { oauthClients, callbackUrls } = await bank.state();
  expect(new Set(oauthClients.map(({ userId }) => userId)).size).toBe(2);
  expect(oauthClients).toHaveLength(2);
  expect(callbackUrls.map(({ url }) => url)).toEqual([CALLBACK, CALLBACK]);
  expect(worker.lines.filter((line) => /"to":"(LAPSED|REVOKED|ACTION_REQUIRED)"/.test(line))).toEqual([]);
  const met = new Set((await bank.requests()).flatMap(({ hostile, fault }) => (hostile ? [fault] : [])));
  expect([...met]).toEqual(expect.arrayContaining(['hold-answer', 'status']));
});
