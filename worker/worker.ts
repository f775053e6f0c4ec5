import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { type InjectedSinks, Runtime, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Dependencies } from '../activities/dependencies.ts';
import { createActivities } from '../activities/index.ts';
import { createBank } from '../bunq/bank.ts';
import { systemClock } from '../settings/clock.ts';
import { SettingsError } from '../settings/read.ts';
import { createSigners, type OfferedSigners } from '../signers/signers.ts';
import type { KeeperSinks } from '../workflows/events.ts';
import { egressTaskQueue, signerTaskQueue, workflowTaskQueue } from '../workflows/names.ts';
import { atMostEvery } from './at-most-every.ts';
import { createGateClient } from './gate-client.ts';
import { countSlots } from './monitoring/counting.ts';
import type { Monitoring } from './monitoring/monitoring.ts';
import { createNeighbours } from './neighbours.ts';
import { registeredSearchAttributes } from './search-attributes.ts';
import type { WorkerSettings } from './settings.ts';
import { confirmAttempt, readAttempt, type TemporalServer } from './temporal.ts';
import { createWebhookSender } from './webhook.ts';

/** A task in hand is given this long when the worker is to stop: more than any bank call takes. */
const GRACE = '10s';

/** Caches are of no use to connections that wake once a month: a cached one holds about 0.4 MB. */
const CACHED_WORKFLOWS = 300;

/** A Temporal server on SQL leaves a connection to itself open, for half an hour, each time it lists them: not at the start of every run. */
const SEARCH_ATTRIBUTES_EVERY_MS = 60_000;

/** Stands in three events of every task, where the SDK's own takes 90 bytes. */
const BUILD_ID = 'bunq-keeper 0.1';

/** The bundle lies beside the compiled code; it is built with it. */
export const workflowBundlePath = () => new URL('../workflow-bundle.js', import.meta.url);

/** Who polls: host and process, and last the ids of its sealing keys, by which a rotation sees who lacks one. */
export const workerIdentity = ({ sealingKeys }: WorkerSettings) => `${process.pid}@${hostname()} keys ${sealingKeys.keyIds.join(',')}`;

/** The Temporal workers of one process: workflows, the bank calls of its egress, and the signatures of each named signer. */
export async function createWorkers(
  settings: WorkerSettings,
  server: TemporalServer,
  sinks: InjectedSinks<KeeperSinks>,
  { metrics, bankObserver }: Pick<Monitoring, 'metrics' | 'bankObserver'>,
  workflowBundle = workflowBundlePath(),
): Promise<{ workers: Worker[]; signers: OfferedSigners; close(): Promise<void> }> {
  const { bank: environment } = settings;
  const bank = createBank({
    apiUrl: environment.apiUrl,
    tokenUrl: environment.tokenUrl,
    clock: systemClock,
    pacing: settings.pacing,
    proxy: settings.proxy,
    way: settings.way,
    observer: bankObserver,
  });
  const identity = workerIdentity(settings);
  const offered = createSigners(environment.name, settings.signing, (line) => Runtime.instance().logger.warn(line));
  const webhook = settings.webhook && createWebhookSender(settings.webhook, settings.proxy);
  const activities = createActivities({
    ...dependenciesOf(settings, server, bank, identity),
    signers: offered,
    webhook: webhook?.tell ?? null,
  });
  const { readSurroundings, askForSlot, consultGate, reseal, signQseal, ...bankCalls } = activities;
  const common = {
    connection: server.connection,
    namespace: server.namespace,
    identity,
    shutdownGraceTime: GRACE,
    ...deploymentOptions(settings),
  } satisfies Partial<WorkerOptions>;
  const workflows: WorkerOptions = {
    ...common,
    taskQueue: workflowTaskQueue(environment.name),
    workflowBundle: { code: bundledWorkflows(workflowBundle) },
    activities: { readSurroundings, askForSlot, consultGate, reseal },
    sinks,
    maxCachedWorkflows: CACHED_WORKFLOWS,
    stickyQueueScheduleToStartTimeout: '2s', // after a kill, the dead worker's own queue holds a task this long (10 s by default)
  };
  const calls: WorkerOptions = {
    ...common,
    taskQueue: egressTaskQueue(environment.name, settings.egress),
    activities: { ...bankCalls, signQseal },
    interceptors: {
      activity: [({ info }) => (info.activityType === 'openSession' ? { inbound: countSlots(metrics, settings.egress) } : {})],
    },
  };
  const signers = [...settings.signing.signers.keys()].map(
    (signer): WorkerOptions => ({ ...common, taskQueue: signerTaskQueue(environment.name, signer), activities: { signQseal } }),
  );
  const workers = await Promise.all([workflows, calls, ...signers].map((options) => Worker.create(options)));
  return { workers, signers: offered, close: async () => void (await Promise.all([bank.close(), webhook?.close()])) };
}

/** Nothing is bundled here instead: what a worker runs is what was built and tested. @throws SettingsError where it is not there */
function bundledWorkflows(bundle: URL): string {
  try {
    return readFileSync(bundle, 'utf8');
  } catch (error) {
    const wanted = 'it is built with bunq-keeper and belongs to it. Install bunq-keeper again; in a checkout: npm run build';
    throw new SettingsError([`The workflows' code cannot be read (${(error as Error).message}): ${wanted}`]);
  }
}

function dependenciesOf(
  settings: WorkerSettings,
  server: TemporalServer,
  bank: Dependencies['bank'],
  identity: string,
): Omit<Dependencies, 'signers' | 'webhook'> {
  const { bank: environment, sealingKeys, egressAddress, sessionGapMs, settleMs } = settings;
  const searchAttributes = atMostEvery(
    (_tookMs, failed) => (failed ? 0 : SEARCH_ATTRIBUTES_EVERY_MS),
    systemClock.monotonicMs,
    () => registeredSearchAttributes(server.connection, server.namespace),
  );
  const neighbours = createNeighbours(server, environment.name, searchAttributes);
  return {
    environment: environment.name,
    bank,
    sealingKeys,
    clock: systemClock,
    gate: createGateClient(server, environment.name, systemClock, neighbours),
    confirmAttempt: confirmAttempt(server, identity, systemClock),
    readAttempt: readAttempt(server, systemClock),
    searchAttributes,
    settings: { egressAddress, sessionGapMs, settleMs },
  };
}

/** Off unless both are set: a versioned worker gets no task until its version is made current. */
const deploymentOptions = ({ deployment }: WorkerSettings): Partial<WorkerOptions> =>
  deployment
    ? {
        workerDeploymentOptions: {
          useWorkerVersioning: true,
          version: { deploymentName: deployment.name, buildId: deployment.buildId },
          defaultVersioningBehavior: 'AUTO_UPGRADE',
        },
      }
    : { buildId: BUILD_ID };
