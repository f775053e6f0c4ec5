import { DAY_MS, SECOND_MS } from '../workflows/duration.ts';
import { renewedAfterMs } from '../workflows/renewal.ts';
import { SLOT_CLASSES, type SlotClass } from '../workflows/slot-classes.ts';

/**
 * What an address holds: each session takes a slot of its gate at every renewal, and there is one slot at a time. All pure, durations in
 * milliseconds.
 */

/** Connections whose sessions live alike. */
export interface Sessions {
  readonly lifetimeMs: number;
  readonly number: number;
}

/** bunq: one week, unless the account's owner has set another auto-logout time. */
export const USER_SESSION_MS = 7 * DAY_MS;
/** bunq: of a PSD2 provider, all but its first. */
export const PROVIDER_SESSION_MS = 90 * DAY_MS;

/** From one session to the next where many wait: at bunq's gap of 30 s it takes 31, one of them to grant the slot and open the session. */
export const slotMsOf = (gapMs: number) => Math.round((gapMs * 31) / 30);

/** How many connections one address can renew in time, if its gate is never idle. */
export const sessionsPerAddress = (lifetimeMs: number, slotMs: number) => Math.floor(renewedAfterMs(lifetimeMs) / slotMs);

/** The share of one address's slots that renewals take: 1 is all of them. */
export const loadOf = (sessions: readonly Sessions[], slotMs: number) =>
  sessions.reduce((sum, { lifetimeMs, number }) => sum + (number * slotMs) / renewedAfterMs(lifetimeMs), 0);

export interface Planned {
  readonly users: number;
  readonly addresses: number;
  readonly sessionLifetimeMs: number;
  readonly slotMs: number;
}

/** As `capacity --json` has it. */
export interface Capacity {
  readonly slotSeconds: number;
  /** Of those that `sessionsPerAddress` is for. */
  readonly sessionLifetimeSeconds: number;
  readonly renewedAfterSeconds: number;
  readonly sessionsPerAddress: number;
  readonly addresses: number;
  readonly users: number;
  /** The share of the slots that renewals take, 1 being all. */
  readonly load: number;
  readonly fits: boolean;
  /** Null: no number of addresses would do, as a session would not outlive the waiting for its successor. */
  readonly addressesNeeded: number | null;
  /** To open every session anew, after the bank has ended all of them. */
  readonly reopenDays: number;
  /** In this order; of one class the session first that ends, or ended, first. */
  readonly reopenOrder: readonly SlotClass[];
}

/** What is planned, with the users spread evenly over the addresses. */
export function planned({ users, addresses, sessionLifetimeMs, slotMs }: Planned): Capacity {
  const each = sessionsPerAddress(sessionLifetimeMs, slotMs);
  const fullest = Math.ceil(users / addresses);
  return {
    ...perAddress(sessionLifetimeMs, slotMs),
    addresses,
    users,
    load: loadOf([{ lifetimeMs: sessionLifetimeMs, number: users }], slotMs) / addresses,
    fits: fullest <= each,
    addressesNeeded: each === 0 ? null : Math.ceil(users / each),
    ...reopening(fullest, slotMs),
  };
}

/** What one address has. */
export function inUse(sessions: readonly Sessions[], users: number, slotMs: number): Capacity {
  const load = loadOf(sessions, slotMs);
  const isHopeless = sessions.some(({ lifetimeMs }) => sessionsPerAddress(lifetimeMs, slotMs) === 0);
  const connections = sessions.reduce((sum, { number }) => sum + number, 0);
  return {
    ...perAddress(USER_SESSION_MS, slotMs),
    addresses: 1,
    users,
    load,
    fits: load <= 1,
    addressesNeeded: isHopeless ? null : Math.max(1, Math.ceil(load)),
    ...reopening(connections, slotMs),
  };
}

const perAddress = (lifetimeMs: number, slotMs: number) => ({
  slotSeconds: slotMs / SECOND_MS,
  sessionLifetimeSeconds: lifetimeMs / SECOND_MS,
  renewedAfterSeconds: renewedAfterMs(lifetimeMs) / SECOND_MS,
  sessionsPerAddress: sessionsPerAddress(lifetimeMs, slotMs),
});

const reopening = (connections: number, slotMs: number) => ({
  reopenDays: (connections * slotMs) / DAY_MS,
  reopenOrder: SLOT_CLASSES,
});
