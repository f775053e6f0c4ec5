import { DAY_MS, HOUR_MS, MINUTE_MS } from '../workflows/duration.ts';
import { isUserName } from '../workflows/names.ts';
import { renewedAfterMs } from '../workflows/renewal.ts';
import { type Capacity, inUse, loadOf, PROVIDER_SESSION_MS, type Sessions, slotMsOf, USER_SESSION_MS } from './capacity.ts';
import type { KnownStatus } from './known-status.ts';

/** What an egress's address has to renew, by what its connections have published. All pure. */

export const LISTED_FIELDS = ['name', 'state', 'session', 'certificate', 'authorization', 'consentedAt', 'steps'] as const;

export type Listed = Pick<KnownStatus, (typeof LISTED_FIELDS)[number]>;

/** Of one egress. Beside what is planned: how it grows. */
export interface AddressUse extends Capacity {
  readonly egress: string;
  readonly connections: number;
  /** Connections that were added lately; null where that is not known yet. */
  readonly addedPerWeek: number | null;
  /** ISO 8601; null when it does not grow, or is not known to. */
  readonly fullAt: string | null;
}

/** @param gapMs the distance that the egress's gate keeps */
export function addressUse(egress: string, statuses: readonly Listed[], gapMs: number, nowMs: number): AddressUse {
  const held = statuses.filter((status) => takesSlots(status));
  const slotMs = measuredSlotMs(held, gapMs) ?? slotMsOf(gapMs);
  const users = held.filter(({ name }) => isUserName(name)).length;
  const capacity = inUse(sessionsOf(held), users, slotMs);
  const added = addedPerWeek(held, nowMs);
  return { egress, connections: held.length, ...capacity, addedPerWeek: added, fullAt: fullAt(capacity.load, added, slotMs, nowMs) };
}

/** The load of an address, one more included, if all of its connections are as some of them are. */
export function estimatedLoad(some: readonly Listed[], number: number, gapMs: number): number {
  const sessions = [...sessionsOf(some.filter((status) => takesSlots(status))), { lifetimeMs: USER_SESSION_MS, number: 1 }];
  return loadOf(sessions, slotMsOf(gapMs)) * Math.max(1, number / Math.max(1, some.length));
}

/** It has a session to renew, or is about to open one. A link that nobody used takes none. */
export function takesSlots({ state, session, authorization }: Listed): boolean {
  if (state === 'REVOKED' || state === 'DISCONNECTED') return false;
  return session !== null || state !== 'AWAITING_AUTHORIZATION' || authorization?.status === 'asked' || authorization?.status === 'pending';
}

/** By lifetime, the longest first. */
export function sessionsOf(statuses: readonly Listed[]): Sessions[] {
  const numbers = new Map<number, number>();
  for (const status of statuses) {
    const lifetimeMs = lifetimeOf(status);
    numbers.set(lifetimeMs, (numbers.get(lifetimeMs) ?? 0) + 1);
  }
  return [...numbers].map(([lifetimeMs, number]) => ({ lifetimeMs, number })).sort((one, other) => other.lifetimeMs - one.lifetimeMs);
}

/** Of the session served, or of the one that is expected. Only the first session of a provider lasts an hour: what counts is what follows. */
function lifetimeOf({ session, certificate }: Listed): number {
  const lifetimeMs = session ? Date.parse(session.expiresAt) - Date.parse(session.openedAt) : 0;
  if (certificate) return lifetimeMs > HOUR_MS ? lifetimeMs : PROVIDER_SESSION_MS;
  return lifetimeMs > 0 ? lifetimeMs : USER_SESSION_MS;
}

/** Distances beyond are not only the gate's: nobody waited. */
const BUSY = 1.2;
const ENOUGH = 20;

/**
 * The measured cycle: the lower quartile of the distances, where they are near the gap, at which sessions served were opened one after the other.
 * Where the gate was seldom busy it is a little above the gap. Null when there are fewer than 20 of them.
 */
export function measuredSlotMs(statuses: readonly Pick<Listed, 'session'>[], gapMs: number): number | null {
  const openedMs = statuses.flatMap(({ session }) => (session ? [Date.parse(session.openedAt)] : [])).sort((one, other) => one - other);
  const distancesMs = openedMs.slice(1).map((ms, index) => ms - openedMs[index]!);
  const near = distancesMs.filter((ms) => ms >= gapMs && ms <= gapMs * BUSY).sort((one, other) => one - other);
  return near.length < ENOUGH ? null : near[Math.floor(near.length / 4)]!;
}

const WEEK_MS = 7 * DAY_MS;
const LATELY_MS = 4 * WEEK_MS;

/**
 * Of the last four weeks, or since the first connection was made; null when that is less than a week ago. Connections that were disconnected
 * meanwhile are not in the list and not subtracted.
 */
export function addedPerWeek(statuses: readonly Listed[], nowMs: number): number | null {
  const sinceMs = statuses.map(knownSinceMs);
  const firstMs = sinceMs.reduce((first, ms) => Math.min(first, ms), nowMs);
  const spanMs = Math.min(LATELY_MS, nowMs - firstMs);
  if (spanMs < WEEK_MS) return null;
  return (sinceMs.filter((ms) => ms > nowMs - spanMs).length * WEEK_MS) / spanMs;
}

/** The earliest that its status knows of: a later consent, or a new API key, does not make it a new one where its key pair is its own. */
function knownSinceMs({ steps, consentedAt, session }: Listed): number {
  const times = [...steps.map(({ at }) => at), consentedAt, session?.openedAt].filter((time) => typeof time === 'string').map(Date.parse);
  return Math.min(...times); // infinite: nothing is done yet
}

/** If those that are added have sessions of a week, as end users' have. */
function fullAt(load: number, perWeek: number | null, slotMs: number, nowMs: number): string | null {
  if (perWeek === null || perWeek === 0) return null;
  const room = ((1 - load) * renewedAfterMs(USER_SESSION_MS)) / slotMs;
  const atMs = nowMs + (Math.max(0, room) / perWeek) * WEEK_MS;
  return atMs < LAST_MS ? new Date(Math.ceil(atMs / MINUTE_MS) * MINUTE_MS).toISOString() : null;
}

/** Nothing is foretold beyond the year 9999, whose dates are written otherwise. */
const LAST_MS = Date.parse('9999-01-01T00:00:00Z');
