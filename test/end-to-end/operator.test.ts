import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { aftermathAt, oneOfEach, type Registration, registrationAt } from './support/aftermath.ts';
import { activityRuns, eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { pause, pendingActivity, reset, resetPoints, unpause } from './support/operator.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';
import { onboardingOf } from './support/who.ts';

/** An operator resets, terminates and pauses in the Temporal UI; the bank lets a second OAuth client through, so that one is seen. */

const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
/** It settles longer than all time-outs of a bank call last, and shorter than the default of a minute. */
const SETTINGS = { KEEPER_SETTLE: '12s', KEEPER_SESSION_GAP: '1s' };
const NAME = 'acme';

let temporal: TestTemporal;
const banks: Simulator[] = [];

afterAll(() => Promise.all(banks.map((bank) => bank.close())));

async function sceneOfItsOwn(ofItsWorker: Record<string, string> = {}) {
  const bank = await startSimulator({ allowSecondOAuthClient: true, rateLimits: false });
  banks.push(bank);
  const here = scene(temporal, bank, SETTINGS);
  return { bank, here, worker: await here.startWorker(ofItsWorker) };
}

const idOf = ({ environment }: Scene, name: string) => `provider.${environment}.${name}`;

/** @param runId the run that is to be; another one does not count */
async function untilActive({ keeper }: Scene, name: string, runId?: string): Promise<number> {
  const isThere = async () => {
    const status = await keeper.status(name);
    return status.state === 'ACTIVE' && !status.closed && (runId === undefined || status.runId === runId);
  };
  await until(`${name} is ACTIVE`, isThere, { everyMs: 500, seen: () => keeper.status(name) });
  return (await keeper.session(name))!.sessionId;
}

/** Begun first and looked at last, so that the waits of all go by together. */
let everyReset: ReturnType<typeof resetEverywhere>;
let meddled: Map<Meddling, Promise<{ aftermath: unknown; creations: number }>>;

beforeAll(async () => {
  temporal = await temporalServer({ registered: true });
  everyReset = resetEverywhere();
  everyReset.catch(() => {});
  meddled = inTurns(MEDDLINGS, 5, meddle);
});

/** One connection to all of its moments, as no two histories are quite alike. */
async function resetEverywhere() {
  const { bank, here } = await sceneOfItsOwn();
  const { client } = here.keeper;
  await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
  const sessionId = await untilActive(here, NAME);
  const before = registrationAt(bank.state(), sessionId);
  const onboarding = { workflowId: idOf(here, NAME), runId: (await here.keeper.status(NAME)).runId };
  const points = resetPoints(await eventsOf(client, onboarding.workflowId));
  const wrong: { to: string; before: Registration; after: Registration }[] = [];
  for (const point of points) {
    const runId = await reset(client, onboarding, point);
    const servedId = await untilActive(here, NAME, runId);
    const after = registrationAt(bank.state(), servedId);
    if (JSON.stringify(after) !== JSON.stringify(before) || !after.isSessionValid)
      wrong.push({ to: `${point.eventId}, ${point.activity}`, before, after });
  }
  return { points, wrong };
}

const OAUTH_CLIENT = { look: 'findOAuthClients', create: 'createOAuthClient', endpoint: 'POST /user/{userID}/oauth-client' };
const CALLBACK_URL = {
  look: 'listCallbackUrls',
  create: 'createCallbackUrl',
  endpoint: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url',
};

const DEEDS = [
  'reset to the look before it',
  'reset to its own task',
  'paused and unpaused',
  'paused and unpaused, attempts counted anew',
] as const;

interface Meddling {
  readonly created: typeof OAUTH_CLIENT;
  readonly deed: (typeof DEEDS)[number];
}

const MEDDLINGS: readonly Meddling[] = [OAUTH_CLIENT, CALLBACK_URL].flatMap((created) => DEEDS.map((deed) => ({ created, deed })));

/** While the bank holds the creation, which it performs late, although nobody waits for it any more. */
async function meddle({ created, deed }: Meddling) {
  const { bank, here, worker } = await sceneOfItsOwn();
  const { client } = here.keeper;
  const workflowId = idOf(here, NAME);
  bank.fault({ endpoint: created.endpoint, kind: 'hold', effectAfterDisconnect: true });
  await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
  await until('the bank holds the creation', () => bank.faults()[0]?.held === 1, { everyMs: 20, seen: () => worker.stderr.slice(-2000) });
  if (deed.startsWith('reset')) await resetTo(deed === DEEDS[0] ? created.look : created.create);
  else await pauseAWhile(deed === DEEDS[3]);
  await until('a creation was not sent', async () => (await here.keeper.status(NAME)).lastError?.code === 'NOT_SENT');
  bank.releaseFaults();
  const sessionId = await untilActive(here, NAME);
  await worker.kill();
  const creations = bank.requests().filter(({ endpoint }) => endpoint === created.endpoint).length;
  return { aftermath: aftermathAt(bank.state(), sessionId), creations };

  async function resetTo(activity: string): Promise<void> {
    const points = resetPoints(await eventsOf(client, workflowId));
    const { runId } = await here.keeper.status(NAME);
    await reset(client, { workflowId, runId }, points.findLast((point) => point.activity === activity)!);
  }

  async function pauseAWhile(resetAttempts: boolean): Promise<void> {
    await pause(client, workflowId, created.create);
    await until('its attempt has ended', async () => (await pendingActivity(client, workflowId, created.create))?.attempt === 2);
    await unpause(client, workflowId, created.create, resetAttempts);
  }
}

test.each(['createInstallation', 'createDevice'])(
  '%s, paused between two of its attempts and unpaused, goes on where it was',
  async (activity) => {
    const { bank, here, worker } = await sceneOfItsOwn();
    const { client } = here.keeper;
    const workflowId = idOf(here, NAME);
    const endpoint = activity === 'createDevice' ? 'POST /device-server' : 'POST /installation';
    bank.fault({ endpoint, kind: 'status', status: 500, times: null });
    await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
    const isRetried = async () => ((await pendingActivity(client, workflowId, activity))?.attempt ?? 0) > 1;
    await until(
      'it is paused while it is retried',
      async () => (await isRetried()) && pause(client, workflowId, activity).then(() => true),
      {
        everyMs: 50,
      },
    );
    bank.clearFaults();
    await unpause(client, workflowId, activity, false);
    const sessionId = await untilActive(here, NAME);
    expect(aftermathAt(bank.state(), sessionId)).toEqual(oneOfEach(CALLBACKS));
    await worker.kill();
  },
);

test.each(['resume', 'onboard'] as const)(
  'terminated when it is ACTIVE, %s goes on from its last state: nothing is made anew',
  async (again) => {
    const { bank, here, worker } = await sceneOfItsOwn();
    const { keeper } = here;
    const onboarding = await onboardingOf('provider', bank, CALLBACKS);
    await keeper.onboard(NAME, onboarding);
    const sessionId = await untilActive(here, NAME);
    const before = bank.requests().filter(({ method }) => method === 'POST').length;
    await keeper.client.workflow.getHandle(idOf(here, NAME)).terminate('an operator did it');
    expect(await keeper.status(NAME)).toMatchObject({ state: 'ACTIVE', closed: 'TERMINATED' });
    if (again === 'resume') await keeper.resume(NAME);
    else expect(await keeper.onboard(NAME, onboarding)).toEqual({ isNew: false });
    expect(await untilActive(here, NAME)).toBe(sessionId);
    expect(aftermathAt(bank.state(), sessionId)).toEqual(oneOfEach(CALLBACKS));
    expect(bank.requests().filter(({ method }) => method === 'POST')).toHaveLength(before);
    await worker.kill();
  },
);

test('without a worker between the look and the creation for longer than a look holds, it looks again before it creates', async () => {
  const proxy = await TemporalProxy.start(temporal.address);
  const { bank, here, worker } = await sceneOfItsOwn({ TEMPORAL_ADDRESS: proxy.address });
  proxy.beforeAnswer = ({ method, message }) => {
    if (method === 'RespondActivityTaskCompleted' && message.includes('findOAuthClients')) worker.signal('SIGKILL');
  };
  await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
  await until('the worker is killed when it has looked', () => !worker.running, { everyMs: 20 });
  await sleep(16_000);
  const next = await here.startWorker();
  const sessionId = await untilActive(here, NAME);
  expect(aftermathAt(bank.state(), sessionId)).toEqual(oneOfEach(CALLBACKS));
  const runs = activityRuns(await eventsOf(here.keeper.client, idOf(here, NAME)));
  const ends = runs.filter(({ activity }) => /OAuthClients?$/.test(activity)).map(({ activity, end }) => `${activity} ${end}`);
  expect(ends.slice(0, 3)).toEqual(['findOAuthClients Completed', 'createOAuthClient Failed', 'findOAuthClients Completed']);
  await next.kill();
});

test('reset to any workflow task of its onboarding, a provider is ACTIVE with the same OAuth client and its callback URLs', async () => {
  const { points, wrong } = await everyReset;
  expect(wrong).toEqual([]);
  expect(points.map(({ activity }) => activity)).toEqual(
    expect.arrayContaining(['generateKeyPair', 'createOAuthClient', 'createCallbackUrl', null]),
  );
});

describe('a provider is ACTIVE with one of each when the bank performs late what is', () => {
  test.each(MEDDLINGS.map((meddling) => [`${meddling.created.create}, ${meddling.deed}`, meddling] as const))(
    '%s',
    async (_title, meddling) => {
      const { aftermath, creations } = await meddled.get(meddling)!;
      expect(aftermath).toEqual(oneOfEach(CALLBACKS));
      expect(creations).toBe(meddling.created === CALLBACK_URL ? CALLBACKS.length : 1);
    },
  );
});
