import type { Method } from './send.ts';

/** bunq's limits for one address: so many calls of one method to one endpoint in any three seconds. None is published for DELETE. */
const CALLS_IN_WINDOW: Record<Method, number> = { GET: 3, POST: 5, PUT: 2, DELETE: 2 };

/** The bank counts by arrival and we by departure: the margin is for one call being quicker on its way than another. */
export const WINDOW_MS = 3000 + 200;

/** Its own limit, one in 30 seconds from all processes of an address together, is not for one process to keep. */
const PACED_ELSEWHERE = 'POST session-server';

/** Where a call stands in the row of its endpoint. */
export interface Place {
  readonly endpoint: string;
  /** When it leaves, or left. */
  atMs: number;
  /** The call that has to be a window old before this one leaves; null once it has left. */
  after: Place | null;
}

/**
 * One process's share of the limits: a sliding window for each method and endpoint, first come, first served. Pure but for
 * its memory: all times are given, on a clock that is never set.
 */
export class CallLimits {
  readonly #processes: number;
  readonly #rows = new Map<string, Place[]>();

  /** @param processes that share the address's limits; each has at least one call in a window */
  constructor({ processes }: { readonly processes: number }) {
    this.#processes = processes;
  }

  /** How long a call that comes now has to wait. */
  waitMs(method: Method, path: string, nowMs: number): number {
    const endpoint = endpointPattern(method, path);
    return endpoint === PACED_ELSEWHERE ? 0 : freeAtMs(this.#last(method, this.#row(endpoint, nowMs)), nowMs) - nowMs;
  }

  /** Takes the next place: the call leaves at its time. */
  take(method: Method, path: string, nowMs: number): Place {
    const endpoint = endpointPattern(method, path);
    if (endpoint === PACED_ELSEWHERE) return { endpoint, atMs: nowMs, after: null };
    const row = this.#row(endpoint, nowMs);
    const after = this.#last(method, row);
    const place = { endpoint, atMs: freeAtMs(after, nowMs), after };
    row.push(place);
    return place;
  }

  /** How long it still has to wait: longer than was thought when one before it left late, as its connection took so long. */
  leftMs({ atMs, after }: Place, nowMs: number): number {
    return freeAtMs(after, atMs) - nowMs;
  }

  /** Says when it left. */
  left(place: Place, atMs: number): void {
    place.atMs = Math.max(place.atMs, atMs);
    place.after = null;
  }

  /** For a call that did not leave: the place is another's. */
  giveBack(place: Place): void {
    const row = this.#rows.get(place.endpoint);
    if (row?.includes(place)) row.splice(row.indexOf(place), 1);
    place.atMs = Number.NEGATIVE_INFINITY; // nobody waits for it
    place.after = null;
  }

  /** The one that is as many places in front as a window holds calls. */
  #last(method: Method, row: readonly Place[]): Place | null {
    const calls = Math.max(1, Math.floor(CALLS_IN_WINDOW[method] / this.#processes));
    return row.toSorted((one, other) => one.atMs - other.atMs).at(-calls) ?? null;
  }

  /** Without those that count no more. */
  #row(endpoint: string, nowMs: number): Place[] {
    const row = (this.#rows.get(endpoint) ?? []).filter(({ atMs }) => atMs > nowMs - WINDOW_MS);
    this.#rows.set(endpoint, row);
    return row;
  }
}

const freeAtMs = (after: Place | null, nowMs: number) => (after === null ? nowMs : Math.max(nowMs, after.atMs + WINDOW_MS));

const ID = /^(\d+|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i;

/** `GET user/{id}/monetary-account`: ids are one endpoint, a query is none. */
export function endpointPattern(method: Method, path: string): string {
  const segments = path
    .replace(/[?#].*$/, '')
    .split('/')
    .filter(Boolean);
  return `${method} ${segments.map((segment) => (ID.test(segment) ? '{id}' : segment)).join('/')}`;
}
