import { readFileSync } from 'node:fs';
import { inTurns } from '../../client/in-turns.ts';
import { SealingKeySet } from '../../sealing/key-set.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { connectionWorkflowId, sessionGateWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import { MOST_WAITING, type SlotRequest } from '../../workflows/slots.ts';
import type { ConnectionState } from '../../workflows/state.ts';
import type { KeeperProcess } from '../support/process.ts';
import { servedUsers } from '../support/served-users.ts';
import { quietRuntime, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Asked, askEvenly, gateClientAt } from './support/askers.ts';
import { Disturbances, sessionRequests, used, usedWhenCalm } from './support/disturbances.ts';
import { freeze } from './support/freeze.ts';
import { type GrantedSlot, ObservedGate } from './support/gate.ts';
import { type GateRun, gateRun } from './support/gate-run.ts';
import { pendingActivity } from './support/operator.ts';
import { type Scene, scene } from './support/scene.ts';

/**
 * Thousands ask one gate within a minute, evenly spread, while users whose sessions have ended get new ones, workers' clocks are an
 * hour off, and whatever can fail does. What counts is when the requests arrived at the bank.
 */

quietRuntime();

const GAP_MS = 2000;
/** Their sessions have ended, and somebody waits for each. They come as those before them are served, so many as that takes. */
const USERS = Array.from({ length: 200 }, (_, index) => `big/user-${index}`);
/** So many wait at least when something fails: however long that lasts on a busy machine, none of those without a workflow has its turn. */
const USERS_WAITING = 30;
/** Of another provider: it comes last. */
const LATECOMER = 'small/user-0';
/** In no hurry: their requests fill the queue, and drop out of it. No workflow is behind these ids, as after an end that nobody told the gate of. */
const WAITING = Array.from({ length: 10_000 }, (_, index) => `big/waiting-${index}`);
/** Each of them once, and half of them again. */
const ASKS = 15_000;
const ASKS_A_SECOND = 250;
/** A minute, where the machine has that much to give. */
const ASKS_WITHIN_MS = 240_000;
const SLOTS_BETWEEN = 6;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Outcome {
  readonly arrivals: { readonly atMs: number; readonly admitted: boolean }[];
  readonly asked: Asked;
  readonly runs: readonly GateRun[];
  readonly slots: readonly GrantedSlot[];
  readonly mostWaiting: number;
  readonly shares: readonly number[];
  readonly states: ReadonlyMap<string, string>;
}

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let gate: ObservedGate;
let disturbances: Disturbances;
let outcome: Outcome;
const workers: KeeperProcess[] = [];
/** Users, in the order in which they came. */
const came: string[] = [];
const gone: string[] = [];

beforeAll(async () => {
  [temporal, bank] = await Promise.all([
    temporalServer({ registered: true }),
    startSimulator({ callRateLimits: false, sessionGapMs: GAP_MS }),
  ]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS / 1000}s`, KEEPER_CALL_LIMITS: 'off' });
  gate = new ObservedGate(temporal.client, sessionGateWorkflowId(here.environment, 'default'));
  disturbances = new Disturbances(bank, gate, SLOTS_BETWEEN);
  const states = await usersWithoutSession([...USERS, LATECOMER]);
  workers.push(...(await Promise.all([HOUR_MS, -HOUR_MS].map(startWorkerWithClock))));
  const clients = await Promise.all(workers.map(() => gateClientAt(temporal.address, here.environment)));
  const asking = askEvenly(clients, asks(), ASKS_A_SECOND, AbortSignal.timeout(ASKS_WITHIN_MS));
  const latecomer = states.pop()!;
  const usersCome = async () => {
    const toCome = Math.max(0, USERS_WAITING - (came.length - gone.length - disturbances.sessions));
    came.push(...(await inTurns(states.splice(0, toCome), start)));
  };
  const disturb = async (what: string, inject: () => Promise<void>) => {
    await usersCome();
    await disturbances.disturb(what, inject);
  };
  await usersCome();
  await untilFull();
  await disturb('a worker is killed while it opens a session', () => disturbances.whileASlotIsOut(killItsWorker));
  await disturb('connections are terminated while they wait', async () => {
    gone.push(...came.slice(-5));
    await Promise.all(gone.map((name) => handle(name).terminate('an operator did it')));
  });
  await disturb('a worker is frozen while it opens a session', () => disturbances.whileASlotIsOut(freezeItsWorker));
  await disturb('another provider comes', async () => {
    await start(latecomer);
  });
  await disturb('the Temporal server is killed while a slot is out', () =>
    disturbances.whileASlotIsOut(async () => {
      await temporal.kill();
      await temporal.restart();
    }),
  );
  await disturb('slots are given back twice, late, and by whom they were not granted', async () => {
    const { returned } = await gate.slots();
    for (const requestId of [...returned.slice(0, 2), 'never granted'])
      await clients[0]!.giveBack('default', {
        workflowId: connectionWorkflowId(here.environment, USERS[0]!),
        requestId,
        sent: true,
        outcome: 'other',
      });
  });
  await disturb('the gate is terminated with a full queue', async () => {
    await askEvenly(clients, asks().slice(-MOST_WAITING), ASKS_A_SECOND, AbortSignal.timeout(ASKS_WITHIN_MS));
    await untilFull();
    await gate.terminate();
  });
  outcome = await observe(await asking);
});
afterAll(() => bank?.close());

const untilFull = () => until('the queue is full', async () => (await gate.slots()).queue.length === MOST_WAITING);

const handle = (name: string) => temporal.client.workflow.getHandle(connectionWorkflowId(here.environment, name));

async function usersWithoutSession(names: readonly string[]): Promise<ConnectionState[]> {
  const keys = SealingKeySet.parse(readFileSync(here.sealingKeysFile, 'utf8'), here.sealingKeysFile);
  const nowMs = Date.now();
  const states = await servedUsers(bank, names, {
    environment: here.environment,
    egress: 'default',
    keys,
    openedAtMs: nowMs - 7 * DAY_MS,
    expiresAtMs: (index) => nowMs - HOUR_MS + index,
  });
  return states.map((state) => ({ ...state, waitedForUntilMs: nowMs + HOUR_MS }));
}

/** Its name. */
const start = (state: ConnectionState): Promise<string> =>
  temporal.client.workflow
    .start('userConnection', {
      workflowId: connectionWorkflowId(here.environment, state.name),
      taskQueue: workflowTaskQueue(here.environment),
      args: [{ state }],
    })
    .then(() => state.name);

/** Of each once, and of half of them again: the same request. */
function asks(): SlotRequest[] {
  const request = (name: string, index: number): SlotRequest => ({
    workflowId: connectionWorkflowId(here.environment, name),
    requestId: `request of ${name}`,
    class: 'bulk',
    deadlineMs: Date.now() + DAY_MS + index,
    provider: 'big',
  });
  const once = WAITING.map(request);
  return [...once, ...once].slice(0, ASKS);
}

/** Its own `Date`, before anything else is loaded, in its threads too. */
const startWorkerWithClock = (offMs: number) =>
  here.startWorkerAfter(
    `const now = Date.now;
    globalThis.Date = class extends Date {
      constructor(...given) { super(...(given.length > 0 ? given : [now() + ${offMs}])); }
      static now() { return now() + ${offMs}; }
    };`,
  );

async function workerOf(workflowId: string): Promise<KeeperProcess> {
  const { lastWorkerIdentity } = (await pendingActivity(temporal.client, workflowId, 'openSession'))!;
  return workers.find(({ pid }) => lastWorkerIdentity?.startsWith(`${pid}@`))!;
}

async function killItsWorker(workflowId: string): Promise<void> {
  const worker = await workerOf(workflowId);
  const index = workers.indexOf(worker);
  await worker.kill();
  workers[index] = await startWorkerWithClock(index === 0 ? HOUR_MS : -HOUR_MS);
}

/** For longer than Temporal and the gate wait for it without hearing of it; then it goes on with the bank's answer. */
async function freezeItsWorker(workflowId: string): Promise<void> {
  const { pid } = await workerOf(workflowId);
  freeze(pid);
  const wakeAtMs = Date.now() + 12_000;
  bank.releaseFaults();
  await until('12 s are over', () => Date.now() >= wakeAtMs);
  process.kill(pid, 'SIGCONT');
}

async function observe(asked: Asked): Promise<Outcome> {
  const names = [...came, LATECOMER].filter((name) => !gone.includes(name));
  const states = new Map<string, string>();
  for (const name of names) {
    const isActive = async () => states.set(name, (await here.keeper.status(name)).state).get(name) === 'ACTIVE';
    await until(`${name} is ACTIVE`, isActive, { everyMs: 500, seen: () => states.get(name) });
  }
  const nowMs = Date.now();
  const runs = (await gate.allRuns()).map(gateRun);
  const slots = runs.flatMap((run) => run.slots).filter(({ givenBackAtMs }) => givenBackAtMs !== null);
  return {
    arrivals: sessionRequests(bank).map(({ at, admitted }) => ({ atMs: at, admitted })),
    asked,
    runs,
    slots: runs.flatMap((run) => run.slots),
    mostWaiting: Math.max(...runs.map((run) => run.waitingAtStart)),
    shares: disturbances
      .undisturbed(slots, nowMs)
      .filter((one) => one.slots >= SLOTS_BETWEEN - 1)
      .map((one) => used(one, GAP_MS)),
    states,
  };
}

test('no two requests for a session arrive within the gap, and the bank refuses none', () => {
  const { arrivals } = outcome;
  const distances = arrivals.slice(1).map(({ atMs }, index) => atMs - arrivals[index]!.atMs);
  process.stderr.write(`gate: ${arrivals.length} sessions, ${Math.min(...distances)} ms apart at least\n`);
  expect(arrivals.filter(({ admitted }) => !admitted)).toEqual([]);
  expect(Math.min(...distances)).toBeGreaterThanOrEqual(GAP_MS);
});

test('thousands of asks come nowhere near what a run, a task and a queue can take', () => {
  const { asked, runs, mostWaiting } = outcome;
  const most = (of: (run: GateRun) => number) => Math.max(...runs.map(of));
  process.stderr.write(
    `gate: ${asked.asks} asks in ${(asked.ms / 1000).toFixed(0)} s (${asked.notTaken} times away), ${runs.length} runs, each of at most ` +
      `${most((run) => run.signals)} signals, ${most((run) => run.events)} events and ${(most((run) => run.bytes) / 1e6).toFixed(1)} MB; ` +
      `at most ${most((run) => run.signalsOfOneTask)} signals sent by one task and ${most((run) => run.tasksRefused)} tasks not taken; ${mostWaiting} waited\n`,
  );
  expect(asked.asks).toBe(ASKS);
  expect(most((run) => run.signals)).toBeLessThan(5000); // of 10,000 that the server takes
  expect(most((run) => run.signalsOfOneTask)).toBeLessThanOrEqual(101); // of 2,000 pending that it takes
  expect(mostWaiting).toBe(MOST_WAITING);
});

test('nobody is lost: every user that was not terminated is ACTIVE', () => {
  expect(outcome.states.size).toBe(came.length - gone.length + 1);
  expect(new Set(outcome.states.values())).toEqual(new Set(['ACTIVE']));
});

test('a connection asks once a gate, however often its worker, its server or its gate ended: nobody herds', () => {
  const gates = outcome.runs.filter(({ isFirst }) => isFirst).length;
  expect(gates).toBe(2);
  for (const name of came) {
    const workflowId = connectionWorkflowId(here.environment, name);
    const asks = outcome.runs.flatMap((run) => run.asks).filter((ask) => ask.workflowId === workflowId);
    expect(asks.length).toBeLessThanOrEqual(2 * gates);
  }
});

test('the one user of a provider that comes last has its slot after at most two of the many of another', () => {
  const workflowId = connectionWorkflowId(here.environment, LATECOMER);
  const askedAtMs = outcome.runs.flatMap((run) => run.asks).find((ask) => ask.workflowId === workflowId)!.atMs;
  const own = outcome.slots.find((slot) => slot.workflowId === workflowId)!;
  const before = outcome.slots.filter(({ grantedAtMs }) => grantedAtMs > askedAtMs && grantedAtMs < own.grantedAtMs);
  expect(before.length).toBeLessThanOrEqual(2);
});

test('at least 95 % of the slots that gap and median open time leave room for are used', () => {
  const { shares } = outcome;
  process.stderr.write(`gate: ${shares.map((share) => (100 * share).toFixed(1)).join(', ')} % of the slots used between faults\n`);
  expect(shares.length).toBeGreaterThanOrEqual(6);
  expect(usedWhenCalm(shares)).toBeGreaterThanOrEqual(0.95);
});
