import { spread } from '../../../workflows/renewal.ts';
import type { TestConnection } from '../../support/connection.ts';
import { nextCertificate } from '../../support/credentials.ts';
import type { TestKeeper } from '../../support/keeper.ts';
import { HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';
import { type CellEnd, endOfCell } from './cell-end.ts';
import { type Cell, FAULT_TIMES, OUTAGE_MS } from './cells.ts';

export const CALLBACK_URLS = ['https://acme.example/callback', 'https://acme.example/other'];
const EXTRA_URL = 'https://acme.example/extra';

/** A renewal that is two hours late is still in time. */
const SESSION_LIFETIME_MS = 8 * HOUR;
const FIRST_RENEWAL_OVER_MS = 40 * MINUTE;
const SECOND_RENEWAL_MS = FIRST_RENEWAL_OVER_MS + SESSION_LIFETIME_MS / 2;
const PRUNING_MS = 5 * MINUTE;
/** An hour without any other call lies before it. */
const ROLL_OVER_MS = FIRST_RENEWAL_OVER_MS + HOUR;

/** The longest back-offs are 36 minutes, of the closing of former sessions 64; then what was held back is done. */
const ALL_IS_WELL_AFTER_MS = 80 * MINUTE;
/** Three times are over with the quick attempts, or with two back-offs. */
const SOON_MS = 15 * MINUTE;

/** So many at once keep two cores busy. */
const BATCH = 48;

/** Runs the cells in batches, in which time passes for all at once. @returns a promise for each; one that nobody awaits rejects silently */
export function runCells(keeper: TestKeeper, cells: readonly Cell[]): Map<Cell, Promise<CellEnd>> {
  const runs = cells.map((cell) => new Run(keeper, cell));
  void runInBatches(keeper, runs, BATCH);
  return new Map(runs.map(({ cell, end }) => [cell, end.promise]));
}

/** What a cell does when, in milliseconds from its batch's start. */
export interface Acting {
  readonly acts: ReadonlyMap<number, unknown>;
  actAt(atMs: number): Promise<void>;
}

/** Time passes for all of a batch at once. */
export async function runInBatches(keeper: TestKeeper, runs: readonly Acting[], size: number): Promise<void> {
  for (let first = 0; first < runs.length; first += size) await runBatch(keeper, runs.slice(first, first + size));
}

/** No time passes but in `pass`: what is to be done at an instant is done by all before anything goes on. */
async function runBatch({ time }: TestKeeper, runs: readonly Acting[]): Promise<void> {
  let nowMs = 0;
  for (const atMs of [...new Set(runs.flatMap(({ acts }) => [...acts.keys()]))].sort((a, b) => a - b)) {
    if (atMs > nowMs) await time.pass(atMs - nowMs);
    nowMs = atMs;
    await Promise.all(runs.map((run) => run.actAt(atMs)));
  }
}

/** Names by which back-offs are spread alike: attempts of many cells come together, which uses the cores. */
function* namesSpreadAlike(): Generator<string> {
  for (let number = 1; ; number++) if (Math.abs(spread(`cell-${number}`) - 0.5) < 0.0005) yield `cell-${number}`;
}

const names = namesSpreadAlike();

let certificate: ReturnType<typeof nextCertificate> | undefined;

/** One for all of them: each has a bank of its own, and making a key takes its time. */
const theNextCertificate = () => {
  certificate ??= nextCertificate('My App', { nowMs: Date.now(), days: 40_000 });
  return certificate;
};

class Run {
  readonly cell: Cell;
  readonly end = withResolvers<CellEnd>();
  /** What is done when, in milliseconds from the start. */
  readonly acts = new Map<number, () => Promise<void>>();
  readonly #keeper: TestKeeper;
  #connection: TestConnection | null = null;
  #hasFailed = false;

  constructor(keeper: TestKeeper, cell: Cell) {
    const { call, howOften } = cell;
    this.#keeper = keeper;
    this.cell = cell;
    const laterAtMs = { onboarding: null, pruning: PRUNING_MS, renewal: FIRST_RENEWAL_OVER_MS, 'roll-over': ROLL_OVER_MS }[call.when];
    const faultAtMs = { onboarding: 0, pruning: PRUNING_MS, renewal: SECOND_RENEWAL_MS, 'roll-over': ROLL_OVER_MS }[call.when];
    this.acts.set(0, () => this.#start());
    if (laterAtMs !== null) this.acts.set(laterAtMs, () => this.#disturb());
    this.acts.set(faultAtMs + (howOften === 'for two hours' ? OUTAGE_MS + ALL_IS_WELL_AFTER_MS : SOON_MS), () => this.#finish());
  }

  /** A cell that has failed takes no further part. */
  async actAt(atMs: number): Promise<void> {
    const act = this.acts.get(atMs);
    if (!act || this.#hasFailed) return;
    await act().catch(async (error) => {
      this.#hasFailed = true;
      this.end.reject(error);
      if (this.#connection) await this.#keeper.end(this.#connection);
    });
  }

  async #start(): Promise<void> {
    const { call } = this.cell;
    const isLong = call.when === 'renewal' || call.when === 'roll-over';
    const settings = { allowSecondOAuthClient: true, ...(isLong && { sessionLifetimeMs: SESSION_LIFETIME_MS }) };
    this.#connection = await this.#keeper.connection(names.next().value as string, settings, { isImpatient: true });
    if (call.when === 'onboarding') this.#setFault(this.#connection.simulator.nowMs());
    await this.#connection.onboard({
      callbackUrls: call.when === 'pruning' ? [...CALLBACK_URLS, EXTRA_URL] : CALLBACK_URLS,
      ...(call.who === 'sandbox user' && { credential: { type: 'sandbox-user' } }),
    });
  }

  async #disturb(): Promise<void> {
    const { session } = await this.#connection!.becomes('ACTIVE');
    const { when } = this.cell.call;
    this.#setFault(when === 'renewal' ? Date.parse(session!.renewAt) - SECOND : this.#connection!.simulator.nowMs());
    if (when === 'pruning') await this.#connection!.setCallbackUrls(CALLBACK_URLS, { prune: true });
    if (when === 'roll-over') await this.#connection!.resume(await theNextCertificate());
  }

  #setFault(fromMs: number): void {
    const { call, kind, howOften } = this.cell;
    this.#connection!.simulator.fault({ endpoint: call.endpoint, ...kind.fault, ...FAULT_TIMES[howOften](fromMs) });
  }

  async #finish(): Promise<void> {
    this.end.resolve(await endOfCell(this.#connection!));
    await this.#keeper.end(this.#connection!);
  }
}

interface PromiseWithResolvers<T> {
  readonly promise: Promise<T>;
  readonly resolve: (value: T) => void;
  readonly reject: (reason: unknown) => void;
}

function withResolvers<T>(): PromiseWithResolvers<T> {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...both) => {
    [resolve, reject] = both;
  });
  promise.catch(() => {});
  return { promise, resolve, reject };
}
