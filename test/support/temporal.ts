import { join } from 'node:path';
import { inspect } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { interceptors } from '../../client/closed-connection.ts';
import { exited } from '../../client/dev/spawn-tied.ts';
import { findTemporalBinary } from '../../client/dev/temporal-binary.ts';
import { projectCacheDir } from '../../client/dev/temporal-cache.ts';
import { startTemporalServer, type TemporalServer } from '../../client/dev/temporal-server.ts';
import { findTestServer } from '../../client/dev/temporal-test-server.ts';
import { atEnd, temporaryFolder } from './at-end.ts';
import { noteStoppedServer } from './stopped-server.ts';

/** As the worker registers them. */
export const SEARCH_ATTRIBUTES = {
  KeeperState: 'Keyword',
  KeeperEnvironment: 'Keyword',
  KeeperProvider: 'Keyword',
  KeeperEgress: 'Keyword',
  KeeperAction: 'Keyword',
  KeeperRenewAt: 'Datetime',
  KeeperExpiresAt: 'Datetime',
  KeeperCertificateExpiresOn: 'Int',
} as const;

/** `temporal.api.enums.v1.IndexedValueType` */
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3, Datetime: 6 } as const;

/** Connections to this machine bypass any proxy. */
const DIRECT = { channelArgs: { 'grpc.enable_http_proxy': 0 } };

/** A Temporal development server of the test file's own; it ends with the file. */
export interface TestTemporal {
  readonly address: string;
  readonly client: Client;
  readonly dbFile: string;
  readonly logFile: string;
  /** The server that runs now: its pid, its UI. */
  readonly server: TemporalServer;
  /** At once, as by SIGKILL. */
  kill(): Promise<void>;
  /** Starts it again after `kill`, on the same address and database. */
  restart(): Promise<void>;
}

/**
 * Starts a real Temporal server on free ports and a database in a temporary folder.
 *
 * @param registered whether the namespace has the keeper's search attributes from the start
 */
export async function temporalServer({ registered = false }: { readonly registered?: boolean } = {}): Promise<TestTemporal> {
  const binary = await findTemporalBinary({ cacheDir: projectCacheDir(), say, env: process.env });
  const folder = temporaryFolder();
  const options = {
    binary,
    dbFile: join(folder, 'temporal.db'),
    logFile: join(folder, 'temporal.log'),
    synchronous: 'NORMAL' as const,
    say,
  };
  let server = await startTemporalServer({ ...options, searchAttributes: registered ? SEARCH_ATTRIBUTES : {} });
  const connection = await Connection.connect({ address: server.address, interceptors: [...interceptors], ...DIRECT });
  atEnd(async () => {
    await connection.close();
    server.kill();
    await exited(server.process);
  });
  return {
    address: server.address,
    client: new Client({ connection }),
    dbFile: options.dbFile,
    logFile: options.logFile,
    get server() {
      return server;
    },
    async kill() {
      server.kill();
      await exited(server.process);
    },
    async restart() {
      const { address, port, uiPort } = server;
      server = await startTemporalServer({ ...options, port, uiPort });
      if (server.address !== address)
        throw new Error(`Temporal came back at ${server.address} and not at ${address}: another process took the port`);
    },
  };
}

/**
 * Starts a time-skipping test server in which the keeper's search attributes are registered: one for each test file. It
 * is torn down at the end of the file.
 */
export async function timeSkippingEnvironment(): Promise<TestWorkflowEnvironment> {
  const path = await findTestServer({ cacheDir: projectCacheDir(), say, env: process.env });
  quietRuntime();
  const environment = await startPatiently(() =>
    TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } }),
  );
  atEnd(() => environment.teardown());
  const searchAttributes = Object.fromEntries(Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
  await environment.connection.operatorService.addSearchAttributes({ namespace: 'default', searchAttributes });
  return environment;
}

/** The SDK gives the server 5 seconds, which a busy machine may need more than once. */
async function startPatiently<T>(start: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start();
    } catch (error) {
      if (attempt === 10 || !String(error).includes('did not start within')) throw error;
    }
  }
}

/**
 * The SDK logs the life of its workers, as a warning each workflow that fails, which in tests is often the point, and one
 * that the time-skipping server calls for at each start. What is left tells of a stuck workflow: tasks that fail again and again.
 */
export function quietRuntime(): void {
  if (Runtime._instance !== undefined) return;
  const logging = { filter: 'ERROR,temporalio_sdk_core::worker::workflow=WARN', forward: {} };
  const logger = new DefaultLogger('WARN', ({ level, message, meta }) => {
    if (level === 'WARN' && meta?.sdkComponent !== 'core') return;
    process.stderr.write(`${level} ${message} ${inspect(meta)}\n`);
    noteStoppedServer({ message, ...meta });
  });
  Runtime.install({ logger, telemetryOptions: { logging } });
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
