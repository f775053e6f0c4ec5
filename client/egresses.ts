import type { Client } from '@temporalio/client';
import type { KnownStatus } from './known-status.ts';
import { egressWorkers } from './pollers.ts';

const ANSWER_WITHIN_MS = 2000;
/** Whoever waits asks twice a second, and a list has thousands of one egress: what was seen goes for so long. */
const SEEN_FOR_MS = 2000;

/** The egresses of an environment, by who polls their task queues. */
export class Egresses {
  readonly #client: Client;
  readonly #environment: string;
  readonly #seen = new Map<string, { readonly isMissing: Promise<boolean>; readonly untilMs: number }>();

  constructor(client: Client, environment: string) {
    this.#client = client;
    this.#environment = environment;
  }

  /** What a status says of an egress whose bank calls no worker takes; nothing of any other, and where Temporal does not tell. */
  async withoutWorker(status: Pick<KnownStatus, 'egress' | 'state'> | null): Promise<Pick<KnownStatus, 'egressWorker'>> {
    if (!status || status.state === 'DISCONNECTED') return {};
    return (await this.#isMissing(status.egress)) ? { egressWorker: false } : {};
  }

  /** The same of many. */
  tellOf(statuses: readonly KnownStatus[]): Promise<KnownStatus[]> {
    return Promise.all(statuses.map(async (status) => ({ ...status, ...(await this.withoutWorker(status)) })));
  }

  #isMissing(egress: string): Promise<boolean> {
    const known = this.#seen.get(egress);
    if (known && Date.now() < known.untilMs) return known.isMissing;
    const isMissing = this.#look(egress);
    this.#seen.set(egress, { isMissing, untilMs: Date.now() + SEEN_FOR_MS });
    return isMissing;
  }

  async #look(egress: string): Promise<boolean> {
    try {
      const nowMs = Date.now();
      const ask = () => egressWorkers(this.#client, this.#environment, [egress], nowMs);
      return (await this.#client.connection.withDeadline(nowMs + ANSWER_WITHIN_MS, ask)).get(egress) === 0;
    } catch {
      return false;
    }
  }
}
