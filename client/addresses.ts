import type { Client } from '@temporalio/client';
import { MINUTE_MS } from '../workflows/duration.ts';
import { sessionGateWorkflowId } from '../workflows/names.ts';
import type { Slots } from '../workflows/slots.ts';
import { initialState, type OnboardingRequest } from '../workflows/state.ts';
import { statusOf } from '../workflows/status.ts';
import { type AddressUse, addressUse, estimatedLoad, LISTED_FIELDS, type Listed, measuredSlotMs } from './address-use.ts';
import { slotMsOf } from './capacity.ts';
import { latestConnections, listConnections } from './connection-list.ts';
import { overdraws } from './describe-capacity.ts';
import { KeeperError } from './errors.ts';
import { egressesOf } from './pollers.ts';

const ANSWER_WITHIN_MS = 2000;
/** Whoever connects a user waits for it; it is needed once an address is nearly full. */
const LIST_WITHIN_MS = 30_000;
/** What a full list said goes for so long: those that are added meanwhile are counted. */
const LISTED_FOR_MS = 5 * MINUTE_MS;
/** So many are read to tell what the sessions of all are like. */
const SAMPLE = 200;
/** Below, what is reckoned from a sample is enough to let one more in, also where the gate keeps twice the gap; nobody is refused by it. */
const SURELY_FITS = 0.5;

/** The addresses of an environment's egresses, by what Temporal lists of their connections. */
export class Addresses {
  readonly #client: Client;
  readonly #environment: string;
  readonly #sessionGapMs: number;
  readonly #full = new Map<string, { readonly statuses: Listed[]; readonly untilMs: number }>();

  constructor(client: Client, environment: string, sessionGapMs: number) {
    this.#client = client;
    this.#environment = environment;
    this.#sessionGapMs = sessionGapMs;
  }

  /** Each egress that has connections, and this one, in the order of their names. */
  async uses(egress: string): Promise<AddressUse[]> {
    const statuses = await listConnections(this.#client, this.#environment, {}, [...LISTED_FIELDS, 'egress']);
    return Promise.all(
      egressesOf(egress, statuses)
        .sort()
        .map(async (one) => {
          const connections = statuses.filter((status) => status.egress === one);
          return addressUse(one, connections, await this.#gapMs(one), Date.now());
        }),
    );
  }

  /** From one session to the next at an egress's address, where many wait: as it is measured, or else reckoned. */
  async slotMs(egress: string, connections: readonly Listed[]): Promise<number> {
    const gapMs = await this.#gapMs(egress);
    return measuredSlotMs(connections, gapMs) ?? slotMsOf(gapMs);
  }

  /**
   * For a connection that is about to be made. Where Temporal does not tell how many there are, it is let in.
   * @throws KeeperError when the egress's address could not renew all sessions with one more
   */
  async demandRoom(request: OnboardingRequest): Promise<void> {
    const { name, egress } = request;
    if (await this.#surelyFits(egress)) return;
    const [gapMs, statuses] = await Promise.all([this.#gapMs(egress), this.#listed(egress)]);
    if (!statuses) return;
    const added = statusOf(initialState(request, Date.now()), { workflowId: '', runId: '', running: null }, Date.now());
    const use = addressUse(egress, [...statuses, added], gapMs, Date.now());
    if (!use.fits) throw new KeeperError(overdraws(name, use));
    statuses.push(added);
  }

  /** By their number, and by the sessions of those that were started last. */
  async #surelyFits(egress: string): Promise<boolean> {
    const latest = (of: string | null) => () => latestConnections(this.#client, this.#environment, of, SAMPLE);
    const found = (await this.#within(ANSWER_WITHIN_MS, latest(egress))) ?? (await this.#within(ANSWER_WITHIN_MS, latest(null)));
    if (!found) return true;
    return estimatedLoad(found.latest, found.number, this.#sessionGapMs) < SURELY_FITS;
  }

  /** All of them; null when Temporal does not tell in time. */
  async #listed(egress: string): Promise<Listed[] | null> {
    const known = this.#full.get(egress);
    if (known && Date.now() < known.untilMs) return known.statuses;
    const all: Listed[] | null = await this.#within(LIST_WITHIN_MS, () =>
      listConnections(this.#client, this.#environment, { egress }, LISTED_FIELDS),
    );
    if (!all) return null;
    this.#full.set(egress, { statuses: all, untilMs: Date.now() + LISTED_FOR_MS });
    return all;
  }

  async #within<Result>(ms: number, ask: () => Promise<Result>): Promise<Result | null> {
    try {
      return await this.#client.connection.withDeadline(Date.now() + ms, ask);
    } catch {
      return null;
    }
  }

  /** What its gate keeps, where that answers: what a 429 of the bank said may be longer than the setting. */
  async #gapMs(egress: string): Promise<number> {
    const handle = this.#client.workflow.getHandle(sessionGateWorkflowId(this.#environment, egress));
    const slots = await this.#within(ANSWER_WITHIN_MS, () => handle.query<Slots>('slots'));
    return Math.max(this.#sessionGapMs, slots?.raisedGapMs ?? 0);
  }
}
