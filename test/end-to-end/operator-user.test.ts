import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { Consents, onboardProvider, PROVIDER, untilStatus } from './support/consents.ts';
import { eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { pause, pendingActivity, reset, resetPoints, unpause } from './support/operator.ts';
import { type Scene, scene } from './support/scene.ts';

/** An operator resets, terminates and pauses an end user's workflow in the Temporal UI: its code, good once, is never sent twice. */

const SETTINGS = { KEEPER_SETTLE: '12s', KEEPER_SESSION_GAP: '1s' };
const EXCHANGE = 'exchangeAuthorizationCode';

const DEEDS = [
  'terminated, and asked for access again',
  'reset to the task of the exchange',
  'reset to its beginning, where Temporal brings the code once more',
  'paused and unpaused',
  'paused and unpaused, attempts counted anew',
] as const;

type Deed = (typeof DEEDS)[number];

let temporal: TestTemporal;
const banks: Simulator[] = [];
let everyReset: ReturnType<typeof resetEverywhere>;
let meddled: Map<Deed, ReturnType<typeof meddle>>;

/** Begun first and looked at last, so that the waits of all go by together. */
beforeAll(async () => {
  temporal = await temporalServer({ registered: true });
  everyReset = resetEverywhere();
  everyReset.catch(() => {});
  meddled = inTurns(DEEDS, 3, meddle);
});
afterAll(() => Promise.all(banks.map((bank) => bank.close())));

const USER = 'ada';
const NAME = `${PROVIDER}/${USER}`;

async function newScene() {
  const bank = await startSimulator({ rateLimits: false });
  banks.push(bank);
  const here = scene(temporal, bank, SETTINGS);
  const worker = await here.startWorker();
  await onboardProvider(here, bank);
  return { bank, here, worker, consents: new Consents(here, bank), workflowId: `user.${here.environment}.${PROVIDER}.${USER}` };
}

const runOf = async ({ keeper }: Scene, workflowId: string) => ({ workflowId, runId: (await keeper.status(NAME)).runId });

/** One connection to all of its moments, as no two histories are quite alike. */
async function resetEverywhere() {
  const { here, worker, consents, workflowId } = await newScene();
  await here.keeper.completeAuthorization(await consents.consent(USER, { deny: true }));
  await consents.connect(USER);
  const { client } = here.keeper;
  const connected = await runOf(here, workflowId);
  const points = resetPoints(await eventsOf(client, workflowId));
  const ends: { activity: string | null; state: string }[] = [];
  for (const point of points) {
    const runId = await reset(client, connected, point);
    const { state } = await untilStatus(here.keeper, NAME, (status) => status.runId === runId && isSettled(status));
    ends.push({ activity: point.activity, state });
  }
  await worker.kill();
  return { ends, exchanges: consents.exchanges };
}

const isSettled = ({ state, authorization }: Awaited<ReturnType<Scene['keeper']['status']>>) =>
  state === 'ACTIVE' || (state === 'AWAITING_AUTHORIZATION' && authorization?.status === 'failed');

/** While the bank has the code in hand, which it takes late, although nobody waits for it any more. */
async function meddle(deed: Deed) {
  const { bank, here, worker, consents, workflowId } = await newScene();
  const { client } = here.keeper;
  bank.fault({ endpoint: 'POST /token', kind: 'hold', effectAfterDisconnect: true });
  const redirect = await consents.consent(USER);
  consents.bring(redirect);
  await until('the bank has the code in hand', () => bank.faults()[0]?.held === 1, { everyMs: 20, seen: () => worker.stderr.slice(-2000) });
  let next: string | null = null;
  if (deed === DEEDS[0]) {
    await client.workflow.getHandle(workflowId).terminate('an operator did it');
    next = await consents.consent(USER);
  } else if (deed.startsWith('reset')) {
    const points = resetPoints(await eventsOf(client, workflowId));
    const point = deed === DEEDS[1] ? points.findLast(({ activity }) => activity === EXCHANGE) : points[0];
    await reset(client, await runOf(here, workflowId), point!);
    await consents.untilFailed(USER);
  } else {
    await pause(client, workflowId, EXCHANGE);
    await until('its attempt has ended', async () => (await pendingActivity(client, workflowId, EXCHANGE))?.attempt === 2);
    await unpause(client, workflowId, EXCHANGE, deed === DEEDS[4]);
    await consents.untilFailed(USER);
  }
  bank.releaseFaults();
  const again = await here.keeper.completeAuthorization(redirect);
  const { state, lastError } = await here.keeper.status(NAME);
  const exchanges = consents.exchanges;
  const isRecovering = !deed.startsWith('reset'); // for a minute after that no code is sent
  if (isRecovering) consents.bring(next ?? (await consents.consent(USER)));
  const recovered = isRecovering ? (await consents.untilActive(USER)).state : null;
  await worker.kill();
  return { again, state, code: lastError?.code, exchanges, recovered };
}

describe('a code that the bank had in hand is sent no second time when its workflow is', () => {
  test.each(DEEDS)('%s', async (deed) => {
    expect(await meddled.get(deed)).toEqual({
      again: { outcome: 'repeated', first: 'failed', name: NAME },
      state: 'AWAITING_AUTHORIZATION',
      code: 'NOT_SENT',
      exchanges: 1,
      recovered: deed.startsWith('reset') ? null : 'ACTIVE',
    });
  });
});

test('reset to any workflow task, an end user’s connection is ACTIVE, or asks again where its code was to be exchanged', async () => {
  const { ends, exchanges } = await everyReset;
  expect(exchanges).toBe(1);
  const exchangeAt = ends.findIndex(({ activity }) => activity === EXCHANGE);
  expect(ends.slice(0, exchangeAt + 1).map(({ state }) => state)).toEqual(Array(exchangeAt + 1).fill('AWAITING_AUTHORIZATION'));
  expect(ends.slice(exchangeAt + 1).map(({ state }) => state)).toEqual(ends.slice(exchangeAt + 1).map(() => 'ACTIVE'));
  expect(ends.map(({ activity }) => activity)).toEqual(expect.arrayContaining([EXCHANGE, 'createInstallation', 'openSession', null]));
});
