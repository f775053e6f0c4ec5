import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './duration.ts';
import type { SlotClass } from './slot-classes.ts';

/**
 * When to renew, in layers: what the bank said of the lifetime, the share of it after which a successor is sought, and the
 * emergency when little is left. Pure, time as an argument, all times in milliseconds on the workflow's own clock.
 */

export interface Life {
  /** The moment before the session was asked for, so that no answer's way makes it last longer here than at the bank. */
  readonly openedAtMs: number;
  readonly expiresAtMs: number;
}

/** bunq: the first session of a new PSD2 account lasts one hour, whatever it says. */
const FIRST_SESSION_MS = HOUR_MS;

/** No session of bunq comes near it; what says more is not believed, and stays within what timers and dates can hold. */
const LONGEST_SESSION_MS = 3650 * DAY_MS;

/** How long a session counts as valid, from the moment it was asked for. */
export const sessionLifetimeMs = (toldMs: number, firstOfNewCredential: boolean) =>
  Math.max(0, Math.min(toldMs, firstOfNewCredential ? FIRST_SESSION_MS : LONGEST_SESSION_MS));

const JITTER = 0.05;

const isShort = (lifetimeMs: number) => lifetimeMs <= DAY_MS;

/** How long after its opening a session is renewed when nothing hinders it, on average over names. */
export const renewedAfterMs = (lifetimeMs: number) => Math.round(lifetimeMs * shareOf(lifetimeMs));

const shareOf = (lifetimeMs: number) => (isShort(lifetimeMs) ? 1 / 2 : 2 / 3);

/**
 * At two thirds of the lifetime, give or take 5 % of it by the connection's name, so that connections onboarded together
 * do not renew together; at half, without jitter, for lives of a day or less: the rest is left for retries. A session that
 * was proven late is used for a quarter of what is left of it first: whatever the bank does, no session is renewed at once.
 */
export function renewAtMs(session: Life, name: string, servedAtMs = session.openedAtMs): number {
  const { openedAtMs, expiresAtMs } = session;
  const lifetimeMs = expiresAtMs - openedAtMs;
  const share = shareOf(lifetimeMs) + (isShort(lifetimeMs) ? 0 : JITTER * spread(name));
  const leftMs = Math.max(0, expiresAtMs - servedAtMs);
  return Math.round(Math.max(openedAtMs + lifetimeMs * share, servedAtMs + leftMs / 4));
}

/** Of the bank's gap between two sessions from one address: time for those before in the queue, of whom every other one may be waited for. */
const FOUR_SLOTS_MS = 2 * MINUTE_MS;

/**
 * From here on under a tenth of the lifetime is left; for lives of under 20 minutes two minutes, as even the most urgent waits for
 * its slot, but never before the plan at half.
 */
export function emergencyAtMs({ openedAtMs, expiresAtMs }: Life): number {
  const lifetimeMs = expiresAtMs - openedAtMs;
  return Math.round(expiresAtMs - Math.max(lifetimeMs * 0.1, Math.min(lifetimeMs * 0.45, FOUR_SLOTS_MS)));
}

/**
 * How urgent a connection needs its next session.
 * @param session the one served; null when there never was one
 * @param reasons `waitedFor`: a person or a caller waits for it now. `bulk`: it is one of many, asked for before its time.
 */
export function urgencyOf(session: Life | null, nowMs: number, { waitedFor, bulk }: { waitedFor: boolean; bulk: boolean }): SlotClass {
  if (waitedFor) return 'interactive';
  if (!session) return bulk ? 'bulk' : 'lapsed';
  if (nowMs >= session.expiresAtMs) return 'lapsed';
  if (nowMs >= emergencyAtMs(session)) return 'emergency';
  if (session.expiresAtMs - session.openedAtMs <= FIRST_SESSION_MS) return 'first-hour';
  return bulk ? 'bulk' : 'renewal';
}

/** The former session goes on being valid a while for calls under way: 5 minutes, at most a tenth of its remaining life. */
export const graceMs = (remainingMs: number) => Math.max(0, Math.min(5 * MINUTE_MS, Math.floor(remainingMs / 10)));

/** A former session that is not closed ends by itself at last: tried again after a minute, then each time after twice as long. */
export const closeAgainMs = (failures: number) => MINUTE_MS * 2 ** Math.min(failures - 1, 12);

const FIRST_BACKOFF_MS = 30 * SECOND_MS;
const LONGEST_BACKOFF_MS = 30 * MINUTE_MS;
/** Nobody can call the bank meanwhile. */
const LONGEST_LAPSED_BACKOFF_MS = 5 * MINUTE_MS;
/** Short enough for the last seconds of a session of 90 s, long enough to be no hot loop. */
const SHORTEST_BACKOFF_MS = SECOND_MS;

/**
 * The loop's own retry: 30 s doubling to 30 min, ±20 % by name, but never more than a quarter of what is left before the
 * session served expires: after an outage of nine tenths of what was left at the plan there is time for a try, if one
 * takes no more than 3 % of that. An outage costs at most one try per 24 minutes, and 40 more.
 * @param failures in a row, 1 for the first
 * @param leftMs null when none was served yet, 0 when the session has lapsed: then the longest wait is 5 min
 */
export function backoffMs(failures: number, name: string, leftMs: number | null): number {
  const longestMs = leftMs === 0 ? LONGEST_LAPSED_BACKOFF_MS : LONGEST_BACKOFF_MS;
  const doubled = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10), longestMs);
  return withinQuarter(doubled * spreadByFifth(name), leftMs, SHORTEST_BACKOFF_MS);
}

const ASK_AGAIN_INTERACTIVE_MS = MINUTE_MS;
const FIRST_ASK_AGAIN_MS = 15 * MINUTE_MS;
const LONGEST_ASK_AGAIN_MS = 6 * HOUR_MS;
const SHORTEST_ASK_AGAIN_MS = 10 * SECOND_MS;

/**
 * When a connection that hears nothing from the gate asks it again: after a minute where somebody waits, else after 15 min
 * doubling to 6 h, ±20 % by name; never more than a quarter of what is left before the session served expires.
 * @param asks so far, 1 after the first
 * @param leftMs null when no valid session is served
 */
export function askAgainMs(asks: number, slotClass: SlotClass, name: string, leftMs: number | null): number {
  const doubled = Math.min(FIRST_ASK_AGAIN_MS * 2 ** Math.min(asks - 1, 10), LONGEST_ASK_AGAIN_MS);
  const ms = slotClass === 'interactive' ? ASK_AGAIN_INTERACTIVE_MS : doubled * spreadByFifth(name);
  return withinQuarter(ms, leftMs, SHORTEST_ASK_AGAIN_MS);
}

/** Timers are late by less without any outage. */
const PUNCTUAL_MS = 30 * SECOND_MS;
const LONGEST_LATE_START_MS = 10 * MINUTE_MS;
const LONGEST_LAPSED_START_MS = MINUTE_MS;

/**
 * After an outage the timers of all connections fire at once: each waits its own part of the time by which it is late, of
 * at most 10 min. Within a quarter of what is left before the session served expires, and within a minute when none is.
 * @param leftMs null when no valid session is served
 */
export function lateStartMs(name: string, latenessMs: number, { leftMs, isLapsed }: { leftMs: number | null; isLapsed: boolean }): number {
  if (latenessMs < PUNCTUAL_MS) return 0;
  const longestMs = isLapsed || leftMs === null || leftMs <= 0 ? LONGEST_LAPSED_START_MS : leftMs / 4;
  return Math.floor(unitSpread(name) * Math.min(latenessMs, LONGEST_LATE_START_MS, longestMs));
}

function withinQuarter(ms: number, leftMs: number | null, shortestMs: number): number {
  const capped = leftMs !== null && leftMs > 0 ? Math.min(ms, leftMs / 4) : ms;
  return Math.round(Math.max(capped, shortestMs));
}

const spreadByFifth = (name: string) => 1 + 0.2 * spread(name);

/** From -1 to below 1, always the same for the same name. */
export const spread = (name: string) => unitSpread(name) * 2 - 1;

/**
 * From 0 to below 1, always the same for the same name: FNV-1a, as workflows have no crypto, and MurmurHash3's finalizer
 * after it, as the high bits of FNV-1a hardly know the last letters, and names often differ in nothing else.
 */
export const unitSpread = (name: string) => mixed(fnv1a(name)) / 2 ** 32;

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return hash;
}

function mixed(hash: number): number {
  const first = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  const second = Math.imul(first ^ (first >>> 13), 0xc2b2ae35);
  return (second ^ (second >>> 16)) >>> 0;
}
