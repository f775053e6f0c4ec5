import fc from 'fast-check';
import { SLOT_CLASSES, type SlotClass } from '../../../workflows/slot-classes.ts';
import { inOrder } from '../../../workflows/slot-order.ts';
import {
  ask,
  endLease,
  giveBack,
  grant,
  LEASE_MS,
  MOST_WAITING,
  NO_SLOTS,
  next,
  type SlotRequest,
  type Slots,
  ungrant,
} from '../../../workflows/slots.ts';
import { SECOND, T0 } from './states.ts';

/** Whose turn it is among those of one class: no provider's thousands keep another's one waiting, and no session ends for it. */

const GAP = 30 * SECOND;

/** `big/17`, as connections are named. */
const request = (name: string, slotClass: SlotClass, deadlineMs = T0): SlotRequest => ({
  workflowId: `user.${name}`,
  requestId: `request ${name}`,
  class: slotClass,
  deadlineMs,
  provider: name.split('/')[0]!,
});

const many = (provider: string, count: number, slotClass: SlotClass, fromMs = T0) =>
  Array.from({ length: count }, (_, index) => request(`${provider}/${index}`, slotClass, fromMs + index));

const queued = (requests: readonly SlotRequest[], slots = NO_SLOTS) => requests.reduce((present, one) => ask(present, one).slots, slots);

const opened = ({ workflowId, requestId }: SlotRequest) => ({ workflowId, requestId, sent: true, outcome: 'opened' }) as const;

const names = (requests: readonly SlotRequest[]) => requests.map(({ workflowId }) => workflowId.slice('user.'.length));

/** Who gets the slots, one after another, each opening a session at once. */
function served(slots: Slots, count: number): SlotRequest[] {
  const granted: SlotRequest[] = [];
  let present = slots;
  for (let nowMs = slots.freeAtMs; granted.length < count; nowMs += GAP) {
    const todo = next(present, nowMs);
    if (todo === 'wait' || !('grant' in todo)) break;
    granted.push(todo.grant);
    present = giveBack(grant(present, todo.grant, nowMs), opened(todo.grant), GAP, nowMs);
  }
  return granted;
}

describe.each(['interactive', 'lapsed', 'bulk'] as const)('%s', (slotClass) => {
  test('providers take turns, and of each the one that waits longest is first', () => {
    const slots = queued([...many('big', 5, slotClass), request('small/b', slotClass, T0 + 91), request('small/a', slotClass, T0 + 90)]);
    expect(names(served(slots, 6))).toEqual(['big/0', 'small/a', 'big/1', 'small/b', 'big/2', 'big/3']);
  });

  test('whose last turn is longest ago is next, also who has none waiting now and comes again', () => {
    const slots = queued([request('a/1', slotClass, T0 + 1), request('b/1', slotClass, T0 + 2), request('c/1', slotClass, T0 + 3)]);
    const [first] = served(slots, 1);
    const after = giveBack(grant(slots, first!, T0), opened(first!), GAP, T0);
    const again = queued([request('a/0', slotClass, T0 - 1), request('new/1', slotClass, T0 + 9)], after);
    expect(names(served(again, 9))).toEqual(['b/1', 'c/1', 'new/1', 'a/0']);
  });

  test('a queue full of one provider takes in the first of another, and drops the last of the many', () => {
    const { slots, dropped } = ask(queued(many('big', MOST_WAITING, slotClass)), request('small/1', slotClass, T0 + 99_999));
    expect(names(dropped)).toEqual([`big/${MOST_WAITING - 1}`]);
    expect(names(served(slots, 2))).toEqual(['big/0', 'small/1']);
  });
});

describe.each(['emergency', 'first-hour', 'renewal'] as const)('%s', (slotClass) => {
  test('the session that ends first is first, whosever it is', () => {
    const slots = queued([...many('big', 3, slotClass), request('small/1', slotClass, T0 + 1.5)]);
    expect(names(served(slots, 4))).toEqual(['big/0', 'big/1', 'small/1', 'big/2']);
  });

  test('a full queue drops the session that ends last', () => {
    const full = queued(many('big', MOST_WAITING, slotClass));
    expect(names(ask(full, request('small/1', slotClass, T0 + 99_999)).dropped)).toEqual(['small/1']);
  });
});

test('a turn was had by whoever kept the slot until its lease ended, and not by a connection that was gone', () => {
  const waiting = queued([request('a/1', 'lapsed', T0 + 1), request('a/2', 'lapsed', T0 + 2), request('b/1', 'lapsed', T0 + 3)]);
  const out = grant(waiting, request('a/1', 'lapsed', T0 + 1), T0);
  expect(names(served(ungrant(out, request('a/1', 'lapsed')), 2))).toEqual(['a/2', 'b/1']);
  expect(names(served(endLease(out, GAP, T0 + LEASE_MS), 2))).toEqual(['b/1', 'a/2']);
});

test('a run that began before providers took turns goes by the deadline alone', () => {
  const { turns: _, ...before } = NO_SLOTS;
  const slots = queued([...many('big', 3, 'lapsed'), request('small/1', 'lapsed', T0 + 99)], before);
  expect(names(served(slots, 4))).toEqual(['big/0', 'big/1', 'big/2', 'small/1']);
  expect(names(inOrder(slots.queue, undefined))).toEqual(['big/0', 'big/1', 'big/2', 'small/1']);
});

const provider = fc.constantFrom('a', 'b', 'c', 'd');
const asked = fc.record({ provider, user: fc.nat(30), class: fc.constantFrom(...SLOT_CLASSES), deadlineMs: fc.nat(100) });
const toAsk = fc.array(asked, { maxLength: 60 });
const toRequests = (all: readonly { provider: string; user: number; class: SlotClass; deadlineMs: number }[]) =>
  all.map((one) => request(`${one.provider}/${one.user}`, one.class, T0 + one.deadlineMs));

test('whatever comes between: none has a slot before one of its class whose provider waits longer for its turn, or whose session ends first', () => {
  fc.assert(
    fc.property(fc.array(toAsk, { minLength: 1, maxLength: 8 }), (arrivals) => {
      let slots: Slots = NO_SLOTS;
      const had: string[] = [];
      const lastTurn = ({ provider }: SlotRequest) => had.lastIndexOf(provider);
      for (const all of arrivals) {
        slots = queued(toRequests(all), slots);
        for (const one of served(slots, 5)) {
          const others = slots.queue.filter((other) => other.class === one.class && other !== one);
          const [ofIts, ofOthers] = [true, false].map((isIts) => others.filter((other) => (other.provider === one.provider) === isIts));
          const isInTurn = ['interactive', 'lapsed', 'bulk'].includes(one.class);
          for (const other of isInTurn ? ofIts! : others) expect(one.deadlineMs).toBeLessThanOrEqual(other.deadlineMs);
          for (const other of isInTurn ? ofOthers! : []) expect(lastTurn(one)).toBeLessThanOrEqual(lastTurn(other));
          had.push(one.provider);
          slots = giveBack(grant(slots, one, slots.freeAtMs), opened(one), GAP, slots.freeAtMs);
        }
      }
    }),
    { numRuns: 300 },
  );
});

test('the order of a queue is the order in which it is served', () => {
  fc.assert(
    fc.property(toAsk, (all) => {
      const slots = queued(toRequests(all.filter((one) => one.class !== 'interactive' && one.class !== 'emergency'))); // these two alternate
      const order = inOrder(slots.queue, slots.turns);
      expect(order.map(({ class: slotClass }) => slotClass)).toEqual(served(slots, 99).map(({ class: slotClass }) => slotClass));
      expect(new Set(names(order))).toEqual(new Set(names(served(slots, 99))));
    }),
  );
});
