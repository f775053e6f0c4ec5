import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { Disturbances, median, openMs, type Stretch, sessionRequests, used, usedWhenCalm } from './support/disturbances.ts';
import { freeze } from './support/freeze.ts';
import { asksOf, atMs, costOf, type GrantedSlot, grantedSlots, ObservedGate } from './support/gate.ts';
import type { HistoryEvent } from './support/history.ts';
import { pendingActivity } from './support/operator.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';

/**
 * A hundred connections wait for a session from one address, at which the bank allows one in 2 s, while workers are killed and
 * frozen, the gate, connections and the Temporal server ended: each while a slot is out. What counts is when the requests
 * arrived at the bank.
 */

const CONNECTIONS = 100;
const GAP_MS = 2000;
const NAMES = Array.from({ length: CONNECTIONS }, (_, index) => `acme-${index}`);
/** Terminated while they wait: the test ends sooner, and the gate comes upon them. */
const GONE_WHILE_WAITING = 44;
/** So many are on their way to the gate; more only get into each other's way. */
const AT_A_TIME = 8;
const SLOTS_BETWEEN = 6;

interface Outcome {
  readonly arrivals: { readonly atMs: number; readonly admitted: boolean }[];
  /** Of those that nobody terminated. */
  readonly states: ReadonlyMap<string, string>;
  readonly mostWaiting: number;
  readonly runs: number;
  readonly undisturbed: readonly Stretch[];
  readonly medianOpenMs: number;
  /** Of a slot in the gate's history, from its grant to the next one, while nobody asks. */
  readonly medianCost: { readonly events: number; readonly bytes: number };
}

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let gate: ObservedGate;
let outcome: Outcome;
const workers: KeeperProcess[] = [];
const gone = new Set<string>();
let disturbances: Disturbances;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([
    temporalServer({ registered: true }),
    startSimulator({ callRateLimits: false, sessionGapMs: GAP_MS }),
  ]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS / 1000}s`, KEEPER_CALL_LIMITS: 'off' });
  gate = new ObservedGate(temporal.client, `session-gate.${here.environment}.default`);
  disturbances = new Disturbances(bank, gate, SLOTS_BETWEEN);
  const mostWaiting = await everybodyWaits();
  await disturbances.disturb('the gate is terminated with a full queue', async () => {
    await workers.shift()!.kill(); // its setting would keep them waiting
    await gate.terminate();
  });
  await disturbances.disturb('a worker is killed while it opens a session', killAWorker);
  await disturbances.disturb('connections are terminated while they wait', terminateWaiting);
  await disturbances.disturb('a worker is frozen right before it opens a session', freezeAWorker);
  await disturbances.disturb('the gate is terminated while a slot is out', () => disturbances.whileASlotIsOut(() => gate.terminate()));
  await disturbances.disturb('the Temporal server is killed while a slot is out', () =>
    disturbances.whileASlotIsOut(async () => {
      await temporal.kill();
      await temporal.restart();
    }),
  );
  await disturbances.disturb('a connection is terminated while it has the slot', terminateTheHolder);
  outcome = await observe(mostWaiting);
});
afterAll(() => bank?.close());

const connection = (name: string) => `provider.${here.environment}.${name}`;

/** With 10 min between two sessions, by the setting of the first worker, the first connection gets its slot and all others wait. */
async function everybodyWaits(): Promise<number> {
  workers.push(await here.startWorker({ KEEPER_SESSION_GAP: '10m' }));
  await here.keeper.onboard('first', SANDBOX_USER);
  await until('the first has its session', async () => (await here.keeper.status('first')).state === 'ACTIVE');
  workers.push(...(await Promise.all([here.startWorker(), here.startWorker()])));
  let waiting = 0;
  const untilWaiting = (count: number) =>
    until(
      `${count} are waiting`,
      async () => {
        waiting = (await gate.slots()).queue.length;
        return waiting >= count;
      },
      { seen: () => `${waiting} are waiting` },
    );
  for (const [index, name] of NAMES.entries()) {
    await here.keeper.onboard(name, SANDBOX_USER);
    if (waiting < index - AT_A_TIME) await untilWaiting(index - AT_A_TIME);
  }
  await untilWaiting(CONNECTIONS);
  return waiting;
}

const SANDBOX_USER = { credential: { type: 'sandbox-user' as const }, callbackUrls: [], permittedIps: [] };

const killAWorker = () =>
  disturbances.whileASlotIsOut(async (workflowId) => {
    const { lastWorkerIdentity } = (await pendingActivity(temporal.client, workflowId, 'openSession'))!;
    const worker = workers.find(({ pid }) => lastWorkerIdentity?.startsWith(`${pid}@`))!;
    workers.splice(workers.indexOf(worker), 1);
    await worker.kill();
    workers.push(await startFreezableWorker());
  });

/** Of the worker started last. */
let proxy: TemporalProxy;

async function startFreezableWorker(): Promise<KeeperProcess> {
  proxy = await TemporalProxy.start(temporal.address);
  return here.startWorker({ TEMPORAL_ADDRESS: proxy.address });
}

/** It has asked Temporal whether it may send, and hears the answer 12 s later. */
async function freezeAWorker(): Promise<void> {
  const worker = workers.at(-1)!;
  const frozen = new Promise<void>((resolve) => {
    proxy.beforeAnswer = ({ method, message }) => {
      if (method !== 'RecordActivityTaskHeartbeat' || !message.includes('openSession')) return;
      proxy.beforeAnswer = () => {};
      freeze(worker.pid);
      resolve();
    };
  });
  await frozen;
  const wakeAtMs = Date.now() + 12_000;
  await until('12 s are over', () => Date.now() >= wakeAtMs);
  worker.signal('SIGCONT');
  await until('it has woken up and not sent', () => /NOT_SENT|BUNQ_UNREACHABLE/.test(worker.stderr), {
    seen: () => worker.stderr.slice(-2000),
  });
}

/** The next ones in the queue. */
async function terminateWaiting(): Promise<void> {
  const { queue } = await gate.slots();
  const next = queue.toSorted((a, b) => a.deadlineMs - b.deadlineMs).slice(0, GONE_WHILE_WAITING);
  await Promise.all(next.map(({ workflowId }) => terminate(workflowId)));
}

/** The bank's answer comes too late for its worker to give the slot back: only the end of the lease frees it. */
async function terminateTheHolder(): Promise<void> {
  await disturbances.whileASlotIsOut(async (workflowId) => {
    await terminate(workflowId);
    await until('its worker has given up', () => sessionRequests(bank).at(-1)!.outcome === 'unanswered');
  });
}

async function terminate(workflowId: string): Promise<void> {
  await temporal.client.workflow.getHandle(workflowId).terminate('an operator did it');
  gone.add(workflowId);
}

async function observe(mostWaiting: number): Promise<Outcome> {
  await until('nobody waits', async () => (await gate.slots()).queue.length === 0, { everyMs: 200 });
  const nobodyWaitsSinceMs = Date.now();
  const states = new Map<string, string>();
  for (const name of ['first', ...NAMES].filter((name) => !gone.has(connection(name)))) states.set(name, await untilActive(name));
  await gate.noteRun();
  const histories = await gate.runs();
  const events = histories.flat();
  const slots = histories.flatMap(grantedSlots).filter(({ givenBackAtMs }) => givenBackAtMs !== null);
  return {
    arrivals: sessionRequests(bank).map(({ at, admitted }) => ({ atMs: at, admitted })),
    states,
    mostWaiting,
    runs: histories.length,
    undisturbed: disturbances.undisturbed(slots, nobodyWaitsSinceMs),
    medianOpenMs: median(slots.map(openMs)),
    medianCost: costOfSlots(slots, events),
  };
}

async function untilActive(name: string): Promise<string> {
  let state = '';
  const isActive = async () => {
    ({ state } = await here.keeper.status(name));
    return state === 'ACTIVE';
  };
  await until(`${name} is ACTIVE`, isActive, { everyMs: 500, seen: () => state });
  return state;
}

function costOfSlots(slots: readonly GrantedSlot[], events: readonly HistoryEvent[]) {
  const costs = slots.slice(1).flatMap(({ grantedAtMs }, index) => {
    const own = events.filter((event) => atMs(event) >= slots[index]!.grantedAtMs && atMs(event) < grantedAtMs);
    return own.some((event) => asksOf(event).length > 0) ? [] : [costOf(own)];
  });
  return { events: median(costs.map((cost) => cost.events)), bytes: median(costs.map((cost) => cost.bytes)) };
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

test('no two requests for a session arrive within the gap, and the bank refuses none', () => {
  const { arrivals } = outcome;
  const distances = arrivals.slice(1).map(({ atMs }, index) => atMs - arrivals[index]!.atMs);
  expect(arrivals.filter(({ admitted }) => !admitted)).toEqual([]);
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(GAP_MS);
});

test('a hundred waited, and nobody is lost: all that were not terminated are ACTIVE, each on a session of its own', () => {
  expect(outcome.mostWaiting).toBe(CONNECTIONS);
  expect(gone.size).toBe(GONE_WHILE_WAITING + 1);
  expect(outcome.states.size).toBe(1 + CONNECTIONS - gone.size);
  expect(new Set(outcome.states.values())).toEqual(new Set(['ACTIVE']));
  expect(outcome.runs).toBeGreaterThanOrEqual(3); // two were terminated
});

test('at least 95 % of the slots that gap and median open time leave room for are used, and a slot costs at most 20 events and 2.5 KB', () => {
  const { undisturbed, medianOpenMs, medianCost } = outcome;
  const [slots, ms] = [sum(undisturbed.map((one) => one.slots)), sum(undisturbed.map((one) => one.ms))];
  const percent = (share: number) => (100 * share).toFixed(1);
  const shares = undisturbed.filter((one) => one.slots >= SLOTS_BETWEEN - 1).map((one) => used(one, GAP_MS));
  process.stderr.write(
    `gate: ${slots} slots in ${(ms / 1000).toFixed(1)} s without faults, median open time ${medianOpenMs.toFixed(0)} ms: ` +
      `${percent(used({ slots, ms, medianOpenMs }, GAP_MS))} % used (${shares.map(percent).join(', ')}); ` +
      `${medianCost.events} events and ${medianCost.bytes} bytes a slot\n`,
  );
  expect(shares.length).toBeGreaterThanOrEqual(6);
  expect(usedWhenCalm(shares)).toBeGreaterThanOrEqual(0.95);
  expect(medianCost.events).toBeLessThanOrEqual(20);
  expect(medianCost.bytes).toBeLessThanOrEqual(2500);
});
