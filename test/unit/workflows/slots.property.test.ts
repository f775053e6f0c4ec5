import fc from 'fast-check';
import { MINUTE_MS, SECOND_MS } from '../../../workflows/duration.ts';
import { SLOT_CLASSES } from '../../../workflows/slot-classes.ts';
import {
  ask,
  endLease,
  type GivenBack,
  gapOf,
  giveBack,
  grant,
  NO_SLOTS,
  next,
  type SlotRequest,
  type Slots,
  ungrant,
} from '../../../workflows/slots.ts';

/** What no order of asking, giving back, dying, late answers and time may break. A failure prints its seed and the least example. */

const T0 = Date.parse('2026-12-01T12:00:00Z');
const GAP_MS = 30 * SECOND_MS;
const CONNECTIONS = 6;

const who = fc.nat(CONNECTIONS - 1);
const outcome = fc.constantFrom('opened', 'refused', 'other');

/** One thing that happens to a gate; times in milliseconds. */
const happening = fc.oneof(
  fc.record({ kind: fc.constant('ask'), who, class: fc.constantFrom(...SLOT_CLASSES), deadlineMs: fc.nat(1000), anew: fc.boolean() }),
  fc.record({ kind: fc.constant('wait'), ms: fc.oneof(fc.nat(2000), fc.nat(10 * MINUTE_MS)) }),
  fc.record({
    kind: fc.constant('give back'),
    /** Of those that have been granted, counted from the latest: also again, also after the lease. */
    which: fc.nat(4),
    sent: fc.constantFrom<GivenBack['sent']>(true, false, 'unknown'),
    outcome,
    gapMs: fc.option(fc.nat(20 * MINUTE_MS), { nil: undefined }),
  }),
  fc.record({ kind: fc.constant('take back'), who }),
  fc.record({ kind: fc.constant('is gone'), who }),
);

/** The gate's loop, with what may never be checked at each turn. */
class World {
  slots: Slots = NO_SLOTS;
  nowMs = T0;
  readonly granted: SlotRequest[] = [];
  readonly #gone = new Set<string>();
  readonly #requests = new Map<number, SlotRequest>();
  /** Until then the bank may have got a request. */
  #lastSentMs = Number.NEGATIVE_INFINITY;
  #asked = 0;

  ask(index: number, more: Pick<SlotRequest, 'class' | 'deadlineMs'>, anew: boolean): void {
    const workflowId = `provider.${index}`;
    const former = this.#requests.get(index);
    const requestId = former && !anew ? former.requestId : `request ${++this.#asked}`;
    const request = { workflowId, requestId, provider: String(index), ...more };
    this.#requests.set(index, request);
    this.#gone.delete(workflowId);
    this.slots = ask(this.slots, request).slots;
    this.#turn();
  }

  giveBack(request: SlotRequest, given: Pick<GivenBack, 'sent' | 'outcome' | 'gapMs'>): void {
    const isHeard = !this.slots.returned.includes(request.requestId);
    this.slots = giveBack(this.slots, { ...request, ...given }, GAP_MS, this.nowMs);
    if (isHeard && given.sent !== false) this.#lastSentMs = this.nowMs;
    this.#turn();
  }

  takeBack(index: number): void {
    const request = this.#requests.get(index);
    if (request && this.slots.queue.some(({ requestId }) => requestId === request.requestId))
      this.giveBack(request, { sent: false, outcome: 'other' });
  }

  goes(index: number): void {
    this.#gone.add(`provider.${index}`);
  }

  wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let turns = 0; ; turns++) {
      if (turns > 1000) throw new Error('a hot loop');
      const todo = next(this.slots, this.nowMs);
      const dueMs = todo === 'wait' || 'grant' in todo ? Number.POSITIVE_INFINITY : todo.waitUntilMs;
      if (dueMs > untilMs) break;
      if (dueMs < this.nowMs) throw new Error('due in the past');
      this.nowMs = dueMs;
      this.#turn();
    }
    this.nowMs = untilMs;
    this.#turn();
  }

  #turn(): void {
    const before = this.slots;
    this.slots = endLease(this.slots, GAP_MS, this.nowMs);
    if (before.out && !this.slots.out) this.#lastSentMs = this.nowMs;
    for (let todo = next(this.slots, this.nowMs); todo !== 'wait' && 'grant' in todo; todo = next(this.slots, this.nowMs)) {
      if (this.slots.out) throw new Error('two slots are out');
      if (this.nowMs - this.#lastSentMs < GAP_MS) throw new Error(`granted ${this.nowMs - this.#lastSentMs} ms after a request`);
      this.slots = grant(this.slots, todo.grant, this.nowMs);
      if (this.#gone.has(todo.grant.workflowId)) this.slots = ungrant(this.slots, todo.grant);
      else this.granted.push(todo.grant);
    }
  }
}

function happen(world: World, happenings: readonly (typeof happening extends fc.Arbitrary<infer Happening> ? Happening : never)[]): void {
  for (const one of happenings) {
    if ('ms' in one) world.wait(one.ms);
    else if ('class' in one) world.ask(one.who, { class: one.class, deadlineMs: one.deadlineMs }, one.anew);
    else if ('which' in one) {
      const request = world.granted.at(-1 - one.which);
      const gap = one.gapMs !== undefined && { gapMs: one.gapMs };
      if (request) world.giveBack(request, { sent: one.sent, outcome: one.outcome, ...gap });
    } else if (one.kind === 'take back') world.takeBack(one.who);
    else world.goes(one.who);
    if (JSON.stringify(world.slots).length > CONNECTIONS * 150 + 3000) throw new Error('the state grows');
  }
}

const happenings = fc.array(happening, { minLength: 1, maxLength: 120 });

test('a slot is granted never while one is out, nor within the gap after the bank may have got a request; the state stays small JSON', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const world = new World();
      happen(world, all);
      expect(JSON.parse(JSON.stringify(world.slots))).toStrictEqual(world.slots);
    }),
    { numRuns: 500 },
  );
});

test('whoever keeps asking gets a slot, whatever happened before', () => {
  fc.assert(
    fc.property(happenings, fc.array(outcome, { minLength: 1 }), (all, outcomes) => {
      const world = new World();
      happen(world, all);
      const before = world.granted.length;
      for (let index = 0; index < CONNECTIONS; index++) world.ask(index, { class: 'bulk', deadlineMs: index }, true);
      const served = new Set<string>();
      for (let minutes = 0; served.size < CONNECTIONS; minutes++) {
        if (minutes > (CONNECTIONS + 2) * 12) throw new Error(`served after ${minutes} minutes: ${[...served]}`);
        world.wait(MINUTE_MS);
        for (const request of world.granted.slice(before)) {
          if (served.has(request.workflowId)) continue;
          served.add(request.workflowId);
          world.giveBack(request, { sent: true, outcome: outcomes[served.size % outcomes.length]! });
        }
      }
    }),
    { numRuns: 200 },
  );
});

test('the gap is never shorter than the setting, and never longer than ten minutes', () => {
  fc.assert(
    fc.property(happenings, (all) => {
      const world = new World();
      happen(world, all);
      expect(gapOf(world.slots, GAP_MS)).toBeGreaterThanOrEqual(GAP_MS);
      expect(gapOf(world.slots, GAP_MS)).toBeLessThanOrEqual(10 * MINUTE_MS);
      expect(world.slots.freeAtMs).toBeLessThanOrEqual(world.nowMs + 10 * MINUTE_MS);
    }),
  );
});
