import { join } from 'node:path';
import type { Surroundings } from '../../activities/surroundings.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { sessionGateWorkflowId } from '../../workflows/names.ts';
import { builtWorkflows, ROOT } from '../support/build.ts';
import { quietRuntime, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { untilStatus } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { providerOfItsOwn } from './support/who.ts';
import { runWorker } from './support/worker.ts';

/**
 * A worker dies when the gate has what it asked for, and before Temporal knows that: the slot is granted while the connection still waits
 * to hear that it has asked.
 */

quietRuntime();

const GATES = 'gates';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ sessionGapMs: 1000 })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
});
afterAll(() => bank?.close());

/** On a worker of its own, which does not die. */
async function startGate() {
  const surroundings: Partial<Surroundings> = { sessionGapMs: 1000 };
  await runWorker(temporal.address, {
    taskQueue: GATES,
    workflowBundle: builtWorkflows(),
    activities: { readSurroundings: async () => surroundings },
  });
  return temporal.client.workflow.start('sessionGate', {
    workflowId: sessionGateWorkflowId(here.environment, 'default'),
    taskQueue: GATES,
    args: [{ version: 2, environment: here.environment, egress: 'default', replaces: false }],
  });
}

/** It dies as soon as Temporal has taken what it asks the gate. */
const startMortalWorker = () =>
  here.startWorkerAfter(
    `import { createRequire } from 'node:module';
    const { WorkflowClient } = createRequire(${JSON.stringify(join(ROOT, 'package.json'))})('@temporalio/client');
    const { signalWithStart } = WorkflowClient.prototype;
    WorkflowClient.prototype.signalWithStart = async function (...given) {
      await signalWithStart.apply(this, given);
      process.kill(process.pid, 'SIGKILL');
    };`,
  );

test('a connection whose slot came before it is known that it asked for one asks for another, and opens its session', async () => {
  const [gate, mortal] = await Promise.all([startGate(), startMortalWorker()]);
  await here.keeper.onboard('acme', await providerOfItsOwn(here.folder, 'acme', ['https://acme.example/callback']));
  expect(await mortal.ended()).toMatchObject({ signal: 'SIGKILL' });
  const isGranted = async () => (await gate.fetchHistory()).events!.some((event) => event.externalWorkflowExecutionSignaledEventAttributes);
  await until('the slot is granted to the one whose worker has died', isGranted);
  await here.startWorker();
  await untilStatus(here.keeper, 'acme', ({ state }) => state === 'ACTIVE');
  expect(bank.state().sessions).toHaveLength(1);
});
