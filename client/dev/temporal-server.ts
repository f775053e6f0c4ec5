import type { ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { exited, spawnTied } from './spawn-tied.ts';
import type { Say } from './temporal-cache.ts';
import { claimDatabase } from './temporal-database.ts';
import { choosePort } from './temporal-ports.ts';

const READY_MS = 60_000;
/** A server asked to end that has not ended by then is killed; SQLite loses nothing by it. */
const STOP_MS = 10_000;
/** The server also listens on ports that it picks itself; when another process is faster, it ends and is started again. */
const ATTEMPTS = 3;
const PORT_WAS_TAKEN = /address already in use|failed assigning ephemeral port/;

/**
 * A development server has one history shard, whose queues are polled 20 times a second: each step of a workflow would wait
 * for the next tick. With 2000 an onboarding is five times as fast. The version check would call a host of Temporal's.
 */
const DYNAMIC_CONFIG = [
  'history.transferProcessorMaxPollRPS=2000',
  'history.timerProcessorMaxPollRPS=2000',
  'history.visibilityProcessorMaxPollRPS=2000',
  'frontend.enableServerVersionCheck=false',
];

export interface TemporalServerOptions {
  /** From `findTemporalBinary`. */
  readonly binary: string;
  /** The SQLite file; without one everything is in memory and lost at the end. */
  readonly dbFile?: string;
  /** SQLite's: by default each transaction is on the disk before it is answered. A killed server loses nothing by NORMAL, a machine without power may. */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** Without a port, or where it is taken, a free one is used. */
  readonly port?: number;
  readonly uiPort?: number;
  /** The server's output is appended here; without a file it goes nowhere. */
  readonly logFile?: string;
  readonly namespace?: string;
  /** Registered at the start: `{ KeeperState: 'Keyword' }`. */
  readonly searchAttributes?: Readonly<Record<string, string>>;
  readonly say: Say;
}

export interface TemporalServer {
  /** `127.0.0.1:7233` */
  readonly address: string;
  /** `http://127.0.0.1:8233` */
  readonly uiUrl: string;
  readonly port: number;
  readonly uiPort: number;
  readonly pid: number;
  readonly process: ChildProcess;
  /** Ends it in order, and by SIGKILL where that takes too long. */
  stop(): Promise<void>;
  /** Ends it at once, as by SIGKILL; `exited(server.process)` tells when it is gone. */
  kill(): void;
}

/**
 * Starts a Temporal development server on 127.0.0.1 and waits until it answers. It ends with this process, however this
 * one ends, and can be started again on the same database and port after either was killed.
 *
 * @throws Error when another live server holds the database, or when it does not come up: with the last lines of its log
 */
export async function startTemporalServer(options: TemporalServerOptions): Promise<TemporalServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt >= ATTEMPTS || !PORT_WAS_TAKEN.test((error as Error).message)) throw error;
    }
  }
}

async function startOnce(options: TemporalServerOptions): Promise<TemporalServer> {
  const dbFile = options.dbFile === undefined ? undefined : resolve(options.dbFile);
  if (dbFile !== undefined) mkdirSync(dirname(dbFile), { recursive: true });
  const claim = dbFile === undefined ? undefined : await claimDatabase(dbFile);
  try {
    const port = await choosePort(options.port, 'Temporal', options.say);
    const uiPort = await choosePort(options.uiPort, 'the Temporal UI', options.say);
    const logStart = sizeOf(options.logFile);
    const server = launch(options, port, uiPort, dbFile);
    claim?.heldBy(server.pid, server.address);
    server.process.once('exit', () => claim?.release());
    const failure = await readiness(server, options);
    if (failure === undefined) return server;
    await server.stop();
    throw new Error(`The Temporal server (${options.binary}) ${failure}${lastWords(options.logFile, logStart)}`);
  } catch (error) {
    claim?.release();
    throw error;
  }
}

function launch(options: TemporalServerOptions, port: number, uiPort: number, dbFile: string | undefined): TemporalServer {
  const log = options.logFile === undefined ? 'ignore' : openLog(options.logFile);
  const args = commandArguments(options, port, uiPort, dbFile);
  const child = spawnTied(options.binary, args, { env: quietEnvironment(), stdout: log, stderr: log });
  if (typeof log === 'number') closeSync(log);
  const pid = child.pid;
  if (pid === undefined) throw new Error(`${options.binary} could not be started: is there a POSIX shell (sh) on PATH?`);
  return {
    address: `127.0.0.1:${port}`,
    uiUrl: `http://127.0.0.1:${uiPort}`,
    port,
    uiPort,
    pid,
    process: child,
    stop: () => stop(child),
    kill: () => void child.kill('SIGKILL'),
  };
}

function sizeOf(file: string | undefined): number {
  return file === undefined ? 0 : (statSync(file, { throwIfNoEntry: false })?.size ?? 0);
}

function openLog(path: string): number {
  mkdirSync(dirname(resolve(path)), { recursive: true });
  return openSync(path, 'a', 0o600);
}

function commandArguments(options: TemporalServerOptions, port: number, uiPort: number, dbFile: string | undefined): string[] {
  return [
    ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(port), '--ui-port', String(uiPort)],
    ...['--log-level', 'warn', '--disable-config-file', '--disable-config-env'],
    ...(dbFile === undefined ? [] : ['--db-filename', dbFile, '--sqlite-pragma', 'journal_mode=WAL']),
    ...(options.synchronous === undefined ? [] : ['--sqlite-pragma', `synchronous=${options.synchronous}`]),
    ...(options.namespace === undefined ? [] : ['--namespace', options.namespace]),
    ...DYNAMIC_CONFIG.flatMap((setting) => ['--dynamic-config-value', setting]),
    ...Object.entries(options.searchAttributes ?? {}).flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]),
  ];
}

/** Without the shell's Temporal settings, which are for another server. */
function quietEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TEMPORAL_')));
}

async function stop(child: ChildProcess): Promise<void> {
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  child.kill('SIGTERM');
  await exited(child);
  clearTimeout(timer);
}

/** Undefined once the server answers; else why it will not. */
async function readiness(server: TemporalServer, options: TemporalServerOptions): Promise<string | undefined> {
  const deadline = Date.now() + READY_MS;
  while (Date.now() < deadline) {
    if (server.process.exitCode !== null || server.process.signalCode !== null) return 'ended while starting';
    if (await answers(server.address, options)) return undefined;
    await sleep(100);
  }
  return `did not answer at ${server.address} within ${READY_MS / 1000} s`;
}

async function answers(address: string, { namespace = 'default', searchAttributes = {} }: TemporalServerOptions): Promise<boolean> {
  const connection = Connection.lazy({ address, channelArgs: { 'grpc.enable_http_proxy': 0 }, interceptors: [] }); // without the SDK's own retries
  try {
    return await connection.withDeadline(Date.now() + 2000, async () => {
      await connection.workflowService.listWorkflowExecutions({ namespace, pageSize: 1 });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
      return Object.keys(searchAttributes).every((name) => customAttributes?.[name] !== undefined);
    });
  } catch {
    return false;
  } finally {
    await connection.close();
  }
}

const LINES_SHOWN = 5;

/** Of a Go program that panics the first words tell why, and the last only where. */
function lastWords(logFile: string | undefined, from: number): string {
  if (logFile === undefined) return '.';
  const lines = readFileSync(logFile).subarray(from).toString().trim().split('\n');
  const panicAt = lines.findIndex((line) => /^(panic|fatal error): /.test(line));
  if (panicAt < 0) return `; its log (${logFile}) ends with:\n${lines.slice(-LINES_SHOWN).join('\n')}`;
  return `; its log (${logFile}) says:\n${lines.slice(panicAt, panicAt + LINES_SHOWN).join('\n')}`;
}
