import { isGrpcServiceError } from '@temporalio/client';
import type { Clock } from '../bunq/bank.ts';
import { sessionsOf } from './address-use.ts';
import { loadOf } from './capacity.ts';
import { cannotRenewAll } from './describe-capacity.ts';
import { KeeperError, NotRunningError, UnknownConnectionError, UsageError } from './errors.ts';
import type { KnownStatus } from './known-status.ts';
import { isOver, isRenewable, MassRenewal, type Renewable, type RenewalProgress } from './mass-renewal.ts';

/** Renews many connections: asks them in turns, at a measured pace, and looks what has become of them. */

/**
 * So many are asked at once, and no sooner than so long after those before: 20 a second. Each asks its gate then, whose history grows by it, and wakes a
 * workflow that is replayed; 20,000 take a quarter of an hour, and the bank weeks.
 */
const AT_ONCE = 10;
const BATCH_MS = 500;
/** Batches in a row of which none could be asked, before the rest is given up: a server that restarts is waited for. */
const MOST_IN_VAIN = 6;
const LONGEST_REST_MS = 30_000;
/** One look lists them all: a tenth of the time at most. */
const LOOK_EVERY_MS = 2000;
const REST_AFTER_LOOK = 9;
/** Most of those missing in a list that are looked at one by one. */
const MOST_LOOKED_AT = 50;

export interface Renewing {
  readonly clock: Pick<Clock, 'nowMs' | 'wait'>;
  chosen(): Promise<Renewable[]>;
  /** The same, in whatever state they are by now, among others. */
  pages(): AsyncIterable<{ readonly connections: readonly KnownStatus[] }>;
  /** From one session to the next at an egress's address. */
  slotMs(egress: string, ofEgress: readonly Renewable[]): Promise<number>;
  ask(name: string): Promise<void>;
  isThere(name: string): Promise<boolean>;
}

/** @throws UsageError when an address could not renew them before their own time: none was asked */
export async function* renewAll(renewing: Renewing): AsyncGenerator<RenewalProgress, void> {
  const { clock } = renewing;
  const renewal = await begin(renewing);
  let progress = renewal.progress([], null);
  yield progress;
  let inVain = 0;
  let lookAtMs = clock.nowMs() + LOOK_EVERY_MS;
  while (!isOver(progress)) {
    const batch = renewal.take(AT_ONCE);
    const rest = clock.wait(batch.length > 0 ? restMs(inVain) : LOOK_EVERY_MS);
    const trouble = await askAll(renewing, renewal, batch);
    inVain = trouble === null ? 0 : inVain + 1;
    if (inVain >= MOST_IN_VAIN) renewal.giveUp();
    await rest;
    let ended: KnownStatus[] = [];
    const startedMs = clock.nowMs();
    if (startedMs >= lookAtMs) {
      ended = await look(renewing, renewal);
      lookAtMs = clock.nowMs() + Math.max(LOOK_EVERY_MS, REST_AFTER_LOOK * (clock.nowMs() - startedMs));
    }
    progress = renewal.progress(ended, trouble);
    yield progress;
  }
}

const restMs = (inVain: number) => (inVain === 0 ? BATCH_MS : Math.min(1000 * 2 ** inVain, LONGEST_REST_MS));

async function begin({ chosen, slotMs }: Renewing): Promise<MassRenewal> {
  const statuses = (await chosen()).filter(isRenewable);
  const slots = new Map<string, number>();
  for (const egress of new Set(statuses.map((status) => status.egress))) {
    const ofEgress = statuses.filter((status) => status.egress === egress);
    const oneMs = await slotMs(egress, ofEgress);
    if (loadOf(sessionsOf(ofEgress), oneMs) > 1) throw new UsageError(cannotRenewAll(egress, ofEgress.length, oneMs));
    slots.set(egress, oneMs);
  }
  return new MassRenewal(statuses, slots);
}

/** @returns why none of them could be asked; null when one was, or is not there to be */
async function askAll({ ask }: Renewing, renewal: MassRenewal, names: readonly string[]): Promise<string | null> {
  const refusals = await Promise.all(
    names.map(async (name) => {
      try {
        await ask(name);
        renewal.note(name, 'waiting');
        return null;
      } catch (error) {
        const isGone = error instanceof NotRunningError || error instanceof UnknownConnectionError;
        const isFinal = isGone || error instanceof UsageError;
        renewal.note(name, isGone ? 'closed' : isFinal ? 'failed' : 'again');
        return isFinal ? null : (error as Error).message;
      }
    }),
  );
  return names.length > 0 && refusals.every((refusal) => refusal !== null) ? refusals[0]! : null;
}

/** What could not be seen now is the next time. */
async function look({ pages, isThere }: Renewing, renewal: MassRenewal): Promise<KnownStatus[]> {
  const ended: KnownStatus[] = [];
  const names: Pick<KnownStatus, 'name'>[] = [];
  try {
    for await (const { connections } of pages()) {
      ended.push(...renewal.see(connections));
      names.push(...connections.map(({ name }) => ({ name })));
    }
    for (const name of renewal.missingIn(names).slice(0, MOST_LOOKED_AT)) if (!(await isThere(name))) renewal.noteClosed(name);
  } catch (error) {
    if (!isGrpcServiceError(error) && !(error instanceof KeeperError)) throw error; // else Temporal is away, and what was seen of some pages counts
  }
  return ended;
}
