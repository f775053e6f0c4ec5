import { readFileSync } from 'node:fs';
import { activityInfo } from '@temporalio/activity';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { Dependencies } from '../../activities/dependencies.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import { createBank } from '../../bunq/bank.ts';
import { systemClock } from '../../settings/clock.ts';
import { type Settings, startSimulator } from '../../simulator/index.ts';
import { eventLog } from '../../worker/event-log.ts';
import { createGateClient } from '../../worker/gate-client.ts';
import { confirmAttempt, readAttempt } from '../../worker/temporal.ts';
import { egressTaskQueue, providerWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import { atEnd } from './at-end.ts';
import { currentBuild } from './build.ts';
import { EGRESS, TestConnection } from './connection.ts';
import { sealingKeys, signers } from './credentials.ts';
import { restlessness } from './restlessness.ts';
import { SEARCH_ATTRIBUTES, timeSkippingEnvironment } from './temporal.ts';
import { VirtualTime } from './virtual-time.ts';

/** Everything is on this machine: what takes longer is lost. */
const TIMEOUTS = { connectMs: 1000, headersMs: 1000, bodyMs: 1000, totalMs: 1000 };

/** The workers of one environment on a time-skipping server. Each connection speaks to a bank of its own. */
export interface TestKeeper {
  readonly time: VirtualTime;
  /** A connection, not started yet, with a bank of its own. */
  connection(name: string, settings?: Partial<Settings>): Promise<TestConnection>;
  /**
   * For `afterEach`: ends the connections of the test, replays their histories, and throws what is wrong with any that did not
   * keep calm.
   */
  finish(): Promise<void>;
}

let server: Promise<TestWorkflowEnvironment> | undefined;

/** Starts workers, on the one server of the test file. */
export async function startKeeper(environment: string, options: Pick<WorkerOptions, 'maxCachedWorkflows'> = {}): Promise<TestKeeper> {
  server ??= timeSkippingEnvironment();
  const temporal = await server;
  const time = new VirtualTime(temporal);
  const activitiesOf = new Map<string, Activities>();
  const open: TestConnection[] = [];
  await startWorkers(
    temporal,
    environment,
    routed(activitiesOf, createActivities(dependencies(temporal, environment, NO_BANK)), time),
    options,
  );
  return {
    time,
    async connection(name, settings) {
      await time.pull();
      const simulator = await startSimulator({ ...settings, nowMs: () => time.pulledMs });
      atEnd(() => simulator.close());
      const bank = createBank({ apiUrl: simulator.apiUrl, clock: systemClock, timeouts: TIMEOUTS });
      atEnd(() => bank.close());
      activitiesOf.set(providerWorkflowId(environment, name), createActivities(dependencies(temporal, environment, bank)));
      const connection = new TestConnection({ client: temporal.client, environment, name, simulator, time });
      open.push(connection);
      return connection;
    },
    async finish() {
      const faults: string[] = [];
      for (const connection of open.splice(0)) {
        await end(connection);
        faults.push(...(await restlessness(connection)));
        for (const history of await connection.histories())
          await Worker.runReplayHistory({ workflowBundle: bundle(), sinks: SILENT }, history);
      }
      if (faults.length > 0) throw new Error(faults.join('\n'));
    },
  };
}

/** Gates call no bank. */
const NO_BANK = {} as Dependencies['bank'];

const SILENT = eventLog({ info: () => {}, warn: () => {}, error: () => {} });

const IDENTITY = 'workers of the test';

function dependencies({ nativeConnection }: TestWorkflowEnvironment, environment: string, bank: Dependencies['bank']): Dependencies {
  const server = { connection: nativeConnection, namespace: 'default' };
  return {
    environment,
    bank,
    sealingKeys,
    clock: systemClock,
    signers,
    gate: createGateClient(server, environment, systemClock.nowMs),
    confirmAttempt: confirmAttempt(server, IDENTITY, systemClock),
    readAttempt: readAttempt(server, systemClock),
    searchAttributes: async () => Object.keys(SEARCH_ATTRIBUTES), // the test server takes them and cannot list them
    settings: { egressAddress: null, sessionGapMs: 30_000, settleMs: 60_000 },
  };
}

const ACTIVITY_NAMES = Object.keys(createActivities({} as Dependencies));

/** The activities of whichever connection calls, after the banks' clock was pulled: virtual time goes at the real rate meanwhile. */
function routed(activitiesOf: ReadonlyMap<string, Activities>, ofGate: Activities, time: VirtualTime): Activities {
  const route =
    (name: string) =>
    async (...input: unknown[]) => {
      await time.pull();
      const { workflowId = '' } = activityInfo().workflowExecution ?? {};
      const activities = (activitiesOf.get(workflowId) ?? ofGate) as unknown as Record<string, (...input: unknown[]) => Promise<unknown>>;
      return activities[name]!(...input);
    };
  return Object.fromEntries(ACTIVITY_NAMES.map((name) => [name, route(name)])) as unknown as Activities;
}

let code: string | undefined;

function bundle(): { code: string } {
  code ??= readFileSync(currentBuild().workflowBundle, 'utf8');
  return { code };
}

async function startWorkers(
  { nativeConnection: connection }: TestWorkflowEnvironment,
  environment: string,
  { readSurroundings, askForSlot, consultGate, ...calls }: Activities,
  options: Partial<WorkerOptions>,
): Promise<void> {
  const common = { connection, identity: IDENTITY, shutdownGraceTime: '1s' } satisfies Partial<WorkerOptions>;
  const workers = await Promise.all([
    Worker.create({
      ...common,
      ...options,
      taskQueue: workflowTaskQueue(environment),
      workflowBundle: bundle(),
      activities: { readSurroundings, askForSlot, consultGate },
      sinks: SILENT,
      enableNonLocalActivities: false,
    }),
    Worker.create({ ...common, taskQueue: egressTaskQueue(environment, EGRESS), activities: calls }),
  ]);
  const running = Promise.all(workers.map((worker) => worker.run()));
  atEnd(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
  });
}

/** A connection that goes on after its test would be one more for the next. */
async function end({ handle }: TestConnection): Promise<void> {
  const { status } = await handle.describe();
  if (status.name === 'RUNNING') await handle.terminate('its test is over');
}
