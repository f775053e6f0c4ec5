import { certificateRemark } from './certificate-life.ts';
import { HOUR_MS, MINUTE_MS, SECOND_MS } from './duration.ts';
import type { ConnectionStatus } from './messages.ts';
import { unitSpread } from './renewal.ts';
import type { LifecycleChange } from './state.ts';
import { consentRemark } from './status.ts';
import type { Wake } from './steps.ts';

/** What is to be told by webhook, in the order in which it happened, until it was. Pure, and plain JSON as part of the state. */
export interface Outbox {
  queue: QueuedEvent[];
  /** From when on the present trouble counts as told, so that its end is to be told too; null while there is none. */
  troubleToldAtMs: number | null;
}

export const WEBHOOK_EVENT_TYPES = [
  'certificate.expiring',
  'connection.action_required',
  'connection.degraded',
  'connection.lapsed',
  'connection.recovered',
  'user.revoked',
] as const;
export type WebhookEventType = (typeof WEBHOOK_EVENT_TYPES)[number];

/** One thing that happened, as it is told. */
export interface WebhookEvent {
  /** The same at every attempt: who gets it twice sees it by this. */
  readonly id: string;
  readonly type: WebhookEventType;
  /** ISO 8601: when it happened. */
  readonly timestamp: string;
  /** The connection as it was then, as `status --json` has it; nothing secret is in it. */
  readonly data: WebhookData;
}

export interface WebhookData extends Omit<ConnectionStatus, 'schema' | 'runId' | 'steps'> {
  /** What a person is to do, if anything: a sentence that ends in a command. */
  readonly remedy: string | null;
}

interface QueuedEvent extends WebhookEvent {
  dueAtMs: number;
  /** Attempts that did not succeed. */
  failures: number;
}

export const EMPTY_OUTBOX: Outbox = { queue: [], troubleToldAtMs: null };

/** What a session outlasts and mends by itself within this time is told to nobody. */
const PASSING_MS = 10 * MINUTE_MS;

/** Many are degraded at once: each tells of it at its own moment. */
const SPREAD_MS = MINUTE_MS;

/** A receiver that is away for days gets what happened last. */
const MOST_QUEUED = 20;

const TYPES: Partial<Record<ConnectionStatus['state'], WebhookEventType>> = {
  DEGRADED: 'connection.degraded',
  LAPSED: 'connection.lapsed',
  ACTION_REQUIRED: 'connection.action_required',
};

/** Standard Webhooks' own advice, after the first attempt: three days in all; up to a tenth more by name. */
const AGAIN_AFTER_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
  24 * HOUR_MS,
];

/**
 * A change of state, as the status says it now. Trouble is told when it is one that a person may have to know of: no session, a person is
 * needed, or retrying for longer than a passing trouble takes; its end only when it was told itself.
 */
export function noteChange(outbox: Outbox, status: ConnectionStatus, { recovered }: LifecycleChange, id: string, nowMs: number): Outbox {
  const { troubleToldAtMs } = outbox;
  const isPassing = troubleToldAtMs !== null && nowMs < troubleToldAtMs;
  const queue = isPassing ? outbox.queue.filter(({ dueAtMs }) => dueAtMs !== troubleToldAtMs) : outbox.queue;
  if (recovered) {
    const ended = { queue, troubleToldAtMs: null };
    return troubleToldAtMs === null || isPassing ? ended : withEvent(ended, eventOf('connection.recovered', status, id, nowMs));
  }
  const type = TYPES[status.state];
  if (type === undefined || (type === 'connection.degraded' && troubleToldAtMs !== null)) return outbox;
  const dueAtMs = type === 'connection.degraded' ? nowMs + PASSING_MS + Math.round(SPREAD_MS * unitSpread(status.name)) : nowMs;
  return withEvent({ queue, troubleToldAtMs: dueAtMs }, { ...eventOf(type, status, id, nowMs), dueAtMs });
}

/** Something happened that is no change of state. */
export function noteEvent(outbox: Outbox, type: WebhookEventType, status: ConnectionStatus, id: string, nowMs: number): Outbox {
  const { queue, troubleToldAtMs } = outbox;
  const isTrouble = type === 'user.revoked';
  return withEvent({ queue, troubleToldAtMs: isTrouble ? nowMs : troubleToldAtMs }, eventOf(type, status, id, nowMs));
}

function eventOf(type: WebhookEventType, status: ConnectionStatus, id: string, nowMs: number): QueuedEvent {
  const { schema: _schema, runId: _runId, steps: _steps, ...data } = status;
  const remedy = status.action?.remedy ?? consentRemark(status) ?? certificateRemark(status, nowMs);
  return { id, type, timestamp: new Date(nowMs).toISOString(), data: { ...data, remedy }, dueAtMs: nowMs, failures: 0 };
}

const withEvent = ({ queue, ...rest }: Outbox, event: QueuedEvent): Outbox => ({ ...rest, queue: [...queue, event].slice(-MOST_QUEUED) });

/** When the next one is to be told; null when there is none that is not due. The first keeps those after it waiting, so that they come in order. */
export function nextTelling({ queue: [first] }: Outbox, nowMs: number): Wake | null {
  if (!first || first.dueAtMs <= nowMs) return null;
  return { atMs: first.dueAtMs, summary: `tell by webhook at ${new Date(first.dueAtMs).toISOString()}: ${first.type}` };
}

/** What is to be told now. */
export function dueEvent({ queue }: Outbox, nowMs: number): WebhookEvent | null {
  const [first] = queue;
  if (!first || first.dueAtMs > nowMs) return null;
  const { dueAtMs: _dueAtMs, failures: _failures, ...event } = first;
  return event;
}

/** It is told, or given up. */
export const settled = ({ queue, ...rest }: Outbox, id: string): Outbox => ({ ...rest, queue: queue.filter((event) => event.id !== id) });

/** It was not taken: when it is tried again, or null when it is given up. */
export function failed(outbox: Outbox, id: string, nowMs: number): { outbox: Outbox; againAtMs: number | null } {
  const event = outbox.queue.find((one) => one.id === id);
  const afterMs = AGAIN_AFTER_MS[event?.failures ?? AGAIN_AFTER_MS.length];
  if (!event || afterMs === undefined) return { outbox: settled(outbox, id), againAtMs: null };
  const delayMs = Math.round(afterMs * (1 + 0.1 * unitSpread(event.data.name)));
  const again = { ...event, failures: event.failures + 1, dueAtMs: nowMs + delayMs };
  return { outbox: { ...outbox, queue: outbox.queue.map((one) => (one === event ? again : one)) }, againAtMs: again.dueAtMs };
}
