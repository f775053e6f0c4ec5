import { LISTED_FIELDS, takesSlots } from './address-use.ts';
import type { KnownStatus } from './known-status.ts';

/** How the renewal of many connections stands, by what was asked and what they have published since. All pure, durations in milliseconds. */

export interface RenewalProgress {
  /** That are to be renewed. */
  readonly connections: number;
  readonly unasked: number;
  /** They were asked, and wait for a slot of their address's gate. */
  readonly waiting: number;
  readonly renewed: number;
  /** Closed, or disconnected, in the meantime. */
  readonly closed: number;
  /** Their names: no session is opened before somebody has done something. */
  readonly waitForPerson: readonly string[];
  /** Their names: they could not be asked. */
  readonly failed: readonly string[];
  /** Of each egress what is not renewed yet, and how long its address takes for it at least: what is due, or urgent, goes before. */
  readonly forecast: readonly Forecast[];
  /** Those that were renewed, or found waiting for a person, since the last time: as they were published. */
  readonly ended: readonly KnownStatus[];
  /** Why just now none could be asked. */
  readonly trouble: string | null;
}

export interface Forecast {
  readonly egress: string;
  readonly connections: number;
  readonly takesMs: number;
}

type Stage = 'unasked' | 'waiting' | 'renewed' | 'closed' | 'person' | 'failed';

interface Entry {
  readonly egress: string;
  /** Of the session that is to be replaced. */
  readonly openedAt: string | null;
  stage: Stage;
}

/** What is to be known of each beforehand. */
export const RENEWABLE_FIELDS = [...LISTED_FIELDS, 'egress'] as const;

export type Renewable = Pick<KnownStatus, (typeof RENEWABLE_FIELDS)[number]>;

/** There is, or was, a session. One that is being onboarded opens its first by itself, and who granted no access, or has taken it back, has none to renew. */
export const isRenewable = (status: Renewable) =>
  takesSlots(status) && (status.session !== null || (status.state !== 'ONBOARDING' && status.state !== 'AWAITING_AUTHORIZATION'));

/** It waits for somebody, and not only with what stands on the session. */
const isParked = ({ state, session, steps }: Renewable) =>
  state === 'REVOKED' ||
  (state === 'AWAITING_AUTHORIZATION' && session === null) ||
  steps.some(({ name, status }) => name === 'session' && status === 'waiting');

export class MassRenewal {
  readonly #entries: Map<string, Entry>;
  readonly #slotMs: ReadonlyMap<string, number>;
  readonly #queue: string[];

  /**
   * @param statuses of those that are to be renewed
   * @param slotMs by egress: from one session to the next
   */
  constructor(statuses: readonly Renewable[], slotMs: ReadonlyMap<string, number>) {
    const entries = statuses.map(({ name, egress, session }): [string, Entry] => [
      name,
      { egress, openedAt: session?.openedAt ?? null, stage: 'unasked' },
    ]);
    this.#entries = new Map(entries);
    this.#queue = [...this.#entries.keys()];
    this.#slotMs = slotMs;
  }

  /** Who is to be asked next, at most so many. What was renewed by itself meanwhile is not asked. */
  take(most: number): string[] {
    const taken: string[] = [];
    while (taken.length < most && this.#queue.length > 0) {
      const name = this.#queue.shift()!;
      if (this.#entries.get(name)!.stage === 'unasked') taken.push(name);
    }
    return taken;
  }

  /** After one was asked; `again` puts it behind all others. */
  note(name: string, outcome: 'waiting' | 'closed' | 'failed' | 'again'): void {
    const entry = this.#entries.get(name)!;
    if (outcome === 'again') this.#queue.push(name);
    else if (entry.stage === 'unasked') entry.stage = outcome;
  }

  giveUp(): void {
    for (const name of this.#queue.splice(0)) this.note(name, 'failed');
  }

  /** What was listed just now. @returns those that have come to an end by it */
  see(statuses: readonly KnownStatus[]): KnownStatus[] {
    const ended: KnownStatus[] = [];
    for (const status of statuses) {
      const entry = this.#entries.get(status.name);
      if (!entry || (entry.stage !== 'unasked' && entry.stage !== 'waiting')) continue;
      if (status.session && status.session.openedAt !== entry.openedAt) entry.stage = 'renewed';
      else if (entry.stage === 'waiting' && isParked(status)) entry.stage = 'person';
      else continue;
      ended.push(status);
    }
    return ended;
  }

  /** Who was asked and is not in a list any more. */
  missingIn(statuses: readonly Pick<KnownStatus, 'name'>[]): string[] {
    const listed = new Set(statuses.map(({ name }) => name));
    return this.#in('waiting').filter((name) => !listed.has(name));
  }

  noteClosed(name: string): void {
    this.#entries.get(name)!.stage = 'closed';
  }

  progress(ended: readonly KnownStatus[], trouble: string | null): RenewalProgress {
    const numbers: Record<Stage, number> = { unasked: 0, waiting: 0, renewed: 0, closed: 0, person: 0, failed: 0 };
    const left = new Map<string, number>();
    for (const { stage, egress } of this.#entries.values()) {
      numbers[stage]++;
      if (stage === 'unasked' || stage === 'waiting') left.set(egress, (left.get(egress) ?? 0) + 1);
    }
    const { unasked, waiting, renewed, closed } = numbers;
    return {
      connections: this.#entries.size,
      unasked,
      waiting,
      renewed,
      closed,
      waitForPerson: this.#in('person'),
      failed: this.#in('failed'),
      forecast: [...left].map(([egress, connections]) => ({ egress, connections, takesMs: connections * this.#slotMs.get(egress)! })),
      ended,
      trouble,
    };
  }

  #in(stage: Stage): string[] {
    return [...this.#entries].flatMap(([name, entry]) => (entry.stage === stage ? [name] : []));
  }
}

export const isOver = ({ unasked, waiting }: Pick<RenewalProgress, 'unasked' | 'waiting'>) => unasked + waiting === 0;

/** Addresses go on side by side. */
export const leftMs = ({ forecast }: Pick<RenewalProgress, 'forecast'>) => Math.max(0, ...forecast.map(({ takesMs }) => takesMs));
