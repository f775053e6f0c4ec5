import { SimulatorClock } from '../../simulator/clock.ts';
import type { FaultOptions } from '../../simulator/index.ts';
import { LaterEffects } from '../../simulator/later-effects.ts';
import { bankForEachTest, HOUR_MS, MINUTE_MS, SECOND_MS } from './bank.ts';
import { type LoggedIn, logInProvider, openSession, send } from './client.ts';

const bank = bankForEachTest();
const ENDPOINT = 'POST /user/{userID}/oauth-client';
const later = (options: Omit<FaultOptions, 'endpoint' | 'kind'> = {}) =>
  bank.simulator.fault({ endpoint: ENDPOINT, kind: 'effect-later', effectAfterMs: 30 * SECOND_MS, ...options });
const create = ({ call, userId }: LoggedIn, signal?: AbortSignal) =>
  call('POST', `/user/${userId}/oauth-client`, { body: {}, ...(signal && { signal }) });
const clients = () => bank.simulator.state().oauthClients;
const lastRequest = () => bank.simulator.requests().at(-1);
const heldNow = () => bank.simulator.faults()[0]?.held;

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

test('the connection is cut at once, the effect comes at its instant', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later();
  const askedAtMs = bank.simulator.nowMs();
  await expect(create(provider)).rejects.toThrow(/ECONNRESET|hang up/);
  await until(() => lastRequest()?.outcome === 'unanswered');
  bank.simulator.advanceClock(30 * SECOND_MS - 1);
  expect([clients().length, heldNow(), lastRequest()?.status]).toEqual([0, 1, null]);
  bank.simulator.advanceClock(1);
  expect([clients().length, heldNow()]).toEqual([1, 0]);
  expect(lastRequest()).toMatchObject({
    fault: 'effect-later',
    status: 200,
    outcome: 'unanswered',
    effectAtMs: askedAtMs + 30 * SECOND_MS,
  });
});

test('with keepOpen the client waits until it gives up; the effect comes none the less', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later({ keepOpen: true });
  const abort = new AbortController();
  const asked = create(provider, abort.signal);
  await until(() => heldNow() === 1);
  expect(lastRequest()?.outcome).toBe('pending');
  abort.abort();
  await expect(asked).rejects.toThrow();
  await until(() => lastRequest()?.outcome === 'unanswered');
  bank.simulator.advanceClock(MINUTE_MS);
  expect(clients()).toHaveLength(1);
});

test('a clock that jumps over it makes no difference: the effect is as old as it is, and comes before the next request', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later();
  const askedAtMs = bank.simulator.nowMs();
  await expect(create(provider)).rejects.toThrow();
  bank.simulator.advanceClock(30 * MINUTE_MS);
  const { json } = await provider.call('GET', `/user/${provider.userId}/oauth-client`);
  expect(json.Response).toHaveLength(1);
  expect(Date.parse(clients()[0]!.createdAt)).toBe(askedAtMs + 30 * SECOND_MS);
});

test('the effect is judged as of its instant: by then the session may be over', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later({ effectAfterMs: HOUR_MS });
  await expect(create(provider)).rejects.toThrow();
  bank.simulator.advanceClock(2 * HOUR_MS);
  expect(clients()).toHaveLength(0);
  expect(lastRequest()).toMatchObject({ status: 401, effectAtMs: bank.simulator.nowMs() - HOUR_MS });
});

test('several come in the order of their instants', async () => {
  const { installed, apiKey } = await logInProvider(bank.apiUrl);
  for (const effectAfterMs of [2 * MINUTE_MS, MINUTE_MS]) {
    bank.simulator.fault({ endpoint: 'POST /session-server', kind: 'effect-later', effectAfterMs });
    await expect(openSession(installed, apiKey)).rejects.toThrow();
  }
  bank.simulator.advanceClock(HOUR_MS);
  expect(bank.simulator.settle()).toBe(2);
  const [, first, second] = bank.simulator.state().sessions.map(({ createdAt }) => Date.parse(createdAt));
  expect(second! - first!).toBe(MINUTE_MS);
});

test('settle performs what is due and nothing else; a release performs the rest now', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later();
  await expect(create(provider)).rejects.toThrow();
  const settle = async () => (await send(bank.simulator.manageUrl, 'POST', '/faults/settle')).json.performed;
  expect(await settle()).toBe(0);
  expect(bank.simulator.releaseFaults()).toBe(1);
  expect(lastRequest()?.effectAtMs).toBe(bank.simulator.nowMs());
  expect(await settle()).toBe(0);
  expect(clients()).toHaveLength(1);
});

test('where the clock goes by itself, nobody needs to look', async () => {
  const effects = new LaterEffects(new SimulatorClock(Date.now));
  const startedAtMs = Date.now();
  const atMs = await new Promise((perform) => effects.add({ faultId: 1, dueAtMs: startedAtMs + 20, perform }));
  expect(atMs).toBe(startedAtMs + 20);
  expect(Date.now()).toBeGreaterThanOrEqual(startedAtMs + 20);
});

test('what is still to come when the bank closes does not come', async () => {
  const provider = await logInProvider(bank.apiUrl);
  later();
  await expect(create(provider)).rejects.toThrow();
  await bank.simulator.close();
  bank.simulator.advanceClock(MINUTE_MS);
  expect(clients()).toHaveLength(0);
});
