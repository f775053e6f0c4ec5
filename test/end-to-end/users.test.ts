import { setInterval as everyMs } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { connectPerson } from './support/consents.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** Two hundred end users of one provider, with sessions of minutes: each is connected, called, and renewed. */

const NAMES = Array.from({ length: 200 }, (_, index) => `user-${index}`);
const CALLBACK_URL = 'https://acme.example/callback';
const SESSION_MS = 3 * 60_000;
/** The bank's distance between two sessions of one address, shortened with the sessions. */
const GAP_MS = 100;
const AT_A_TIME = 4;
const CALL_EVERY_MS = 200;

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;

beforeAll(async () => {
  const settings = { callRateLimits: false, sessionGapMs: GAP_MS, userSessionLifetimeMs: SESSION_MS };
  [temporal, bank] = await Promise.all([temporalServer({ registered: true }), startSimulator(settings)]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS}ms`, KEEPER_CALL_LIMITS: 'off' });
  worker = await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK_URL]));
  await isActive('acme');
}, 120_000);
afterAll(() => bank.close());

const isActive = (name: string) =>
  until(`${name} is ACTIVE`, async () => (await here.keeper.status(name)).state === 'ACTIVE', { timeoutMs: 120_000 });

async function connect(user: string): Promise<string> {
  const { outcome, first } = await connectPerson(here, bank, user);
  return first ?? outcome;
}

/** Its one account, by a call on its own session. */
async function accountOf(user: string): Promise<{ status: number; accounts: unknown[] }> {
  const answer = await until('it is called', () => here.keeper.fetch(`acme/${user}`, '/user/{userId}/monetary-account-bank'));
  const { Response: accounts = [] } = (await answer.json()) as { Response?: unknown[] };
  return { status: answer.status, accounts };
}

test('200 users are connected, called and renewed: each has its own account, none lapses, and none is refused', async () => {
  const connecting = inTurns(NAMES, AT_A_TIME, connect);
  expect(new Set(await Promise.all(connecting.values()))).toEqual(new Set(['connected']));
  await Promise.all(inTurns(NAMES, AT_A_TIME, (user) => isActive(`acme/${user}`)).values());
  bank.resetRequests();
  const opened = bank.state().sessions.length;
  const isRenewed = () => bank.state().sessions.length >= opened + NAMES.length;
  const statuses: number[] = [];
  const deadlineMs = Date.now() + 2 * SESSION_MS;
  for await (const _ of everyMs(CALL_EVERY_MS)) {
    const { status, accounts } = await accountOf(NAMES[statuses.length % NAMES.length]!);
    expect(accounts).toEqual([{ MonetaryAccountBank: expect.objectContaining({ status: 'ACTIVE' }) }]);
    statuses.push(status);
    if ((isRenewed() && statuses.length >= NAMES.length) || Date.now() > deadlineMs) break;
  }
  expect(isRenewed()).toBe(true);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(bank.requests().filter(({ status }) => status !== 200)).toEqual([]);
  const states = (await here.keeper.list({ provider: 'acme' })).filter(({ name }) => name.includes('/')).map(({ state }) => state);
  expect(states).toHaveLength(NAMES.length);
  const told = worker.lines.filter((line) => /"to":"(LAPSED|DEGRADED|REVOKED|ACTION_REQUIRED)"/.test(line));
  expect(told).toEqual([]);
  const renewals = bank.state().sessions.length - opened;
  process.stderr.write(`users: ${NAMES.length}; ${renewals} renewals; ${statuses.length} calls, all 200\n`);
}, 1_200_000);
