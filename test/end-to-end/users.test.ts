import { setInterval as everyMs } from 'node:timers/promises';
import type { Simulator } from '../../simulator/index.ts';
import type { KeeperProcess } from '../support/process.ts';
import { until } from '../support/until.ts';
import { connectPerson, onboardProvider, untilActive } from './support/consents.ts';
import { inTurns } from './support/in-turns.ts';
import { sceneForMany } from './support/many-users.ts';
import type { Scene } from './support/scene.ts';

/** Two hundred end users of one provider: each is connected, called, and renewed. */

const NAMES = Array.from({ length: 200 }, (_, index) => `user-${index}`);
const AT_A_TIME = 4;
const CALL_EVERY_MS = 50;

let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;

beforeAll(async () => {
  ({ bank, here, worker } = await sceneForMany());
  await onboardProvider(here, bank);
});
afterAll(() => bank.close());

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

/** One after another, and from the first again, until that is over; at least once each. */
async function callAllUntil(over: Promise<unknown>): Promise<number[]> {
  const statuses: number[] = [];
  let isOver = false;
  over.finally(() => (isOver = true)).catch(() => {});
  for await (const _ of everyMs(CALL_EVERY_MS)) {
    const { status, accounts } = await accountOf(NAMES[statuses.length % NAMES.length]!);
    expect(accounts).toEqual([{ MonetaryAccountBank: expect.objectContaining({ status: 'ACTIVE' }) }]);
    statuses.push(status);
    if (isOver && statuses.length >= NAMES.length) break;
  }
  return statuses;
}

test('200 users are connected, and called while all are renewed: each has its own account, none lapses, and none is refused', async () => {
  const connecting = inTurns(NAMES, AT_A_TIME, connect);
  expect(new Set(await Promise.all(connecting.values()))).toEqual(new Set(['connected']));
  await Promise.all(inTurns(NAMES, AT_A_TIME, (user) => untilActive(here, `acme/${user}`)).values());
  const opened = bank.state().sessions.length;
  bank.resetRequests();
  const renewing = here.run('renew', '--all', '--provider', 'acme', '--json');
  const statuses = await callAllUntil(renewing);
  expect(await renewing).toMatchObject({ code: 0 });
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(bank.requests().filter(({ status }) => status !== 200)).toEqual([]);
  expect(bank.state().sessions.length - opened).toBe(NAMES.length + 1); // and the provider's own
  const states = (await here.keeper.list({ provider: 'acme' })).filter(({ name }) => name.includes('/')).map(({ state }) => state);
  expect(states).toHaveLength(NAMES.length);
  const told = worker.lines.filter((line) => /"to":"(LAPSED|DEGRADED|REVOKED|ACTION_REQUIRED)"/.test(line));
  expect(told).toEqual([]);
  process.stderr.write(`users: ${NAMES.length}; ${statuses.length} calls, all 200\n`);
});
