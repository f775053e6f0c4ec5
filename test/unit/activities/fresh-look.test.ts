import { demandFirstAttempt, demandFreshLook, demandUnused, NotSentError } from '../../../activities/fence.ts';

const LOOKED_AT_MS = 1_000_000;
const SETTLE_MS = 60_000;
const FRESH = { startedAtMs: LOOKED_AT_MS + 200, isRepeated: false, resetAtMs: null };

const demand = (change: Partial<typeof FRESH | { resetAtMs: number }> = {}) =>
  demandFreshLook({ ...FRESH, ...change }, LOOKED_AT_MS, SETTLE_MS);

test('the only attempt, started close after the look, in a workflow that was never reset, may create', () => {
  expect(demand()).toBeUndefined();
  expect(demand({ startedAtMs: LOOKED_AT_MS + 15_000 })).toBeUndefined();
});

test('an attempt after another of the same activity does not create, however fresh the look is', () => {
  expect(() => demand({ isRepeated: true })).toThrow(NotSentError);
});

test('an attempt that was started long after the look does not create', () => {
  expect(() => demand({ startedAtMs: LOOKED_AT_MS + 15_001 })).toThrow('too long ago');
});

test.each([
  ['after the look', LOOKED_AT_MS + 100],
  ['before the look, less than the settling time', LOOKED_AT_MS - SETTLE_MS + 1],
])('a workflow that was reset %s does not create: its former run may have had something under way', (_when, resetAtMs) => {
  expect(() => demand({ resetAtMs })).toThrow('reset');
});

test('a workflow that looked the settling time after its reset, or later, may create', () => {
  expect(demand({ resetAtMs: LOOKED_AT_MS - SETTLE_MS })).toBeUndefined();
});

test('a look whose time is not known is no look', () => {
  expect(() => demandFreshLook(FRESH, undefined as unknown as number, SETTLE_MS)).toThrow(NotSentError);
});

test('a slot is for the first attempt alone', () => {
  expect(demandFirstAttempt(FRESH)).toBeUndefined();
  expect(() => demandFirstAttempt({ ...FRESH, isRepeated: true })).toThrow(NotSentError);
});

describe('a code that is good once leaves', () => {
  const BROUGHT_AT_MS = 1_000_000;
  test('in the first attempt of a workflow that was not reset, or that was more than a minute before the code was brought', () => {
    expect(demandUnused(FRESH, BROUGHT_AT_MS)).toBeUndefined();
    expect(demandUnused({ ...FRESH, resetAtMs: BROUGHT_AT_MS - 60_000 }, BROUGHT_AT_MS)).toBeUndefined();
  });

  test.each([
    ['in an attempt after another', { isRepeated: true }, BROUGHT_AT_MS],
    ['after a reset: the former run may have used it', { resetAtMs: BROUGHT_AT_MS + 1 }, BROUGHT_AT_MS],
    ['when it was brought about when the workflow was reset: clocks differ', { resetAtMs: BROUGHT_AT_MS - 59_000 }, BROUGHT_AT_MS],
    ['after a reset when nobody knows when it was brought', { resetAtMs: 1 }, undefined as unknown as number],
  ])('not %s; and whether it was sent is not known', (_when, change, broughtAtMs) => {
    expect(() => demandUnused({ ...FRESH, ...change }, broughtAtMs)).toThrow(
      expect.objectContaining({ code: 'NOT_SENT', sent: 'unknown' }),
    );
  });
});
