import { DefaultLogger, Runtime } from '@temporalio/worker';
import pino from 'pino';
import { lookAtBank } from '../bunq/reach.ts';
import { systemClock } from '../settings/clock.ts';
import type { OfferedSigners } from '../signers/signers.ts';
import { type Callbacks, startCallbacks } from './callbacks.ts';
import { forbidCoreDumps } from './core-dumps.ts';
import { eventLog } from './event-log.ts';
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
  installRuntime(log);
  const callbacks = await startCallbacks(settings, log);
  const stop = new AbortController();
  const onSignal = () => {
    log.info('stopping: no new task is taken, those in hand are finished');
    stop.abort();
    void callbacks.close();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, onSignal);
  try {
    await runUntilStopped(settings, { log, callbacks, stop: stop.signal });
  } finally {
    await callbacks.close();
  }
}

interface Running {
  readonly log: pino.Logger;
  readonly callbacks: Callbacks;
  readonly stop: AbortSignal;
}

async function runUntilStopped(settings: WorkerSettings, { log, callbacks, stop }: Running): Promise<void> {
  const server = await connectWorker((line) => log.info(line), stop);
  if (server === null) return log.info('worker has stopped');
  callbacks.connect(server);
  await registerSearchAttributes(server.connection, server.namespace, (line) => log.warn(line));
  const { workers, signers, close } = await createWorkers(settings, server, eventLog(log));
  const { bank, egress, sealingKeys } = settings;
  log.info({ environment: bank.name, egress, namespace: server.namespace, sealingKeys: sealingKeys.keyIds }, 'worker is ready');
  void lookAtSigners(signers, log);
  void lookAtSurroundings(settings, log);
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
async function lookAtSurroundings({ bank: { apiUrl }, proxy }: WorkerSettings, log: pino.Logger): Promise<void> {
  for (const { check, ok, found } of await lookAtBank({ apiUrl, proxy, clock: systemClock }))
    log[ok ? 'info' : 'warn']({ event: check }, `${check}: ${found}`);
}

/** Temporal's own messages in the same log; SIGUSR2 is left alone, SIGTERM and SIGINT drain. */
function installRuntime(log: pino.Logger): void {
  const LEVELS = { TRACE: 'trace', DEBUG: 'debug', INFO: 'info', WARN: 'warn', ERROR: 'error' } as const;
  Runtime.install({
    logger: new DefaultLogger('WARN', ({ level, message, meta }) => {
      if (!message.startsWith('No workflows registered')) log[LEVELS[level]]({ meta }, message); // as it should be: the egress's worker has none
    }),
    shutdownSignals: ['SIGTERM', 'SIGINT'],
  });
}
