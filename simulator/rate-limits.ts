import type { Settings } from './settings.ts';

/** bunq's limits, per IP address and endpoint. For `DELETE` none is published: taken as for `PUT`. */
const CALL_LIMITS: Record<string, Limit> = {
  GET: { calls: 3, windowMs: 3_000 },
  POST: { calls: 5, windowMs: 3_000 },
  PUT: { calls: 2, windowMs: 3_000 },
  DELETE: { calls: 2, windowMs: 3_000 },
};

const SESSION_ENDPOINT = 'POST /session-server';

export interface Limit {
  readonly calls: number;
  readonly windowMs: number;
}

type LimitSettings = Pick<Settings, 'rateLimits' | 'callRateLimits' | 'sessionGapMs'>;

/** The limit that stands for an endpoint, whether or not it is switched on. */
export function limitOf(endpoint: string, { sessionGapMs }: Pick<LimitSettings, 'sessionGapMs'>): Limit | undefined {
  return endpoint === SESSION_ENDPOINT ? { calls: 1, windowMs: sessionGapMs } : CALL_LIMITS[endpoint.split(' ', 1)[0] ?? ''];
}

function isOn(endpoint: string, { rateLimits, callRateLimits }: LimitSettings): boolean {
  return rateLimits && (callRateLimits || endpoint === SESSION_ENDPOINT);
}

export interface RateLimitedRequest {
  readonly remoteAddress: string;
  /** `POST /session-server` */
  readonly endpoint: string;
}

/** A sliding window over the simulator's clock. A request that was refused does not count. */
export class RateLimits {
  readonly #admittedAtMs = new Map<string, number[]>();

  /** @returns the limit that the request exceeds, or null: then it counts */
  admit(request: RateLimitedRequest, nowMs: number, settings: LimitSettings): Limit | null {
    const limit = isOn(request.endpoint, settings) ? limitOf(request.endpoint, settings) : undefined;
    if (limit === undefined) return null;
    const recent = this.#recent(request, nowMs - limit.windowMs, nowMs);
    this.#admittedAtMs.set(key(request), recent);
    if (recent.length >= limit.calls) return limit;
    recent.push(nowMs);
    return null;
  }

  /** Counts a request that was admitted before a restart. */
  count(request: RateLimitedRequest, atMs: number): void {
    const counted = this.#admittedAtMs.get(key(request));
    if (counted === undefined) this.#admittedAtMs.set(key(request), [atMs]);
    else counted.push(atMs);
  }

  /** Those after `sinceMs`; a clock that was set back forgets what lies ahead. */
  #recent(request: RateLimitedRequest, sinceMs: number, nowMs: number): number[] {
    return (this.#admittedAtMs.get(key(request)) ?? []).filter((atMs) => atMs > sinceMs && atMs <= nowMs);
  }
}

const key = ({ remoteAddress, endpoint }: RateLimitedRequest): string => `${remoteAddress} ${endpoint}`;

/** Character for character as bunq writes it, in whole seconds. */
export const rateLimitText = ({ calls, windowMs }: Limit): string =>
  `Too many requests. You can do a maximum of ${calls} calls per ${Math.ceil(windowMs / 1000)} second to this endpoint.`;
