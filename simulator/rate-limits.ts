/** bunq's limits, per IP address and endpoint. For `DELETE` none is published: taken as for `PUT`. */
const LIMITS: Record<string, Limit> = {
  GET: { calls: 3, seconds: 3 },
  POST: { calls: 5, seconds: 3 },
  PUT: { calls: 2, seconds: 3 },
  DELETE: { calls: 2, seconds: 3 },
  'POST /session-server': { calls: 1, seconds: 30 },
};

export interface Limit {
  readonly calls: number;
  readonly seconds: number;
}

export interface RateLimitedRequest {
  readonly remoteAddress: string;
  readonly method: string;
  /** `POST /session-server` */
  readonly endpoint: string;
}

/** A sliding window over the simulator's clock. A request that was refused does not count. */
export class RateLimits {
  readonly #admittedAtMs = new Map<string, number[]>();

  /** @returns the limit that the request exceeds, or null: then it counts */
  admit(request: RateLimitedRequest, nowMs: number): Limit | null {
    const limit = LIMITS[request.endpoint] ?? LIMITS[request.method];
    if (limit === undefined) return null;
    const recent = this.#recent(request, nowMs - limit.seconds * 1000, nowMs);
    if (recent.length >= limit.calls) return limit;
    this.count(request, nowMs, recent);
    return null;
  }

  /** Counts a request that was admitted before a restart. */
  count(request: RateLimitedRequest, atMs: number, recent = this.#admittedAtMs.get(key(request)) ?? []): void {
    this.#admittedAtMs.set(key(request), [...recent, atMs]);
  }

  /** Those after `sinceMs`; a clock that was set back forgets what lies ahead. */
  #recent(request: RateLimitedRequest, sinceMs: number, nowMs: number): number[] {
    return (this.#admittedAtMs.get(key(request)) ?? []).filter((atMs) => atMs > sinceMs && atMs <= nowMs);
  }
}

const key = ({ remoteAddress, endpoint }: RateLimitedRequest): string => `${remoteAddress} ${endpoint}`;

/** Character for character as bunq writes it. */
export const rateLimitText = ({ calls, seconds }: Limit): string =>
  `Too many requests. You can do a maximum of ${calls} calls per ${seconds} second to this endpoint.`;
