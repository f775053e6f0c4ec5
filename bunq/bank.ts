import type { Dispatcher } from 'undici';
import type { Secret } from '../sealing/secret.ts';
import { CallLimits } from './call-limits.ts';
import { dispatchersTo, type EgressWay, type Proxies, shownUrl } from './dispatchers.ts';
import { BunqConfigError } from './errors.ts';
import { isLoopback } from './loopback.ts';
import type { BankObserver } from './observer.ts';

/** Time, given from outside: nothing in this folder reads a clock or sets a timer of its own. */
export interface Clock {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** Milliseconds on a clock that is never set: for durations only. */
  monotonicMs(): number;
  /** A signal that aborts after so many milliseconds. */
  deadline(ms: number): AbortSignal;
  /** Resolves after so many milliseconds; rejects as soon as the signal aborts. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
}

/** How a process keeps the bank's limits for its address. */
export interface Pacing {
  /** How many processes share the address's limits, this one included. */
  readonly processes: number;
  /** A call that would wait longer is not made: `BUNQ_CALL_POSTPONED`. Infinity: it waits as long as it takes. */
  readonly longestWaitMs: number;
}

/** All in milliseconds. `totalMs` covers everything from connecting to the last byte of the answer. */
export interface Timeouts {
  readonly connectMs: number;
  readonly headersMs: number;
  readonly bodyMs: number;
  readonly totalMs: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connectMs: 3_000, headersMs: 5_000, bodyMs: 5_000, totalMs: 5_000 };

/** Far above a full page of the longest list (200 monetary accounts), far below what would hurt. */
export const DEFAULT_MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** One bank, at one address: what every call of this folder takes first. */
export interface Bank {
  /** Ends in `/v1/`. */
  readonly apiUrl: string;
  /** Where authorization codes are exchanged; null where it was not given. */
  readonly tokenUrl: string | null;
  readonly userAgent: string;
  readonly timeouts: Timeouts;
  readonly clock: Clock;
  readonly maxAnswerBytes: number;
  /** Null: every call leaves at once. */
  readonly pacing: { readonly limits: CallLimits; readonly longestWaitMs: number } | null;
  readonly observer: BankObserver | null;
  /** Keeps connections open between calls. */
  readonly dispatcher: Dispatcher;
  /** For a connection that nothing else uses; whoever asked for it destroys it. */
  newDispatcher(): Dispatcher;
  /** Ends all connections, also those that wait for an answer. */
  close(): Promise<void>;
}

export interface CallOptions {
  /**
   * The last thing before the request's bytes leave: called once, when the connection stands and everything is signed.
   * If it throws, nothing was sent, and the call fails with that very error.
   */
  readonly beforeSend?: () => Promise<void>;
  /** A connection of its own, closed afterwards: no connection that went stale since the last call. */
  readonly freshConnection?: boolean;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** Who calls with an installation's token: for credentials, devices and new sessions. */
export interface InstallationCaller {
  readonly installationToken: Secret;
  /** The installation's private key, PKCS#8 DER. */
  readonly privateKey: Secret;
  readonly serverPublicKeyPem: string;
}

/** Who calls with a session's token: for everything about users. */
export interface SessionCaller {
  readonly sessionToken: Secret;
  /** The private key of the session's installation, PKCS#8 DER: bodies are signed with it; calls without a body need none. */
  readonly privateKey?: Secret | undefined;
  readonly serverPublicKeyPem: string;
}

export interface BankOptions {
  /** `https://api.bunq.com/v1`, with or without the last slash; http only on loopback. */
  readonly apiUrl: string;
  /** `https://api.oauth.bunq.com/v1/token`; needed for end users' connections only. */
  readonly tokenUrl?: string | null;
  readonly clock: Clock;
  readonly userAgent?: string;
  readonly timeouts?: Partial<Timeouts>;
  readonly maxAnswerBytes?: number;
  /** Null or absent: every call leaves at once, and the bank refuses what is too much. */
  readonly pacing?: Pacing | null;
  /** Hears of every call. */
  readonly observer?: BankObserver | null;
  /** As in HTTP_PROXY, HTTPS_PROXY and NO_PROXY. The environment is not read; loopback is never proxied. */
  readonly proxy?: Proxies;
  /** Goes before any proxy of those; null or absent: the egress has none of its own. */
  readonly way?: EgressWay | null;
}

/** @throws BunqConfigError when the address or a proxy's cannot be used */
export function createBank(options: BankOptions): Bank {
  const url = bankUrl(options.apiUrl);
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const newDispatcher = dispatchersTo(url, timeouts, options.proxy ?? {}, options.way);
  const dispatcher = newDispatcher();
  const { pacing } = options;
  return {
    apiUrl: url.href,
    tokenUrl: options.tokenUrl ?? null,
    userAgent: options.userAgent ?? 'bunq-keeper',
    timeouts,
    clock: options.clock,
    maxAnswerBytes: options.maxAnswerBytes ?? DEFAULT_MAX_ANSWER_BYTES,
    pacing: pacing ? { limits: new CallLimits(pacing), longestWaitMs: pacing.longestWaitMs } : null,
    observer: options.observer ?? null,
    dispatcher,
    newDispatcher,
    close: () => dispatcher.destroy(),
  };
}

function bankUrl(apiUrl: string): URL {
  const wrong = (why: string) => new BunqConfigError(`The bank's address ${shownUrl(apiUrl)} ${why}. Give it as https://api.bunq.com/v1`);
  if (!URL.canParse(apiUrl)) throw wrong('is not a URL');
  const url = new URL(apiUrl);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url)))
    throw wrong('must start with https:// (http:// only on loopback)');
  if (url.username || url.password) throw wrong('must hold no user name or password');
  if (url.search || url.hash) throw wrong('must hold no query and no fragment');
  url.pathname = url.pathname.replace(/\/*$/, '/');
  if (!url.pathname.endsWith('/v1/')) throw wrong('must end in /v1');
  return url;
}
