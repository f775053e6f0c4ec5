import {
  ask,
  endLease,
  type GivenBack,
  gapOf,
  giveBack,
  grant,
  isQueued,
  NO_SLOTS,
  next,
  type SlotRequest,
  type Slots,
} from '../../../workflows/slots.ts';
import { GAP_MS, TEMPORAL_MS } from './modelled-times.ts';
import type { Address } from './one-address.ts';
import { MINUTE } from './states.ts';

/** As the gate does: so many are told in one task, and when to come back. */
const MOST_TOLD = 100;
const COME_BACK_MS = 15 * MINUTE;

/** `Gate` of session-gate.ts, on the timeline. */
export class ModelledGate {
  slots: Slots = NO_SLOTS;
  #dropped: SlotRequest[] = [];
  #turnAtMs = Number.POSITIVE_INFINITY;
  readonly #address: Address;

  constructor(address: Address) {
    this.#address = address;
  }

  ask(request: SlotRequest, again: boolean): void {
    if (again && isQueued(this.slots, request)) return;
    const wasIdle = this.slots.queue.length === 0;
    const { slots, dropped } = ask(this.slots, request);
    this.slots = slots;
    this.#dropped.push(...dropped);
    if (wasIdle || dropped.length > 0) this.#turnSoon(); // one more in the queue changes nothing of what it waits for
  }

  giveBack(given: GivenBack): void {
    this.slots = giveBack(this.slots, given, GAP_MS, this.#address.timeline.nowMs);
    this.#turnSoon();
  }

  get waitMs(): number {
    return this.slots.queue.length * gapOf(this.slots, GAP_MS);
  }

  #turnSoon(): void {
    this.#turnAt(this.#address.timeline.nowMs);
  }

  /** In a task of its own; signals that come meanwhile share it. */
  #turnAt(dueMs: number): void {
    const atMs = dueMs + this.#address.takes(TEMPORAL_MS);
    if (atMs >= this.#turnAtMs) return;
    this.#turnAtMs = atMs;
    this.#address.timeline.at(atMs, () => {
      if (this.#turnAtMs !== atMs) return;
      this.#turnAtMs = Number.POSITIVE_INFINITY;
      this.#turn();
    });
  }

  #turn(): void {
    const { timeline } = this.#address;
    for (const { workflowId, requestId } of this.#dropped.splice(0).slice(0, MOST_TOLD))
      this.#address.later(TEMPORAL_MS, () => this.#address.connection(workflowId).comeBack(requestId, COME_BACK_MS));
    this.slots = endLease(this.slots, GAP_MS, timeline.nowMs);
    const todo = next(this.slots, timeline.nowMs);
    if (todo === 'wait') return;
    if ('grant' in todo) this.#grant(todo.grant);
    else this.#turnAt(todo.waitUntilMs);
  }

  #grant(request: SlotRequest): void {
    const grantedAtMs = this.#address.timeline.nowMs;
    const { workflowId, requestId } = request;
    this.slots = grant(this.slots, request, grantedAtMs);
    this.#address.later(TEMPORAL_MS, () => this.#address.connection(workflowId).granted(requestId, grantedAtMs));
  }
}
