import type { Worker } from '@temporalio/worker';
import type pino from 'pino';
import { collectDefaultMetrics, Registry } from 'prom-client';
import type { BankObserver } from '../../bunq/observer.ts';
import { egressesOf } from '../../client/pollers.ts';
import { systemClock } from '../../settings/clock.ts';
import type { OfferedSigners } from '../../signers/signers.ts';
import { atMostEvery } from '../at-most-every.ts';
import type { WorkerSettings } from '../settings.ts';
import type { TemporalServer } from '../temporal.ts';
import { BankCheck, checkSealingKeys, checkSigners, checkTemporal, checkVisibility, checkWorkers } from './checks.ts';
import { figuresOf, showConnections } from './connections.ts';
import { countBankCalls } from './counting.ts';
import { showEgresses, showGate, showKeys, showWorker } from './gauges.ts';
import { type Health, healthOf } from './health.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import type { SdkRuntime } from './sdk-metrics.ts';
import { startMonitoringServers } from './server.ts';
import { type TemporalLooks, temporalLooks } from './temporal-looks.ts';

/** How one worker is watched: its metrics, and its health. */
export interface Monitoring {
  readonly metrics: Metrics;
  readonly bankObserver: BankObserver;
  /** What it waits for before it is connected. */
  waitsFor(line: string): void;
  connected(server: TemporalServer): void;
  running(workers: readonly Worker[], signers: OfferedSigners): void;
  stopping(): void;
  close(): Promise<void>;
}

/** What is asked of others is asked because somebody asks here, and no more often than so. */
const TEMPORAL_EVERY_MS = 2000;
const BANK_EVERY_MS = 30_000;
const SIGNERS_EVERY_MS = 60_000;
const LISTED_EVERY_MS = 30_000;
/** A large listing takes no more than a fifth of the time. */
const REST_AFTER_LISTING = 4;
/** Prometheus gives up after 10 s by default; until then it gets what was listed last. */
const SCRAPED_WITHIN_MS = 5000;

const { nowMs } = systemClock;
const after = (ms: number) => () => ms;

/** Listens at once: a port that is taken is said before anything else happens. @throws SettingsError */
export async function startMonitoring(settings: WorkerSettings, log: pino.Logger, sdk: SdkRuntime, version: string): Promise<Monitoring> {
  const watched = new Watched(settings, log);
  showKeys(watched.metrics, settings.sealingKeys.keyIds);
  watched.metrics.buildInfo.set({ version, node_version: process.version, egress: settings.egress }, 1);
  const ofProcess = new Registry();
  if (settings.metricsAddress) collectDefaultMetrics({ register: ofProcess });
  const { metricsUrl, healthUrl, close } = await startMonitoringServers(settings.metricsAddress, settings.healthAddress, {
    health: () => watched.health(),
    async metrics() {
      await watched.bringUpToDate();
      return (await Promise.all([watched.metrics.registry.metrics(), ofProcess.metrics(), sdk.text()])).join('\n');
    },
  });
  if (metricsUrl) log.info({ metricsUrl: `${metricsUrl}metrics` }, 'Prometheus is answered here');
  if (healthUrl) log.info({ healthUrl: `${healthUrl}readyz` }, 'whoever asks how this worker is, is answered here');
  return Object.assign(watched, {
    close: async () => {
      await close();
      await watched.bank.close();
    },
  });
}

class Watched {
  readonly metrics: Metrics;
  readonly bankObserver: BankObserver;
  readonly bank: BankCheck;
  readonly #settings: WorkerSettings;
  readonly #log: Pick<pino.Logger, 'warn'>;
  #waitsFor: string | null = null;
  #looks: TemporalLooks | null = null;
  #workers: readonly Worker[] = [];
  #signers: OfferedSigners | null = null;
  #isStopping = false;

  constructor(settings: WorkerSettings, log: Pick<pino.Logger, 'warn'>) {
    const { bank, egress, proxy, way } = settings;
    this.#settings = settings;
    this.#log = log;
    this.metrics = createMetrics(bank.name);
    this.bank = new BankCheck({ apiUrl: bank.apiUrl, clock: systemClock, proxy, way }, BANK_EVERY_MS);
    const counting = countBankCalls(this.metrics, egress, nowMs);
    this.bankObserver = {
      sent: counting.sent,
      ended: (endpoint, code) => {
        counting.ended(endpoint, code);
        if (code === null) this.bank.succeeded();
      },
    };
  }

  waitsFor(line: string): void {
    this.#waitsFor = line;
  }

  connected(server: TemporalServer): void {
    const { bank, egress } = this.#settings;
    this.#looks = temporalLooks(server, bank.name, egress, systemClock);
  }

  running(workers: readonly Worker[], signers: OfferedSigners): void {
    this.#workers = workers;
    this.#signers = signers;
  }

  stopping(): void {
    this.#isStopping = true;
  }

  async health(): Promise<Health> {
    const { sealingKeys } = this.#settings;
    const [temporal, visibility, bank, keys, signers] = await Promise.all([
      this.#temporal(),
      this.#visibility(),
      this.#bank(),
      checkSealingKeys(sealingKeys, this.#looks),
      this.#seenSigners(),
    ]);
    return healthOf([temporal, checkWorkers(this.#polling, this.#isStopping), visibility, bank, keys, ...signers]);
  }

  /** Within Prometheus's patience; what takes longer is told the next time. */
  async bringUpToDate(): Promise<void> {
    const {
      metrics,
      metrics: { workerPolling, signerUp, temporalUp },
    } = this;
    showWorker(workerPolling, this.#polling);
    const looks = [
      this.#temporal().then(({ ok }) => temporalUp.set(Number(ok))),
      this.#seenSigners().then((signers) => {
        for (const { name, ok } of signers) signerUp.set({ signer: name.replace(/^signer /, '') }, Number(ok));
      }),
      this.#list(),
      this.#gate().then(
        (slots) => showGate(metrics, this.#settings, slots),
        () => {},
      ),
    ];
    await Promise.race([Promise.all(looks), systemClock.wait(SCRAPED_WITHIN_MS)]);
  }

  get #polling(): ReadonlyMap<string, boolean> {
    return new Map(this.#workers.map((worker) => [worker.options.taskQueue, worker.getState() === 'RUNNING']));
  }

  readonly #temporal = atMostEvery(after(TEMPORAL_EVERY_MS), nowMs, () => checkTemporal(this.#looks, this.#waitsFor));
  readonly #visibility = atMostEvery(after(TEMPORAL_EVERY_MS), nowMs, () => checkVisibility(this.#looks));
  readonly #bank = atMostEvery(after(BANK_EVERY_MS), nowMs, () => this.bank.look());
  readonly #seenSigners = atMostEvery(after(SIGNERS_EVERY_MS), nowMs, () => checkSigners(this.#signers));
  readonly #gate = atMostEvery(after(LISTED_EVERY_MS), nowMs, async () => (await this.#looks?.gate()) ?? null);

  readonly #list = atMostEvery(
    (tookMs) => Math.max(LISTED_EVERY_MS, REST_AFTER_LISTING * tookMs),
    nowMs,
    async () => {
      if (!this.#looks) return;
      const startedMs = nowMs();
      try {
        const running = await this.#looks.connections();
        const closed = await this.#looks.closed();
        showConnections(this.metrics, figuresOf(running, closed, this.#settings.metricsConnections, nowMs()));
        const egresses = egressesOf(this.#settings.egress, running);
        showEgresses(this.metrics, this.#settings.bank.name, await this.#looks.egressWorkers(egresses));
        this.metrics.listingTimestamp.set(startedMs / 1000);
        this.metrics.listingDuration.set((nowMs() - startedMs) / 1000);
      } catch (error) {
        this.#log.warn(
          { event: 'not listed' },
          `the connections could not be listed for their metrics: ${(error as Error).message.split('\n')[0]}`,
        );
      }
    },
  );
}
