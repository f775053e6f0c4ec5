import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker } from '@temporalio/worker';
import type { Dependencies } from '../../activities/dependencies.ts';
import { createActivities } from '../../activities/index.ts';
import { createBank, type Timeouts } from '../../bunq/bank.ts';
import { systemClock } from '../../settings/clock.ts';
import { type Settings, type Simulator, startSimulator } from '../../simulator/index.ts';
import { egressTaskQueue, sessionGateWorkflowId } from '../../workflows/names.ts';
import { dependencies, IDENTITY, isWithoutBank } from './dependencies.ts';
import { terminateAtRest } from './terminate.ts';
import type { VirtualTime } from './virtual-time.ts';

/** Everything is on this machine: what takes longer is lost. */
const TIMEOUTS: Timeouts = { connectMs: 4000, headersMs: 4000, bodyMs: 4000, totalMs: 4000 };

const IMPATIENT_MS = 20;

export interface EgressOptions {
  readonly environment: string;
  readonly name: string;
  readonly settings: Partial<Settings>;
  /** What the bank holds back is given up within milliseconds: time-outs cost next to nothing, and no healthy call is given up for it. */
  readonly isImpatient: boolean;
  /** Of the bank's dice. */
  readonly seed?: string;
}

/** One public address: a bank, and the worker through which every connection of this egress calls it. */
export interface TestEgress {
  readonly name: string;
  readonly simulator: Simulator;
  end(): Promise<void>;
}

export async function startEgress(
  temporal: TestWorkflowEnvironment,
  time: VirtualTime,
  { environment, name, settings, isImpatient, seed }: EgressOptions,
): Promise<TestEgress> {
  await time.pull();
  const simulator = await startSimulator({
    serverPrivateKeyPem: await serverKey(),
    ...settings,
    ...(seed !== undefined && { seed }),
    nowMs: () => time.pulledMs,
  });
  const clock = isImpatient ? { ...systemClock, deadline: (ms: number) => deadline(ms, () => isHolding(simulator)) } : systemClock;
  const tokenUrl = new URL('token', simulator.apiUrl).href;
  const bank = createBank({ apiUrl: simulator.apiUrl, tokenUrl, clock, timeouts: TIMEOUTS });
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    identity: IDENTITY,
    taskQueue: egressTaskQueue(environment, name),
    activities: bankCalls(dependencies(temporal, environment, bank), time),
    maxConcurrentActivityTaskPolls: 2,
    shutdownGraceTime: '1s',
  });
  const running = worker.run();
  return {
    name,
    simulator,
    async end() {
      await terminateAtRest(temporal.client.workflow.getHandle(sessionGateWorkflowId(environment, name)));
      worker.shutdown();
      await running;
      await bank.close();
      await simulator.close();
    },
  };
}

/** After the bank's clock was pulled: virtual time goes at the real rate while they run. */
function bankCalls(given: Dependencies, time: VirtualTime): object {
  const pulled =
    (activity: (...input: unknown[]) => Promise<unknown>) =>
    async (...input: unknown[]) => {
      await time.pull();
      return activity(...input);
    };
  const all = Object.entries(createActivities(given)) as [string, (...input: unknown[]) => Promise<unknown>][];
  return Object.fromEntries(all.filter(([name]) => !isWithoutBank(name)).map(([name, activity]) => [name, pulled(activity)]));
}

function deadline(ms: number, isHeld: () => boolean): AbortSignal {
  const controller = new AbortController();
  const startedAtMs = performance.now();
  const watch = setInterval(() => {
    if (!isHeld() && performance.now() - startedAtMs < ms) return;
    clearInterval(watch);
    controller.abort(new DOMException('not in time', 'TimeoutError'));
  }, IMPATIENT_MS).unref();
  return controller.signal;
}

const isHolding = (simulator: Simulator) => simulator.faults().some(({ kind, held }) => held > 0 && kind.startsWith('hold'));

let serverPrivateKeyPem: Promise<string> | undefined;

/** One for all banks of a test file: making one takes a tenth of a second. */
function serverKey(): Promise<string> {
  serverPrivateKeyPem ??= promisify(generateKeyPair)('rsa', { modulusLength: 2048 }).then(
    ({ privateKey }) => privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
  );
  return serverPrivateKeyPem;
}
