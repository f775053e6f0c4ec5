import type { TestConnection } from '../../support/connection.ts';
import type { TestKeeper } from '../../support/keeper.ts';
import { HOUR, MINUTE, SECOND } from '../../support/virtual-time.ts';
import { type CellEnd, endOfCell } from './cell-end.ts';
import { type Cell, FAULT_TIMES, OUTAGE_MS } from './cells.ts';

export const CALLBACK_URLS = ['https://acme.example/callback', 'https://acme.example/other'];
const EXTRA_URL = 'https://acme.example/extra';

/** A renewal that is two hours late is still in time. */
const SESSION_LIFETIME_MS = 8 * HOUR;

/** So many at once keep two cores busy. */
const BATCH = 32;

/** Runs the cells in batches, in which all time passes for all. @returns a promise for each; one that nobody awaits rejects silently */
export function runCells(keeper: TestKeeper, cells: readonly Cell[]): Map<Cell, Promise<CellEnd>> {
  const outcomes = new Map<Cell, PromiseWithResolvers<CellEnd>>(cells.map((cell) => [cell, withResolvers<CellEnd>()]));
  void (async () => {
    for (const batch of batchesOf(cells)) await new Batch(keeper, batch, outcomes).run();
  })();
  return new Map([...outcomes].map(([cell, { promise }]) => [cell, promise]));
}

/** Of cells that take the same time. */
function batchesOf(cells: readonly Cell[]): Cell[][] {
  const batches: Cell[][] = [];
  for (const cell of cells) {
    const last = batches.at(-1);
    const isLike = last && last.length < BATCH && last[0]!.howOften === cell.howOften && last[0]!.call.when === cell.call.when;
    if (isLike) last.push(cell);
    else batches.push([cell]);
  }
  return batches;
}

let cellsRun = 0;

class Batch {
  readonly #keeper: TestKeeper;
  readonly #cells: readonly Cell[];
  readonly #outcomes: ReadonlyMap<Cell, PromiseWithResolvers<CellEnd>>;
  readonly #connections = new Map<Cell, TestConnection>();

  constructor(keeper: TestKeeper, cells: readonly Cell[], outcomes: ReadonlyMap<Cell, PromiseWithResolvers<CellEnd>>) {
    this.#keeper = keeper;
    this.#cells = cells;
    this.#outcomes = outcomes;
  }

  /** No time passes but in `pass`: what is set up stands before anything goes on. */
  async run(): Promise<void> {
    const { call, howOften } = this.#cells[0]!;
    const { time } = this.#keeper;
    await this.#each((cell) => this.#start(cell));
    if (call.when !== 'onboarding') {
      await time.pass(call.when === 'renewal' ? 40 * MINUTE : 5 * MINUTE); // the first renewal is after half an hour
      await this.#each((cell, connection) => this.#disturbLater(cell, connection));
    }
    if (call.when === 'renewal') await time.pass(SESSION_LIFETIME_MS / 2);
    await time.pass(howOften === 'for two hours' ? OUTAGE_MS + 80 * MINUTE : 15 * MINUTE);
    await this.#each(async (cell, connection) => this.#outcomes.get(cell)!.resolve(await endOfCell(connection)));
    await Promise.all([...this.#connections.values()].map((connection) => this.#keeper.end(connection)));
  }

  async #start(cell: Cell): Promise<void> {
    const { call, kind, howOften } = cell;
    const settings = { allowSecondOAuthClient: true, ...(call.when === 'renewal' && { sessionLifetimeMs: SESSION_LIFETIME_MS }) };
    const connection = await this.#keeper.connection(`cell-${++cellsRun}`, settings, { isImpatient: true });
    this.#connections.set(cell, connection);
    const { simulator } = connection;
    if (call.when === 'onboarding')
      simulator.fault({ endpoint: call.endpoint, ...kind.fault, ...FAULT_TIMES[howOften](simulator.nowMs()) });
    await connection.onboard({
      callbackUrls: call.when === 'pruning' ? [...CALLBACK_URLS, EXTRA_URL] : CALLBACK_URLS,
      ...(call.who === 'sandbox user' && { credential: { type: 'sandbox-user' } }),
    });
  }

  async #disturbLater({ call, kind, howOften }: Cell, connection: TestConnection): Promise<void> {
    const { simulator } = connection;
    const { session } = await connection.becomes('ACTIVE');
    const fromMs = call.when === 'renewal' ? Date.parse(session!.renewAt) - SECOND : simulator.nowMs();
    simulator.fault({ endpoint: call.endpoint, ...kind.fault, ...FAULT_TIMES[howOften](fromMs) });
    if (call.when === 'pruning') await connection.setCallbackUrls(CALLBACK_URLS, { prune: true });
  }

  /** A cell that has failed takes no further part. */
  async #each(act: (cell: Cell, connection: TestConnection) => Promise<void>): Promise<void> {
    const acted = this.#cells.map(async (cell) => act(cell, this.#connections.get(cell)!).catch(this.#outcomes.get(cell)!.reject));
    await Promise.all(acted);
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
