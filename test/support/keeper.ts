import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { type InjectedSinks, Worker, type WorkerOptions } from '@temporalio/worker';
import type { Settings } from '../../simulator/index.ts';
import type { KeeperSinks } from '../../workflows/events.ts';
import { workflowTaskQueue } from '../../workflows/names.ts';
import { atEnd } from './at-end.ts';
import { builtWorkflows } from './build.ts';
import { TestConnection } from './connection.ts';
import { activitiesWithoutBank, IDENTITY } from './dependencies.ts';
import { type EgressOptions, startEgress, type TestEgress } from './egress.ts';
import { restlessness } from './restlessness.ts';
import { timeSkippingEnvironment } from './temporal.ts';
import { terminateAtRest } from './terminate.ts';
import { VirtualTime } from './virtual-time.ts';

/** The workers of one environment on a time-skipping server. Each connection has a bank and an address of its own, unless it is told otherwise. */
export interface TestKeeper {
  readonly time: VirtualTime;
  /** A connection, not started yet. */
  connection(name: string, settings?: Partial<Settings>, options?: ConnectionOptions): Promise<TestConnection>;
  /** A connection that shares another's bank and address, and with them its gate. */
  connectionBeside(other: TestConnection, name: string): TestConnection;
  /** Ends a connection; with the last one of an egress goes its bank. What was wrong with it is left unsaid. */
  end(connection: TestConnection): Promise<void>;
  /**
   * For `afterEach`: ends the connections of the test, replays their histories, and throws what is wrong with any that did not
   * keep calm.
   */
  finish(): Promise<void>;
}

export type ConnectionOptions = Partial<Pick<EgressOptions, 'isImpatient' | 'seed'>>;

let server: Promise<TestWorkflowEnvironment> | undefined;

/** Starts workers, on the one server of the test file. */
export async function startKeeper(environment: string, options: Pick<WorkerOptions, 'maxCachedWorkflows'> = {}): Promise<TestKeeper> {
  server ??= timeSkippingEnvironment();
  const temporal = await server;
  const keeper = new Keeper(temporal, environment);
  await startWorkflowWorker(temporal, environment, { sinks: keeper.sinks, ...options, taskQueue: workflowTaskQueue(environment) });
  atEnd(() => keeper.endAll());
  return keeper;
}

class Keeper implements TestKeeper {
  readonly time: VirtualTime;
  readonly #temporal: TestWorkflowEnvironment;
  readonly #environment: string;
  readonly #egressOf = new Map<TestConnection, TestEgress>();
  readonly #ending = new Set<Promise<void>>();
  #egresses = 0;

  constructor(temporal: TestWorkflowEnvironment, environment: string) {
    this.#temporal = temporal;
    this.#environment = environment;
    this.time = new VirtualTime(temporal);
  }

  /** What connections tell the log, for the tests. Time goes at the real rate while a workflow's task is being done: what is pulled then is exact. */
  get sinks(): InjectedSinks<KeeperSinks> {
    const tell = async (workflowId: string, note: (connection: TestConnection) => void) => {
      const connection = [...this.#egressOf.keys()].find((open) => open.workflowId === workflowId);
      if (!connection) return;
      await this.time.pull();
      note(connection);
    };
    return {
      keeper: {
        stateChanged: {
          fn: (_info, status) => tell(status.workflowId, (connection) => connection.noteState(status)),
          callDuringReplay: false,
        },
        sessionServed: {
          fn: (_info, status, sessionId) => tell(status.workflowId, (connection) => connection.noteServed(status, sessionId)),
          callDuringReplay: false,
        },
        grantRevoked: { fn: () => {}, callDuringReplay: false },
        eventUndelivered: { fn: () => {}, callDuringReplay: false },
        certificateExpiring: {
          fn: (_info, status, { daysLeft }) => tell(status.workflowId, (connection) => connection.noteExpiring(daysLeft)),
          callDuringReplay: false,
        },
        sessionRenewed: { fn: () => {}, callDuringReplay: false },
        stepFailed: { fn: () => {}, callDuringReplay: false },
        repaired: { fn: () => {}, callDuringReplay: false },
      },
    };
  }

  async connection(
    name: string,
    settings: Partial<Settings> = {},
    { isImpatient = false, ...more }: ConnectionOptions = {},
  ): Promise<TestConnection> {
    const egress = `${name}-${++this.#egresses}`; // a gate remembers, and the next test has a connection of the same name
    return this.#open(
      name,
      await startEgress(this.#temporal, this.time, { environment: this.#environment, name: egress, settings, isImpatient, ...more }),
    );
  }

  connectionBeside(other: TestConnection, name: string): TestConnection {
    return this.#open(name, this.#egressOf.get(other)!);
  }

  #open(name: string, egress: TestEgress): TestConnection {
    const { client } = this.#temporal;
    const { simulator } = egress;
    const connection = new TestConnection({
      client,
      environment: this.#environment,
      name,
      egress: egress.name,
      simulator,
      time: this.time,
    });
    this.#egressOf.set(connection, egress);
    return connection;
  }

  end(connection: TestConnection): Promise<void> {
    const ended = this.#end(connection);
    this.#ending.add(ended);
    return ended;
  }

  async #end(connection: TestConnection): Promise<void> {
    const egress = this.#egressOf.get(connection);
    if (!egress) return;
    this.#egressOf.delete(connection);
    await terminateAtRest(connection.handle);
    if (![...this.#egressOf.values()].includes(egress)) await egress.end();
  }

  async endAll(): Promise<void> {
    for (const connection of [...this.#egressOf.keys()]) await this.end(connection);
    await Promise.allSettled(this.#ending); // those that a test left behind too: the server must not go before their workers
  }

  async finish(): Promise<void> {
    const faults: string[] = [];
    for (const connection of [...this.#egressOf.keys()]) {
      await terminateAtRest(connection.handle);
      faults.push(...(await restlessness(connection)));
      for (const history of await connection.histories())
        await Worker.runReplayHistory({ workflowBundle: bundle(), sinks: this.sinks }, history);
      await this.end(connection);
    }
    if (faults.length > 0) throw new Error(faults.join('\n'));
  }
}

let built: { code: string } | undefined;

const bundle = () => (built ??= builtWorkflows());

async function startWorkflowWorker(
  temporal: TestWorkflowEnvironment,
  environment: string,
  options: Pick<WorkerOptions, 'sinks' | 'maxCachedWorkflows' | 'taskQueue'>,
): Promise<void> {
  const worker = await Worker.create({
    connection: temporal.nativeConnection,
    identity: IDENTITY,
    shutdownGraceTime: '1s',
    ...options,
    workflowBundle: bundle(),
    activities: activitiesWithoutBank(temporal, environment),
  });
  const running = worker.run();
  atEnd(async () => {
    worker.shutdown();
    await running;
  });
}
