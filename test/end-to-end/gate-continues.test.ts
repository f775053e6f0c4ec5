import type { Client } from '@temporalio/client';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { sessionGateWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import type { GivenBack, SlotRequest, Slots } from '../../workflows/slots.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { scene } from './support/scene.ts';

/** A gate goes on in a new run after 1,000 signals, while they keep coming: nothing of what it knows is lost. */

const WAITING = 300;
/** More than a run takes; and on a busy machine, too, within the lease of the slot that is out. */
const SIGNALS = 1200;
const A_SECOND = 200;
/** So many at once. */
const VOLLEY = 10;
const RAISED_GAP_MS = 8000;

let temporal: TestTemporal;
let bank: Simulator;
let environment: string;
let gateId: string;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer({ registered: true }), startSimulator()]);
  const here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  ({ environment } = here);
  gateId = sessionGateWorkflowId(environment, 'default');
  await here.startWorker();
});
afterAll(() => bank?.close());

const client = (): Client => temporal.client;
const gate = () => client().workflow.getHandle(gateId);
const slots = () => gate().query<Slots>('slots');

async function slotsWhen(description: string, isSo: (slots: Slots) => boolean): Promise<Slots> {
  let present = await slots();
  const isNow = async () => {
    present = await slots();
    return isSo(present);
  };
  await until(description, isNow, { seen: () => ({ ...present, queue: present.queue.length }) });
  return present;
}

const ask = (request: SlotRequest) => gate().signal<[SlotRequest]>('ask', request);
const giveBack = (given: GivenBack) => gate().signal<[GivenBack]>('giveBack', given);

const request = (name: string, deadlineMs: number): SlotRequest => ({
  workflowId: `provider.${environment}.${name}`,
  requestId: `request of ${name}`,
  class: 'renewal',
  deadlineMs,
  provider: name,
});

/** A gate, and a workflow that hears of its slot and never gives it back, as one whose worker has died. */
async function letSomebodyHaveTheSlot(): Promise<{ workflowId: string; requestId: string }> {
  const taskQueue = workflowTaskQueue(environment);
  const start = (egress: string, workflowId: string) =>
    client().workflow.start('sessionGate', { workflowId, taskQueue, args: [{ version: 2, environment, egress, replaces: false }] });
  const deaf = sessionGateWorkflowId(environment, 'deaf');
  await start('deaf', deaf);
  await start('default', gateId);
  await ask({ ...request('first', 0), workflowId: deaf });
  await slotsWhen('the first slot is out', ({ out }) => out !== null);
  await giveBack({ workflowId: deaf, requestId: 'request of first', sent: true, outcome: 'other', gapMs: RAISED_GAP_MS });
  const { freeAtMs } = await slotsWhen('it came back', ({ out }) => out === null);
  await ask({ ...request('second', 0), workflowId: deaf });
  const { out } = await slotsWhen('the gap is over, and the second slot is out', (present) => present.out !== null);
  expect(out!.grantedAtMs).toBeGreaterThanOrEqual(freeAtMs);
  return { workflowId: deaf, requestId: 'request of second' };
}

/** At an even pace, however long the server takes for each. */
async function askAtAPace(): Promise<number> {
  const startedAtMs = Date.now();
  const sent: Promise<void>[] = [];
  for (let index = 0; index < SIGNALS; index++) {
    sent.push(ask(request(`acme-${index % WAITING}`, 1 + (index % WAITING))));
    const dueMs = startedAtMs + (sent.length / A_SECOND) * 1000;
    if (sent.length % VOLLEY === 0) await until('its time has come', () => Date.now() >= dueMs, { everyMs: 5 });
  }
  await Promise.all(sent);
  return (SIGNALS * 1000) / (Date.now() - startedAtMs);
}

test(`${SIGNALS} signals in one burst, up to ${A_SECOND} a second, get through while the gate continues as new: the queue, the slot that is out and the gap are the same`, async () => {
  const { workflowId, requestId } = await letSomebodyHaveTheSlot();
  const before = await slots();
  const { runId } = await gate().describe();
  const rate = await askAtAPace();
  const after = await slotsWhen('all have come', ({ queue }) => queue.length === WAITING);
  process.stderr.write(`gate: ${SIGNALS} signals got through at ${rate.toFixed(0)} a second\n`);
  expect((await gate().describe()).runId).not.toBe(runId);
  expect({ ...after, queue: [] }).toEqual({ ...before, queue: [] });
  expect(after.out).toMatchObject({ workflowId, requestId });
  expect(after.raisedGapMs).toBe(RAISED_GAP_MS);
  expect(after.queue.toSorted((a, b) => a.deadlineMs - b.deadlineMs)).toEqual(
    Array.from({ length: WAITING }, (_, index) => request(`acme-${index}`, 1 + index)),
  );
  const givenBackAtMs = Date.now();
  await giveBack({ workflowId, requestId, sent: true, outcome: 'opened' });
  const { freeAtMs } = await slotsWhen('the slot came back', ({ out }) => out === null);
  expect(freeAtMs).toBeGreaterThanOrEqual(givenBackAtMs + RAISED_GAP_MS);
});
