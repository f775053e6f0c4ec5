import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './duration.ts';

/** When to renew: pure, time as an argument, all times in milliseconds on the workflow's own clock. */

/** bunq: the first session of a new PSD2 account lasts one hour, whatever it says. */
const FIRST_SESSION_MS = HOUR_MS;

const JITTER = 0.05;

/** How long a session counts as valid, from the moment it was asked for. */
export const sessionLifetimeMs = (toldMs: number, firstOfNewCredential: boolean) =>
  Math.max(0, firstOfNewCredential ? Math.min(toldMs, FIRST_SESSION_MS) : toldMs);

/**
 * At two thirds of the lifetime, give or take 5 % of it by the connection's name, so that connections onboarded together
 * do not renew together; at half, without jitter, for lives of a day or less: the rest is left for retries.
 */
export function renewAtMs(session: { openedAtMs: number; expiresAtMs: number }, name: string): number {
  const lifetimeMs = session.expiresAtMs - session.openedAtMs;
  const share = lifetimeMs <= DAY_MS ? 1 / 2 : 2 / 3 + JITTER * spread(name);
  return Math.round(session.openedAtMs + lifetimeMs * share);
}

/** The former session goes on being valid a while for calls under way: 5 minutes, at most a tenth of its remaining life. */
export const graceMs = (remainingMs: number) => Math.max(0, Math.min(5 * MINUTE_MS, remainingMs / 10));

/** A former session that is not closed ends by itself at last: tried again after a minute, then each time after twice as long. */
export const closeAgainMs = (failures: number) => MINUTE_MS * 2 ** Math.min(failures - 1, 12);

const FIRST_BACKOFF_MS = 30 * SECOND_MS;
const LONGEST_BACKOFF_MS = 30 * MINUTE_MS;
const SHORTEST_BACKOFF_MS = 5 * SECOND_MS;

/**
 * The loop's own retry: 30 s doubling to 30 min, ±20 % by name, but never more than a quarter of what is left before the
 * session served expires.
 * @param failures in a row, 1 for the first
 */
export function backoffMs(failures: number, name: string, leftMs: number | null): number {
  const doubled = Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10), LONGEST_BACKOFF_MS);
  const spreadOut = doubled * (1 + 0.2 * spread(name));
  const capped = leftMs !== null && leftMs > 0 ? Math.min(spreadOut, leftMs / 4) : spreadOut;
  return Math.round(Math.max(capped, SHORTEST_BACKOFF_MS));
}

/** Between -1 and 1, always the same for the same name: FNV-1a, as workflows have no crypto. */
export function spread(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return ((hash >>> 0) / 0xffffffff) * 2 - 1;
}
