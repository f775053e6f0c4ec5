import { SLOT_CLASSES, type SlotClass } from '../../../workflows/slot-classes.ts';
import {
  type Address,
  ask,
  endLease,
  forget,
  type GivenBack,
  gapOf,
  giveBack,
  grant,
  isQueued,
  isSuspect,
  LEASE_MS,
  learn,
  MOST_WAITING,
  NO_SLOTS,
  next,
  opinionDueMs,
  othersSince,
  PROBE_MS,
  type SlotRequest,
  type Slots,
  seekOpinion,
  tellOf,
  ungrant,
  viewOf,
} from '../../../workflows/slots.ts';
import { DAY, MINUTE, SECOND, T0 } from './states.ts';

const GAP = 30 * SECOND;

/** Its workflow id, request id and provider are made of the name. */
const request = (name: string, slotClass: SlotClass = 'renewal', deadlineMs = T0): SlotRequest => ({
  workflowId: `provider.${name}`,
  requestId: `request ${name}`,
  class: slotClass,
  deadlineMs,
  provider: name,
});

const given = (name: string, more: Partial<GivenBack> = {}): GivenBack => ({
  workflowId: `provider.${name}`,
  requestId: `request ${name}`,
  sent: true,
  outcome: 'opened',
  ...more,
});

const queued = (requests: readonly SlotRequest[], more: Partial<Slots> = {}): Slots =>
  requests.reduce((slots, one) => ask(slots, one).slots, { ...NO_SLOTS, ...more });

const out = (name: string, grantedAtMs = T0): Slots => grant(queued([request(name)]), request(name), grantedAtMs);

const names = (slots: Slots) => slots.queue.map(({ provider }) => provider);

/** Who gets the slots, one after another, each opening a session at once. */
function order(slots: Slots, count: number): string[] {
  const granted: string[] = [];
  let nowMs = T0;
  for (let present = slots; granted.length < count; nowMs += GAP) {
    const todo = next(present, nowMs);
    if (todo === 'wait' || !('grant' in todo)) break;
    granted.push(todo.grant.provider);
    present = giveBack(grant(present, todo.grant, nowMs), given(todo.grant.provider), GAP, nowMs);
  }
  return granted;
}

const seen = (...of: string[]) => of.map((name, index) => ({ workflowId: `provider.${name}`, atMs: T0 - index }));

const addressOf = (known: string[], refused: string[], asked: string | null = null): Address => ({
  opened: [],
  known: seen(...known),
  refused: seen(...refused),
  asked: asked === null ? null : { workflowId: `provider.${asked}`, atMs: T0 },
});

describe('who is next', () => {
  test('the most urgent class, whoever asked first', () => {
    const least = [...SLOT_CLASSES].reverse();
    expect(order(queued(least.map((slotClass) => request(slotClass, slotClass))), 9)).toEqual([...SLOT_CLASSES]);
  });

  test('within a class, whose session ends first; of equals, who asked first', () => {
    const slots = queued([request('b', 'renewal', T0 + 2), request('c', 'renewal', T0 + 3), request('a', 'renewal', T0 + 1)]);
    expect(order(slots, 3)).toEqual(['a', 'b', 'c']);
    expect(order(queued([request('x'), request('y'), request('z')]), 3)).toEqual(['x', 'y', 'z']);
  });

  test('somebody who is waited for gets every other slot while emergencies wait, and every slot otherwise', () => {
    const waitedFor = ['i1', 'i2', 'i3', 'i4'].map((name) => request(name, 'interactive'));
    const emergencies = ['e1', 'e2'].map((name) => request(name, 'emergency'));
    const rest = [request('lapsed', 'lapsed'), request('bulk', 'bulk')];
    expect(order(queued([...rest, ...emergencies, ...waitedFor]), 9)).toEqual(['i1', 'e1', 'i2', 'e2', 'i3', 'i4', 'lapsed', 'bulk']);
    expect(order(queued([...rest, ...waitedFor]), 4)).toEqual(['i1', 'i2', 'i3', 'i4']);
  });

  test('an idle gate grants at once; within the gap it waits for its end; with nobody waiting it waits for a request', () => {
    expect(next(NO_SLOTS, T0)).toBe('wait');
    expect(next(queued([request('a')]), T0)).toEqual({ grant: request('a') });
    expect(next(queued([request('a')], { freeAtMs: T0 + 1 }), T0)).toEqual({ waitUntilMs: T0 + 1 });
    expect(next(queued([request('a')], { freeAtMs: T0 }), T0)).toEqual({ grant: request('a') });
    expect(next({ ...NO_SLOTS, freeAtMs: T0 + 1 }, T0)).toBe('wait');
  });

  test('nobody while a slot is out, until its lease is over', () => {
    expect(next(ask(out('a'), request('b')).slots, T0 + 1)).toEqual({ waitUntilMs: T0 + LEASE_MS });
  });
});

describe('asking', () => {
  test('again with the same id refreshes the entry: the class and the deadline are those said last', () => {
    const slots = queued([request('a'), request('b'), request('a', 'emergency', T0 + 5)]);
    expect(slots.queue).toEqual([request('b'), request('a', 'emergency', T0 + 5)]);
  });

  test('with another id takes the place of the former one', () => {
    const other = { ...request('a'), requestId: 'another' };
    expect(queued([request('a'), other]).queue).toEqual([other]);
  });

  test('for what is out, or came back, is no new request', () => {
    expect(ask(out('a'), request('a')).slots.queue).toEqual([]);
    expect(ask(giveBack(out('a'), given('a'), GAP, T0), request('a')).slots.queue).toEqual([]);
  });

  test('after a lease that ended with no word is a new request', () => {
    expect(names(ask(endLease(out('a'), GAP, T0 + LEASE_MS), request('a')).slots)).toEqual(['a']);
  });

  test(`a queue of ${MOST_WAITING} drops the least urgent, who is told, be it who asked last`, () => {
    const full = queued(Array.from({ length: MOST_WAITING }, (_, index) => request(`r${index}`, 'renewal', T0 + index)));
    const urgent = ask(full, request('late', 'emergency'));
    expect(urgent.dropped.map(({ provider }) => provider)).toEqual([`r${MOST_WAITING - 1}`]);
    expect(urgent.slots.queue).toHaveLength(MOST_WAITING);
    expect(names(urgent.slots)).toContain('late');
    const idle = ask(full, request('late', 'bulk'));
    expect(idle.dropped).toEqual([request('late', 'bulk')]);
    expect(idle.slots.queue).toHaveLength(MOST_WAITING);
    expect(ask(full, request('r7', 'emergency')).dropped).toEqual([]);
  });

  test('of many together do what they do one by one, and of one connection the latest counts', () => {
    const many = Array.from({ length: MOST_WAITING }, (_, index) => request(`r${index}`, 'renewal', T0 + index));
    const refreshed = [request('a', 'emergency'), ...many.slice(0, 3), request('r1', 'emergency')];
    const apart = refreshed.reduce(({ slots }, one) => ask(slots, one), ask(out('x'), ...many));
    const together = ask(out('x'), ...many, ...refreshed, request('x'));
    expect(names(together.slots).sort()).toEqual(names(apart.slots).sort());
    expect(together.dropped.map(({ provider }) => provider)).toEqual([`r${MOST_WAITING - 1}`]);
    expect(together.slots.queue.find(({ provider }) => provider === 'r1')!.class).toBe('emergency');
  });

  test('need not be repeated while the same request, of the same urgency, stands in the queue', () => {
    const slots = queued([request('a')]);
    expect(isQueued(slots, request('a'))).toBe(true);
    expect(isQueued(slots, request('a', 'emergency'))).toBe(false);
    expect(isQueued(slots, request('a', 'renewal', T0 + 1))).toBe(false);
    expect(isQueued(slots, { ...request('a'), requestId: 'another' })).toBe(false);
    expect(isQueued(out('a'), request('a'))).toBe(false);
  });
});

describe('a slot that is granted', () => {
  test('is out, and its request no longer waits', () => {
    expect(out('a')).toMatchObject({ queue: [], out: { workflowId: 'provider.a', requestId: 'request a', grantedAtMs: T0 } });
  });

  test('to a connection that is gone was never out: the next may have it at once, and nothing is learnt from the dead', () => {
    const slots = { ...ask(out('a'), request('b')).slots, address: addressOf(['a', 'b'], ['a'], 'a') };
    const after = ungrant(slots, request('a'));
    expect(next(after, T0)).toEqual({ grant: request('b') });
    expect(after.address).toMatchObject({ known: [{ workflowId: 'provider.b' }], refused: [], asked: null });
  });

  test('leaves what its name asked since, and what another has by now', () => {
    const again = { ...request('a'), requestId: 'of a new connection' };
    expect(ungrant(ask(out('a'), again).slots, request('a')).queue).toEqual([again]);
    expect(ungrant(out('b'), request('a'))).toEqual(out('b'));
  });

  test('has a lease: when it ends, the full gap begins', () => {
    expect(endLease(out('a'), GAP, T0 + LEASE_MS - 1)).toEqual(out('a'));
    expect(endLease(out('a'), GAP, T0 + LEASE_MS)).toMatchObject({ out: null, freeAtMs: T0 + LEASE_MS + GAP });
    expect(endLease(NO_SLOTS, GAP, T0)).toBe(NO_SLOTS);
  });
});

describe('a slot that comes back', () => {
  test.each([
    ['the bank answered', { sent: true }, T0 + SECOND + GAP],
    ['nobody knows whether the bank got it', { sent: 'unknown' }, T0 + SECOND + GAP],
    ['the bank got nothing', { sent: false }, T0 - MINUTE],
  ] as const)('when %s', (_what, more, freeAtMs) => {
    const slots = { ...out('a'), freeAtMs: T0 - MINUTE };
    expect(giveBack(slots, given('a', { outcome: 'other', ...more }), GAP, T0 + SECOND)).toMatchObject({ out: null, freeAtMs });
  });

  test('a second time changes nothing, however it is told', () => {
    const once = giveBack(out('a'), given('a'), GAP, T0 + SECOND);
    for (const more of [{}, { sent: false }, { sent: 'unknown' as const, outcome: 'other' as const }, { gapMs: 60 * SECOND }])
      expect(giveBack(once, given('a', more), GAP, T0 + MINUTE)).toBe(once);
  });

  test('after its lease starts the gap anew, and leaves the slot that is out by then', () => {
    const lapsed = endLease(out('a'), GAP, T0 + LEASE_MS);
    expect(giveBack(lapsed, given('a'), GAP, T0 + 59 * SECOND).freeAtMs).toBe(T0 + 59 * SECOND + GAP);
    const others = grant(ask(lapsed, request('b')).slots, request('b'), T0 + MINUTE);
    const after = giveBack(others, given('a'), GAP, T0 + MINUTE + SECOND);
    expect(after).toMatchObject({ out: { requestId: 'request b' }, freeAtMs: T0 + MINUTE + SECOND + GAP });
    expect(giveBack(lapsed, given('a', { sent: false }), GAP, T0 + 59 * SECOND).freeAtMs).toBe(lapsed.freeAtMs);
  });

  test('takes a request out of the queue: it is no longer wanted, and the gap of others stays', () => {
    const slots = queued([request('a'), request('b')], { freeAtMs: T0 + SECOND });
    expect(giveBack(slots, given('a', { sent: false, outcome: 'other' }), GAP, T0)).toMatchObject({
      queue: [request('b')],
      freeAtMs: T0 + SECOND,
    });
  });

  test('never shortens a gap', () => {
    const slots = { ...out('a'), freeAtMs: T0 + 10 * MINUTE };
    expect(giveBack(slots, given('a'), GAP, T0).freeAtMs).toBe(T0 + 10 * MINUTE);
  });

  test.each([
    ['longer', 60 * SECOND, 60 * SECOND],
    ['shorter, and ours stays', 3 * SECOND, GAP],
    ['of hours, and 10 minutes are kept', 5 * 60 * MINUTE, 10 * MINUTE],
  ])('with a 429 that demands a distance that is %s', (_what, gapMs, kept) => {
    const slots = giveBack(out('a'), given('a', { outcome: 'other', gapMs }), GAP, T0);
    expect(gapOf(slots, GAP)).toBe(kept);
    expect(slots.freeAtMs).toBe(T0 + kept);
    expect(gapOf(giveBack(grant(slots, request('b'), T0), given('b', { gapMs: 1 }), GAP, T0), GAP)).toBe(kept);
  });
});

describe('an address is suspected', () => {
  test.each([
    { known: ['a'], refused: ['a'], suspect: false },
    { known: ['a', 'b'], refused: ['a'], suspect: false },
    { known: ['a', 'b'], refused: ['a', 'b'], suspect: true },
    { known: ['a', 'b', 'c', 'd'], refused: ['a', 'b'], suspect: false },
    { known: ['a', 'b', 'c', 'd'], refused: ['a', 'b', 'c'], suspect: true },
    { known: [], refused: [], suspect: false },
  ])('when all that are known are refused, or three of them: $refused of $known', ({ known, refused, suspect }) => {
    expect(isSuspect(addressOf(known, refused))).toBe(suspect);
  });

  const refusedBy = (...of: string[]) =>
    of.reduce((slots, name) => giveBack(slots, given(name, { outcome: 'refused' }), GAP, T0), {
      ...NO_SLOTS,
      address: learn(NO_SLOTS.address, given('z'), T0 - MINUTE),
    });

  test('then one tries it every 5 minutes, also after a try of which nothing was heard, and after a longer gap where a 429 demands it', () => {
    const suspected = refusedBy('a', 'b', 'c');
    expect(isSuspect(suspected.address)).toBe(true);
    expect(suspected.freeAtMs).toBe(T0 + PROBE_MS);
    expect(giveBack(out('x'), given('x', { sent: 'unknown', outcome: 'other' }), GAP, T0).freeAtMs).toBe(T0 + GAP);
    const lost = endLease({ ...suspected, out: out('x').out }, GAP, T0 + LEASE_MS);
    expect(lost.freeAtMs).toBe(T0 + LEASE_MS + PROBE_MS);
    expect(gapOf({ ...suspected, raisedGapMs: 10 * MINUTE }, GAP)).toBe(10 * MINUTE);
  });

  test('by each in turn: who was not refused, then who was refused longest ago', () => {
    const waiting = queued(
      ['a', 'b', 'c', 'd'].map((name) => request(name)),
      { address: addressOf(['a', 'b', 'c'], ['a', 'b', 'c']) },
    );
    const granted: string[] = [];
    let slots = waiting;
    for (let nowMs = T0; granted.length < 4; nowMs += PROBE_MS) {
      const todo = next(slots, nowMs);
      if (todo === 'wait' || !('grant' in todo)) throw new Error('nobody is granted');
      const { provider } = todo.grant;
      granted.push(provider);
      const tried = giveBack(grant(slots, todo.grant, nowMs), given(provider, { outcome: 'refused' }), GAP, nowMs);
      slots = ask(tried, { ...request(provider), requestId: `${provider} at ${nowMs}` }).slots;
    }
    expect(granted).toEqual(['d', 'c', 'b', 'a']);
  });

  test('until one opens a session', () => {
    const cleared = giveBack(refusedBy('a', 'b', 'c'), given('d'), GAP, T0 + PROBE_MS);
    expect(isSuspect(cleared.address)).toBe(false);
    expect(cleared.address.refused).toEqual([]);
    expect(cleared.freeAtMs).toBe(T0 + PROBE_MS + GAP);
  });

  test('and nothing is learnt from what the bank did not get, or answered otherwise', () => {
    const { address } = refusedBy('a');
    expect(giveBack(out('b'), given('b', { sent: false, outcome: 'refused' }), GAP, T0).address).toEqual(NO_SLOTS.address);
    expect(learn(address, given('b', { outcome: 'other' }), T0)).toBe(address);
  });

  test('a few are remembered, the latest first, each once', () => {
    const address = ['a', 'b', 'c', 'd', 'e', 'd'].reduce(
      (known, name) => learn(known, given(name, { outcome: 'refused' }), T0),
      NO_SLOTS.address,
    );
    for (const list of [address.known, address.refused])
      expect(list.map(({ workflowId }) => workflowId)).toEqual(['d', 'e', 'c', 'b'].map((name) => `provider.${name}`));
  });
});

describe('a second opinion', () => {
  const refusedOne: Slots = { ...NO_SLOTS, address: addressOf(['a', 'b', 'c'], ['a']) };

  test('is asked of a connection that is known and was not refused', () => {
    const { askNow, slots } = seekOpinion(refusedOne, T0);
    expect(askNow).toBe('provider.b');
    expect(slots.address.asked).toEqual({ workflowId: 'provider.b', atMs: T0 });
    expect(opinionDueMs(slots)).toBe(T0 + 10 * MINUTE);
    expect(seekOpinion(slots, T0 + MINUTE).askNow).toBeNull();
  });

  test.each([
    ['while nobody is refused', { ...refusedOne, address: addressOf(['a', 'b'], []) }],
    ['where there is nobody else', { ...refusedOne, address: addressOf(['a'], ['a']) }],
    ['once the address is suspected', { ...refusedOne, address: addressOf(['a', 'b'], ['a', 'b']) }],
    ['while another one waits for its slot', ask(refusedOne, request('x')).slots],
    ['while another one has the slot', { ...refusedOne, out: out('x').out }],
  ])('of nobody %s', (_when, slots) => {
    expect(seekOpinion(slots, T0)).toEqual({ slots, askNow: null });
  });

  test('is still sought while only the refused one waits', () => {
    expect(seekOpinion(ask(refusedOne, request('a')).slots, T0).askNow).toBe('provider.b');
  });

  test('is had when the one asked opens a session, or is refused too', () => {
    const { slots } = seekOpinion(refusedOne, T0);
    expect(giveBack(slots, given('b'), GAP, T0).address).toMatchObject({ asked: null, refused: [] });
    const refused = giveBack(slots, given('b', { outcome: 'refused' }), GAP, T0).address;
    expect(refused.asked).toBeNull();
    expect(refused.refused.map(({ workflowId }) => workflowId)).toEqual(['provider.b', 'provider.a']);
  });

  test('is sought from the next after 10 minutes, and who did not try is no longer counted', () => {
    const { slots } = seekOpinion(refusedOne, T0);
    const later = seekOpinion(slots, T0 + 10 * MINUTE);
    expect(later.askNow).toBe('provider.c');
    expect(later.slots.address.known.map(({ workflowId }) => workflowId)).toEqual(['provider.a', 'provider.c']);
  });

  test('is waited for as long as the one asked waits for its slot, or has it', () => {
    const { slots } = seekOpinion(refusedOne, T0);
    for (const busy of [ask(slots, request('b')).slots, grant(slots, request('b'), T0)]) {
      expect(opinionDueMs(busy)).toBeNull();
      expect(seekOpinion(busy, T0 + 60 * MINUTE)).toEqual({ slots: busy, askNow: null });
    }
  });

  test('of one that is gone is forgotten, but not what stands in the queue', () => {
    const slots = forget({ ...refusedOne, queue: [request('b')], address: addressOf(['a', 'b'], ['a', 'b'], 'b') }, 'provider.b');
    expect(slots).toEqual({ ...refusedOne, queue: [request('b')], address: addressOf(['a'], ['a']) });
  });
});

test('a connection may conclude from others only', () => {
  const address = ['a', 'b', 'a'].reduce((known, name, index) => learn(known, given(name), T0 + index), NO_SLOTS.address);
  const slots = { ...NO_SLOTS, address };
  expect(viewOf(slots, 'provider.a')).toEqual({ openedByAnotherAtMs: T0 + 1, others: 1, isSuspect: false });
  expect(viewOf(slots, 'provider.b')).toEqual({ openedByAnotherAtMs: T0 + 2, others: 1, isSuspect: false });
  expect(viewOf(slots, 'provider.new')).toEqual({ openedByAnotherAtMs: T0 + 2, others: 2, isSuspect: false });
  expect(viewOf(NO_SLOTS, 'provider.a')).toEqual({ openedByAnotherAtMs: null, others: 0, isSuspect: false });
});

describe('a gate in the place of a closed one', () => {
  const alone = learn(NO_SLOTS.address, given('a', { outcome: 'refused' }), T0);
  const ids = (...of: string[]) => of.map((name) => `provider.${name}`);
  const known = (address: Address) => address.known.map(({ workflowId }) => workflowId);

  test.each([
    { known: ['a'], told: ['b'], counted: ['a', 'b'] },
    { known: ['a'], told: [], counted: ['a'] },
    { known: ['a', 'b'], told: ['b', 'a'], counted: ['a', 'b'] },
    { known: ['a'], told: ['b', 'c', 'd', 'e', 'f'], counted: ['a', 'b', 'c', 'd'] },
  ])('that knows of $known and is told of $told counts $counted', ({ known: met, told, counted }) => {
    expect(known(tellOf(addressOf(met, ['a']), ids(...told), T0))).toEqual(ids(...counted));
  });

  test('asks one of whom it was told for a second opinion, and does not suspect the address before it is refused too', () => {
    const address = tellOf(alone, ids('b'), T0);
    expect(isSuspect(address)).toBe(false);
    expect(seekOpinion({ ...NO_SLOTS, address }, T0).askNow).toBe('provider.b');
    expect(isSuspect(learn(address, given('b', { outcome: 'refused' }), T0))).toBe(true);
  });

  test('does not count for a day who could not tell when it was asked, so that one that is as good as alone is repaired', () => {
    const { slots } = seekOpinion({ ...NO_SLOTS, address: tellOf(alone, ids('b'), T0) }, T0);
    const later = T0 + 10 * MINUTE;
    const { address } = seekOpinion(slots, later).slots;
    expect(known(address)).toEqual(ids('a'));
    expect(known(tellOf(address, ids('b'), later + MINUTE))).toEqual(ids('a'));
    expect(known(tellOf(address, ids('b'), later + DAY))).toEqual(ids('a', 'b'));
    expect(known(tellOf(learn(address, given('c'), later), ids('b'), later))).toContain('provider.b');
  });
});

test.each([
  ['another opened a session since', { openedByAnotherAtMs: T0, others: 1 }, 'opened'],
  ['another opened one before only', { openedByAnotherAtMs: T0 - 1, others: 1 }, 'unknown'],
  ['there is no other', { openedByAnotherAtMs: null, others: 0 }, 'none'],
  ['the only other one is gone since', { openedByAnotherAtMs: T0 - 1, others: 0 }, 'none'],
  ['nobody knows whether there are others', { openedByAnotherAtMs: null, others: null }, 'unknown'],
] as const)('a connection that was refused concludes, when %s: %s is %s', (_when, view, conclusion) => {
  expect(othersSince({ ...view, isSuspect: false }, T0)).toBe(conclusion);
});
