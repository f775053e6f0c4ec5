import { DefaultLogger, type RuntimeOptions } from '@temporalio/worker';
import pino from 'pino';
import { type EgressWay, shownWay } from '../bunq/dispatchers.ts';
import { lookAtBank } from '../bunq/reach.ts';
import { systemClock } from '../settings/clock.ts';
import { localAddressProblem } from '../settings/local-address.ts';
import { SettingsError } from '../settings/read.ts';
import { version } from '../settings/version.ts';
import type { OfferedSigners } from '../signers/signers.ts';
import { type Callbacks, startCallbacks } from './callbacks.ts';
import { forbidCoreDumps } from './core-dumps.ts';
import { eventLog } from './event-log.ts';
import { sinksOf } from './events.ts';
import { countEvents } from './monitoring/counting.ts';
import { type Monitoring, startMonitoring } from './monitoring/monitoring.ts';
import { SdkRuntime } from './monitoring/sdk-metrics.ts';
import { registerSearchAttributes } from './search-attributes.ts';
import type { WorkerSettings } from './settings.ts';
import { connectWorker } from './temporal.ts';
import { createWorkers } from './worker.ts';

/**
 * Runs a worker until SIGTERM or SIGINT; then no new task is taken and those in hand are finished.
 * Log lines are JSON (pino) on stderr.
 */
export async function runWorker(settings: WorkerSettings): Promise<void> {
  const log = pino({ base: { pid: process.pid } }, pino.destination({ fd: 2, sync: true }));
  forbidCoreDumps((line) => log.warn(line));
  await demandWay(settings.way);
  const sdk = new SdkRuntime(runtimeOptions(log), settings.metricsAddress !== null);
  await sdk.install();
  const callbacks = await startCallbacks(settings, log);
  const monitoring = await startMonitoring(settings, log, sdk, version());
  const stop = new AbortController();
  const onSignal = () => {
    log.info('stopping: no new task is taken, those in hand are finished');
    stop.abort();
    monitoring.stopping();
    void callbacks.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, onSignal);
  try {
    await runUntilStopped(settings, { log, callbacks, monitoring, sdk, stop: stop.signal });
  } finally {
    await Promise.all([callbacks.close(), monitoring.close()]);
  }
}

/** Before anything is taken on: whoever cannot call the bank would only hold up what another worker of the egress can do. @throws SettingsError */
async function demandWay(way: EgressWay | null): Promise<void> {
  const problem = way && (await localAddressProblem(way));
  if (problem) throw new SettingsError([problem]);
}

interface Running {
  readonly log: pino.Logger;
  readonly callbacks: Callbacks;
  readonly monitoring: Monitoring;
  readonly sdk: SdkRuntime;
  readonly stop: AbortSignal;
}

async function runUntilStopped(settings: WorkerSettings, { log, callbacks, monitoring, sdk, stop }: Running): Promise<void> {
  const waiting = (line: string) => {
    log.info(line);
    monitoring.waitsFor(line);
  };
  const server = await connectWorker(waiting, stop, () => sdk.install());
  if (server === null) return log.info('worker has stopped');
  callbacks.connect(server);
  monitoring.connected(server);
  await registerSearchAttributes(server.connection, server.namespace, (line) => log.warn(line));
  const { workers, signers, close } = await createWorkers(
    settings,
    server,
    sinksOf(eventLog(log), countEvents(monitoring.metrics)),
    monitoring,
  );
  const { bank, egress, way, sealingKeys } = settings;
  const who = { environment: bank.name, egress, ...(way && { via: shownWay(way) }), namespace: server.namespace };
  log.info({ ...who, sealingKeys: sealingKeys.keyIds }, 'worker is ready');
  void lookAtSigners(signers, log);
  void lookAtSurroundings(settings, log);
  monitoring.running(workers, signers);
  await Promise.all(workers.map((worker) => (stop.aborted ? worker.runUntil(async () => {}) : worker.run())));
  await callbacks.close();
  log.info('worker has stopped');
  await close();
  await server.connection.close();
}

/** One that is down is no reason not to work: it is asked again when there is something to sign. */
async function lookAtSigners(signers: OfferedSigners, log: pino.Logger): Promise<void> {
  for (const { name, ok, found } of await signers.look()) log[ok ? 'info' : 'warn']({ event: 'signer', signer: name }, `${name}: ${found}`);
}

/** Nor is a bank that does not answer yet, nor a clock that is wrong. */
async function lookAtSurroundings({ bank: { apiUrl }, proxy, way }: WorkerSettings, log: pino.Logger): Promise<void> {
  for (const { check, ok, found } of await lookAtBank({ apiUrl, proxy, way, clock: systemClock }))
    log[ok ? 'info' : 'warn']({ event: check }, `${check}: ${found}`);
}

/** Temporal's own messages in the same log; SIGUSR2 is left alone, SIGTERM and SIGINT drain. */
function runtimeOptions(log: pino.Logger): RuntimeOptions {
  const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  return {
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (!message.startsWith('No workflows registered')) log[LEVELS[level]]({ meta }, message); // as it should be: the egress's worker has none
    }),
    shutdownSignals: ['SIGTERM', 'SIGINT'],
  };
}
