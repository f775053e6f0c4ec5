import type { Bank } from './bank.ts';
import type { LoggedRequest } from './entities.ts';
import { type CategoryLimit, isFor, type LimitBy } from './limit.ts';
import type { Request } from './route.ts';
import type { Settings } from './settings.ts';

/** bunq's limits, per IP address and endpoint. For `DELETE` none is published: taken as for `PUT`. */
const CALL_LIMITS: Record<string, Limit> = {
  GET: { calls: 3, windowMs: 3_000 },
  POST: { calls: 5, windowMs: 3_000 },
  PUT: { calls: 2, windowMs: 3_000 },
  DELETE: { calls: 2, windowMs: 3_000 },
};

const SESSION_ENDPOINT = 'POST /session-server';

/** So many counts are kept at least before those that are over are thrown away. */
const COUNTS_BEFORE_SWEEP = 1_000;

export interface Limit {
  readonly calls: number;
  readonly windowMs: number;
}

type LimitSettings = Pick<Settings, 'rateLimits' | 'callRateLimits' | 'sessionGapMs' | 'limits'>;

/** bunq's limit for an endpoint, whether or not it is switched on. */
export function limitOf(endpoint: string, { sessionGapMs }: Pick<LimitSettings, 'sessionGapMs'>): Limit | undefined {
  return endpoint === SESSION_ENDPOINT ? { calls: 1, windowMs: sessionGapMs } : CALL_LIMITS[endpoint.split(' ', 1)[0] ?? ''];
}

export interface RateLimitedRequest {
  /** `POST /session-server` */
  readonly endpoint: string;
  /** Whose it is, in words that are no other's. */
  who(by: LimitBy): string;
}

interface Counted {
  /** What is counted together. */
  readonly key: string;
  readonly limit: Limit;
}

interface Count {
  readonly windowMs: number;
  readonly admittedAtMs: number[];
}

/** Sliding windows over the simulator's clock. A request that was refused does not count. */
export class RateLimits {
  readonly #counts = new Map<string, Count>();
  #sweepAt = COUNTS_BEFORE_SWEEP;

  /** @returns the first limit that the request exceeds, or null: then it counts */
  admit(request: RateLimitedRequest, nowMs: number, settings: LimitSettings): Limit | null {
    const counted = countedBy(request, settings).map(({ key, limit }) => ({ limit, count: this.#recent(key, limit, nowMs) }));
    const exceeded = counted.find(({ limit, count }) => count.admittedAtMs.length >= limit.calls);
    if (exceeded !== undefined) return exceeded.limit;
    for (const { count } of counted) count.admittedAtMs.push(nowMs);
    if (this.#counts.size >= this.#sweepAt) this.#sweep(nowMs);
    return null;
  }

  /** How many counts it keeps. */
  get size(): number {
    return this.#counts.size;
  }

  /** Forgets all, and counts the requests that the bank's log says it admitted, also where limits are off: it was started again, or restored. */
  remember(bank: Bank): void {
    const settings = { ...bank.settings, rateLimits: true, callRateLimits: true };
    this.#counts.clear();
    for (const request of bank.store.all('requests')) {
      const { admitted, endpoint, at } = request;
      if (!admitted || endpoint === null) continue;
      for (const { key, limit } of countedBy({ endpoint, who: (by) => whoWas(bank, request, by) }, settings)) {
        const count = this.#counts.get(key) ?? { windowMs: limit.windowMs, admittedAtMs: [] };
        count.admittedAtMs.push(at);
        this.#counts.set(key, count);
      }
    }
  }

  /** Those in the window; a clock that was set back forgets what lies ahead. */
  #recent(key: string, { windowMs }: Limit, nowMs: number): Count {
    const known = this.#counts.get(key)?.admittedAtMs ?? [];
    const count = { windowMs, admittedAtMs: known.filter((atMs) => atMs > nowMs - windowMs && atMs <= nowMs) };
    this.#counts.set(key, count);
    return count;
  }

  /** Now and then, so that a request costs no more when many have come before it. */
  #sweep(nowMs: number): void {
    for (const [key, { windowMs, admittedAtMs }] of this.#counts)
      if ((admittedAtMs.at(-1) ?? 0) <= nowMs - windowMs) this.#counts.delete(key);
    this.#sweepAt = Math.max(COUNTS_BEFORE_SWEEP, 2 * this.#counts.size);
  }
}

/** The limits that are on and that the request is subject to. */
function countedBy({ endpoint, who }: RateLimitedRequest, settings: LimitSettings): Counted[] {
  const { rateLimits, callRateLimits, limits } = settings;
  if (!rateLimits) return [];
  const bunqs = callRateLimits || endpoint === SESSION_ENDPOINT ? limitOf(endpoint, settings) : undefined;
  return [
    ...(bunqs === undefined ? [] : [{ key: `${who('address')} ${endpoint}`, limit: bunqs }]),
    ...limits
      .filter((limit) => isFor(limit, endpoint))
      .map((limit) => ({
        key: `${textOf(limit)} ${who(limit.by)} ${limit.eachEndpoint ? endpoint : ''}`,
        limit: { calls: limit.count, windowMs: limit.perMs },
      })),
  ];
}

const texts = new WeakMap<CategoryLimit, string>();

function textOf(limit: CategoryLimit): string {
  const text = texts.get(limit) ?? JSON.stringify(limit);
  texts.set(limit, text);
  return text;
}

/** Whose request it is. An API key is that of its session, or the one that it brings to bind or to open a session with. */
export function whoOf({ store }: Bank, { authentication, remoteAddress, bytes }: Request, by: LimitBy): string {
  const address = `address ${remoteAddress}`;
  if (by === 'address') return address;
  const { installation, session = null } = (authentication !== null && store.ownerOfToken(authentication)) || {};
  if (by === 'installation') return installation === undefined ? address : `installation ${installation.id}`;
  if (by === 'session') return session === null ? address : `session ${session.id}`;
  const apiKey = session === null ? secretIn(bytes) : store.get('credentials', session.credentialId)?.apiKey;
  return apiKey === undefined ? address : `api-key ${apiKey}`;
}

/** The same as far as the log tells. It holds no API keys: those of requests without a session are not known. */
function whoWas({ store }: Bank, { remoteAddress, installationId, sessionId }: LoggedRequest, by: LimitBy): string {
  const address = `address ${remoteAddress}`;
  if (by === 'installation') return installationId === null ? address : `installation ${installationId}`;
  if (by === 'address' || sessionId === null) return address;
  if (by === 'session') return `session ${sessionId}`;
  const credential = store.get('credentials', store.get('sessions', sessionId)?.credentialId ?? 0);
  return credential === undefined ? address : `api-key ${credential.apiKey}`;
}

function secretIn(bytes: Buffer): string | undefined {
  try {
    const { secret } = JSON.parse(bytes.toString()) as { secret?: unknown };
    return typeof secret === 'string' ? secret : undefined;
  } catch {
    return undefined;
  }
}

/** Character for character as bunq writes it, in whole seconds. */
export const rateLimitText = ({ calls, windowMs }: Limit): string =>
  `Too many requests. You can do a maximum of ${calls} calls per ${Math.ceil(windowMs / 1000)} second to this endpoint.`;
