import { DAY_MS, MINUTE_MS, SECOND_MS } from './duration.ts';
import type { SlotClass } from './slot-classes.ts';
import { byTurn, inOrder, type Turns, tookTurn } from './slot-order.ts';

/**
 * Who may open the next session from one address, and when: pure, time as an argument, plain JSON. bunq allows one session in
 * 30 s from one address. One slot is out at a time; the next is granted the full gap after it was given back.
 */

export interface SlotRequest {
  /** Who asks: the connection's workflow id. */
  workflowId: string;
  /** Of one asking: the same again only refreshes the entry. */
  requestId: string;
  class: SlotClass;
  /** When the session served ends, or has ended; for a first one, since when it is wanted: of the same provider and class the earliest is first. */
  deadlineMs: number;
  /** The provider whose connection it is. */
  provider: string;
}

export interface Slots {
  readonly queue: readonly SlotRequest[];
  readonly out: SlotOut | null;
  /** No slot is granted before. */
  readonly freeAtMs: number;
  /** What a 429's text said, where that is longer than our own setting; until the gate starts anew. */
  readonly raisedGapMs: number;
  /** The last slot went to somebody who is waited for. */
  readonly lastWasInteractive: boolean;
  /** The latest ids that were given back: activity and workflow may both do it. */
  readonly returned: readonly string[];
  /** Absent in a run that began before providers took turns. */
  readonly turns?: Turns;
  readonly address: Address;
}

export interface SlotOut {
  readonly workflowId: string;
  readonly requestId: string;
  /** Absent where it was granted before providers took turns. */
  readonly provider?: string;
  readonly grantedAtMs: number;
}

/** What came of a slot. */
export interface GivenBack {
  workflowId: string;
  requestId: string;
  /** False: the bank got nothing, and there is no gap to keep. */
  sent: boolean | 'unknown';
  outcome: SlotOutcome;
  /** The distance that the text of a 429 demands, in milliseconds. */
  gapMs?: number;
}

/** `refused`: 400 "Incorrect API key or IP address". */
export type SlotOutcome = 'opened' | 'refused' | 'other';

/** What is known of the address, from those who used a slot lately. */
export interface Address {
  /** The last two connections that opened a session, the latest first. */
  readonly opened: readonly Seen[];
  /** Refused with that 400 since a session was last opened, the latest first. */
  readonly refused: readonly Seen[];
  /** Who used a slot, the latest first. */
  readonly known: readonly Seen[];
  /** Who was asked to open a session too, to see whether the address or one API key is refused. */
  readonly asked: Seen | null;
  /** Who could not tell when asked: for a day, being told of them counts for nothing. Absent: nobody. */
  readonly silent?: readonly Seen[];
}

export interface Seen {
  readonly workflowId: string;
  readonly atMs: number;
}

export const NO_SLOTS: Slots = {
  queue: [],
  out: null,
  freeAtMs: 0,
  raisedGapMs: 0,
  lastWasInteractive: false,
  returned: [],
  turns: [],
  address: { opened: [], refused: [], known: [], asked: null },
};

/** For connections that died: a live one gives its slot back within the time-outs of its call (2 s and 8 s). */
export const LEASE_MS = 30 * SECOND_MS;
/** 64 KB of state; who is not among them asks again by itself. */
export const MOST_WAITING = 500;
const LONGEST_GAP_MS = 10 * MINUTE_MS;
/** While the address is suspected, one tries it so often. */
export const PROBE_MS = 5 * MINUTE_MS;
/** Three refusals of three connections are the address's; fewer, where there are no more. */
const CONVINCING = 3;
const REMEMBERED = CONVINCING + 1;
/** More than are ever told of at once. */
const MOST_SILENT = 16;
/** Who was asked for a session and neither opened one nor was refused cannot tell. */
const OPINION_WITHIN_MS = 10 * MINUTE_MS;

/** The distance that is kept now: our setting, what a 429 raised it to, or that of the tries while the address is suspected. */
export const gapOf = ({ raisedGapMs, address }: Pick<Slots, 'raisedGapMs' | 'address'>, sessionGapMs: number) =>
  Math.max(sessionGapMs, raisedGapMs, isSuspect(address) ? PROBE_MS : 0);

/** Queues requests, or refreshes them: of one connection its latest. Whose turn comes last drops out of a full queue, and is to be told. */
export function ask(slots: Slots, ...requests: readonly SlotRequest[]): { slots: Slots; dropped: SlotRequest[] } {
  const latest = new Map(requests.map((request) => [request.workflowId, request]));
  const others = slots.queue.filter(({ workflowId }) => !latest.has(workflowId));
  const isWaiting = ({ requestId }: SlotRequest) => slots.out?.requestId !== requestId && !slots.returned.includes(requestId);
  const queue = [...others, ...[...latest.values()].filter(isWaiting)];
  if (queue.length <= MOST_WAITING) return { slots: { ...slots, queue }, dropped: [] };
  const ordered = inOrder(queue, slots.turns);
  return { slots: { ...slots, queue: ordered.slice(0, MOST_WAITING) }, dropped: ordered.slice(MOST_WAITING) };
}

/** The very request stands in the queue. */
export const isQueued = ({ queue }: Slots, request: SlotRequest) =>
  queue.some(
    ({ requestId, class: slotClass, deadlineMs }) =>
      requestId === request.requestId && slotClass === request.class && deadlineMs === request.deadlineMs,
  );

/** What there is to do now: grant a slot, wait until a time, or wait until somebody asks or gives back. */
export type Next = { readonly grant: SlotRequest } | { readonly waitUntilMs: number } | 'wait';

export function next(slots: Slots, nowMs: number): Next {
  if (slots.out) return { waitUntilMs: slots.out.grantedAtMs + LEASE_MS };
  if (slots.queue.length === 0) return 'wait';
  return nowMs < slots.freeAtMs ? { waitUntilMs: slots.freeAtMs } : { grant: mostUrgent(slots) };
}

/** The slot is out: nobody else gets one until it is given back or its lease is over. */
export function grant(slots: Slots, { workflowId, requestId, class: slotClass, provider }: SlotRequest, nowMs: number): Slots {
  return {
    ...slots,
    queue: slots.queue.filter((request) => request.workflowId !== workflowId),
    out: { workflowId, requestId, provider, grantedAtMs: nowMs },
    lastWasInteractive: slotClass === 'interactive',
  };
}

/**
 * Its connection is gone, so it was never out: the next may have it at once. Nothing is done where the slot is another's by now.
 * What stands in the queue under its name was asked since, by a new connection in its place.
 */
export function ungrant(slots: Slots, { workflowId, requestId }: Pick<SlotRequest, 'workflowId' | 'requestId'>): Slots {
  return slots.out?.requestId === requestId ? { ...forget(slots, workflowId), out: null } : slots;
}

/** It was its provider's turn. */
function free(slots: Slots): Slots {
  const { out, turns } = slots;
  return { ...slots, out: null, ...(turns && out?.provider !== undefined && { turns: tookTurn(turns, out.provider) }) };
}

/** The connection that had it has died: the bank may have got its request until now. */
export function endLease(slots: Slots, sessionGapMs: number, nowMs: number): Slots {
  if (!slots.out || nowMs < slots.out.grantedAtMs + LEASE_MS) return slots;
  return { ...free(slots), freeAtMs: nowMs + gapOf(slots, sessionGapMs) };
}

/** A slot comes back, or a request is taken back. After its lease the gap starts anew: its session may have been opened just now. */
export function giveBack(slots: Slots, given: GivenBack, sessionGapMs: number, nowMs: number): Slots {
  const { requestId, sent } = given;
  if (slots.returned.includes(requestId)) return slots;
  const isOut = slots.out?.requestId === requestId;
  const raisedGapMs = Math.min(Math.max(slots.raisedGapMs, given.gapMs ?? 0), LONGEST_GAP_MS);
  const address = sent === false ? slots.address : learn(slots.address, given, nowMs);
  const gapMs = gapOf({ raisedGapMs, address }, sessionGapMs);
  return {
    ...(isOut ? free(slots) : slots),
    raisedGapMs,
    address,
    queue: slots.queue.filter((request) => request.requestId !== requestId),
    returned: [requestId, ...slots.returned].slice(0, REMEMBERED_RETURNS),
    freeAtMs: sent === false ? slots.freeAtMs : Math.max(slots.freeAtMs, nowMs + gapMs),
  };
}

const REMEMBERED_RETURNS = 8;

/** Of those that wait, whose turn it is; but somebody who is waited for gets at most every other slot while emergencies wait; and an address that is suspected is tried by each in turn. */
function mostUrgent({ queue, address, lastWasInteractive, turns }: Slots): SlotRequest {
  const hasEmergency = queue.some((request) => request.class === 'emergency');
  const candidates = lastWasInteractive && hasEmergency ? queue.filter((request) => request.class !== 'interactive') : queue;
  const compare = byTurn(turns);
  return first(candidates, isSuspect(address) ? (a, b) => refusedAtMs(address, a) - refusedAtMs(address, b) || compare(a, b) : compare);
}

/** Of equals the one that stands before. */
const first = <Item>(items: readonly Item[], compare: (a: Item, b: Item) => number): Item =>
  items.reduce((least, item) => (compare(item, least) < 0 ? item : least));

/** Never refused: first. */
const refusedAtMs = ({ refused }: Address, { workflowId }: SlotRequest) =>
  refused.find((seen) => seen.workflowId === workflowId)?.atMs ?? 0;

// --- the address

/** bunq says the same of a dead API key and of a call from another address: only what becomes of others tells them apart. */
export const isSuspect = ({ refused, known }: Address) => known.length >= 2 && refused.length >= Math.min(CONVINCING, known.length);

export function learn(address: Address, { workflowId, outcome }: Pick<GivenBack, 'workflowId' | 'outcome'>, nowMs: number): Address {
  if (outcome === 'other') return address;
  const seen = { workflowId, atMs: nowMs };
  const withSeen = (list: readonly Seen[], most: number) => [seen, ...list.filter((one) => one.workflowId !== workflowId)].slice(0, most);
  const known = withSeen(address.known, REMEMBERED);
  const asked = address.asked?.workflowId === workflowId ? null : address.asked;
  if (outcome === 'opened') return { known, asked: null, refused: [], opened: withSeen(address.opened, 2) }; // whoever was silent may be asked again
  return { ...address, known, asked, refused: withSeen(address.refused, REMEMBERED) };
}

/**
 * Others of the same egress, of whom somebody else knows: a gate in the place of a closed one has met nobody yet. They count as
 * those do that used a slot, after them; without those who could not tell when they were asked.
 */
export function tellOf(address: Address, workflowIds: readonly string[], nowMs: number): Address {
  const isSilent = (workflowId: string) => address.silent?.some((seen) => seen.workflowId === workflowId && nowMs < seen.atMs + DAY_MS);
  const isKnown = (workflowId: string) => address.known.some((seen) => seen.workflowId === workflowId);
  const added = workflowIds.filter((workflowId) => !isKnown(workflowId) && !isSilent(workflowId));
  const known = [...address.known, ...added.map((workflowId) => ({ workflowId, atMs: nowMs }))].slice(0, REMEMBERED);
  return known.length === address.known.length ? address : { ...address, known };
}

/** What one connection may conclude from. */
export interface EgressView {
  /** When another one last opened a session from this address. */
  openedByAnotherAtMs: number | null;
  /** How many others there are at this address; more than a few are not counted. Null: nobody knows. */
  others: number | null;
  isSuspect: boolean;
}

/** What became of others since a connection was first refused. */
export function othersSince({ openedByAnotherAtMs, others }: EgressView, sinceMs: number): 'opened' | 'none' | 'unknown' {
  if (openedByAnotherAtMs !== null && openedByAnotherAtMs >= sinceMs) return 'opened';
  return others === 0 ? 'none' : 'unknown';
}

export function viewOf({ address }: Slots, workflowId: string): EgressView {
  const isOther = (seen: Seen) => seen.workflowId !== workflowId;
  return {
    openedByAnotherAtMs: address.opened.find(isOther)?.atMs ?? null,
    others: address.known.filter(isOther).length,
    isSuspect: isSuspect(address),
  };
}

/**
 * Whom to ask for a session, so that a refusal is explained: somebody who was not refused, while nobody else is at it. Who was
 * asked before and did not try is no longer counted.
 */
export function seekOpinion(slots: Slots, nowMs: number): { slots: Slots; askNow: string | null } {
  const { asked, refused } = slots.address;
  const dueMs = opinionDueMs(slots);
  const counted = asked !== null && dueMs !== null && nowMs >= dueMs ? forget(slots, asked.workflowId, nowMs) : slots;
  const { address, queue, out } = counted;
  if (refused.length === 0 || address.asked || isSuspect(address)) return { slots: counted, askNow: null };
  const isUntried = ({ workflowId }: Seen | SlotRequest | SlotOut) => !refused.some((seen) => seen.workflowId === workflowId);
  const askNow = queue.some(isUntried) || (out && isUntried(out)) ? null : (address.known.find(isUntried)?.workflowId ?? null);
  if (askNow === null) return { slots: counted, askNow };
  return { slots: { ...counted, address: { ...address, asked: { workflowId: askNow, atMs: nowMs } } }, askNow };
}

/** Until when the one who was asked has time; null: nobody was, or it is at it. */
export function opinionDueMs({ address: { asked }, queue, out }: Slots): number | null {
  const isAsked = ({ workflowId }: SlotRequest | SlotOut) => workflowId === asked?.workflowId;
  if (!asked || queue.some(isAsked) || (out && isAsked(out))) return null;
  return asked.atMs + OPINION_WITHIN_MS;
}

/**
 * It does not answer: nothing is learnt from it any more.
 * @param silentAtMs it lives, and could not tell when it was asked; absent: it is gone
 */
export function forget(slots: Slots, workflowId: string, silentAtMs?: number): Slots {
  const without = (list: readonly Seen[]) => list.filter((seen) => seen.workflowId !== workflowId);
  const { opened, refused, known, asked, silent = [] } = slots.address;
  const address: Address = {
    opened,
    refused: without(refused),
    known: without(known),
    asked: asked?.workflowId === workflowId ? null : asked,
    ...(silent.length > 0 && { silent }),
    ...(silentAtMs !== undefined && { silent: [{ workflowId, atMs: silentAtMs }, ...without(silent)].slice(0, MOST_SILENT) }),
  };
  return { ...slots, address };
}
