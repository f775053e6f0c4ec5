import { setInterval as everyMs } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askToRenew, untilActive } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';

/** An application that calls all the time notices no renewal, however often they come. */

const RENEWALS = 200;
const GAP_MS = 500;
const CALL_EVERY_MS = 50;

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS}ms`, KEEPER_CALL_LIMITS: 'off' });
  await here.startWorker();
});
afterAll(() => bank.close());

const sessions = () => bank.state().sessions.length;

async function renew(): Promise<void> {
  const served = async () => (await here.keeper.session('acme'))?.sessionId;
  const before = await until('it says what is served', served); // on a busy machine a query may take longer than it waits
  await askToRenew(here, 'acme');
  await until('a new session is served', async () => (await served()) !== before, { everyMs: 20 });
}

/** Calls until the signal, without waiting for answers. */
async function callAllTheTime(stop: AbortSignal): Promise<Promise<number>[]> {
  const statuses: Promise<number>[] = [];
  try {
    for await (const _ of everyMs(CALL_EVERY_MS, undefined, { signal: stop })) {
      const status = here.keeper.fetch('acme', '/user').then((answer) => answer.status);
      status.catch(() => {}); // told at the end
      statuses.push(status);
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  }
  return statuses;
}

test(`20 calls a second through ${RENEWALS} renewals: none is refused by the bank, and none of them asks for a session sooner than the gap`, async () => {
  await here.keeper.onboard('acme', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });
  await untilActive(here, 'acme');
  const opened = sessions();
  bank.resetRequests();
  const stop = new AbortController();
  const calling = callAllTheTime(stop.signal);
  const startedAtMs = Date.now();
  try {
    for (let renewal = 0; renewal < RENEWALS; renewal++) await renew();
  } finally {
    stop.abort();
  }
  const tookMs = Date.now() - startedAtMs;
  const statuses = await Promise.all(await calling);
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBeGreaterThan((tookMs / CALL_EVERY_MS) * 0.8);
  expect(sessions() - opened).toBeGreaterThanOrEqual(RENEWALS);
  const requests = bank.requests();
  expect(requests.filter(({ status, endpoint }) => endpoint === 'GET /user' && status !== 200)).toEqual([]);
  const asked = requests.filter(({ endpoint }) => endpoint === 'POST /session-server').map(({ realAtMs }) => realAtMs);
  const distances = asked.slice(1).map((atMs, index) => atMs - asked[index]!);
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(GAP_MS);
});
