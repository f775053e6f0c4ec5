import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../workflows/duration.ts';
import {
  askAgainMs,
  backoffMs,
  closeAgainMs,
  emergencyAtMs,
  graceMs,
  lateStartMs,
  renewAtMs,
  renewedAfterMs,
  sessionLifetimeMs,
  spread,
  unitSpread,
  urgencyOf,
} from '../../../workflows/renewal.ts';
import { SLOT_CLASSES, type SlotClass } from '../../../workflows/slot-classes.ts';

const OPENED = Date.parse('2026-11-21T00:00:00Z');
const session = (lifetimeMs: number) => ({ openedAtMs: OPENED, expiresAtMs: OPENED + lifetimeMs });

/** Where they fall between 0 and 1: near its ends and in the midst. */
const EARLY = 'user-5858';
const LATE = 'user-1590';
const MIDDLE = 'user-2648';

test.each([
  ['what the bank says', 90 * DAY_MS, false, 90 * DAY_MS],
  ['an hour for the first of a new credential', 90 * DAY_MS, true, HOUR_MS],
  ['what the bank says, where that is less than an hour', 90_000, true, 90_000],
  ['nothing, where less is left', -5, false, 0],
  ['ten years, where the bank says more', 1e18, false, 3650 * DAY_MS],
])('the lifetime is %s', (_what, toldMs, firstOfNewCredential, expected) => {
  expect(sessionLifetimeMs(toldMs, firstOfNewCredential)).toBe(expected);
});

describe('the plan', () => {
  test.each([90_000, DAY_MS, DAY_MS + 1, 7 * DAY_MS, 90 * DAY_MS])(
    'of sessions of %d ms is on average what is reckoned with',
    (lifetimeMs) => {
      const afterMs = Array.from({ length: 2000 }, (_, index) => renewAtMs(session(lifetimeMs), `user-${index}`) - OPENED);
      const averageMs = afterMs.reduce((sum, ms) => sum + ms, 0) / afterMs.length;
      expect(averageMs / renewedAfterMs(lifetimeMs)).toBeCloseTo(1, 2);
    },
  );

  test.each([
    [90_000, 45_000],
    [HOUR_MS, HOUR_MS / 2],
    [DAY_MS, DAY_MS / 2],
  ])('of a session of %d ms is at half, whatever the name', (lifetimeMs, expected) => {
    for (const name of ['acme', EARLY, LATE]) expect(renewAtMs(session(lifetimeMs), name) - OPENED).toBe(expected);
  });

  test.each([
    [EARLY, 2 / 3 - 0.05],
    [MIDDLE, 2 / 3],
    [LATE, 2 / 3 + 0.05],
  ])('of a session of 90 days of %s is at two thirds, give or take 5 %% of its life', (name, share) => {
    expect((renewAtMs(session(90 * DAY_MS), name) - OPENED) / (90 * DAY_MS)).toBeCloseTo(share, 3);
  });

  test.each([
    ['soon after it was opened is the same', 4 * SECOND_MS, 30 * MINUTE_MS],
    ['shortly before the plan waits for a quarter of what is left', 28 * MINUTE_MS, 36 * MINUTE_MS],
    ['after the plan does so too', 40 * MINUTE_MS, 45 * MINUTE_MS],
    ['as it expires is at once', HOUR_MS, HOUR_MS],
  ])('of a session of an hour that is proven %s', (_what, provenAfterMs, expected) => {
    expect(renewAtMs(session(HOUR_MS), 'acme', OPENED + provenAfterMs) - OPENED).toBe(expected);
  });
});

test.each([
  [90_000, 49_500],
  [10 * MINUTE_MS, 8 * MINUTE_MS],
  [20 * MINUTE_MS, 18 * MINUTE_MS],
  [HOUR_MS, 54 * MINUTE_MS],
  [90 * DAY_MS, 81 * DAY_MS],
])('a session of %d ms needs a successor urgently after %d ms: a tenth, or less than four slots, are left', (lifetimeMs, expected) => {
  expect(emergencyAtMs(session(lifetimeMs)) - OPENED).toBe(expected);
});

describe('the need for a session is', () => {
  const none = null;
  const first = session(HOUR_MS);
  const later = session(90 * DAY_MS);
  const alone = { waitedFor: false, bulk: false };
  const waitedFor = { waitedFor: true, bulk: false };
  const bulk = { waitedFor: false, bulk: true };

  test.each([
    ['interactive', 'somebody waits', later, 0, waitedFor],
    ['interactive', 'somebody waits for one of many', later, 0, { waitedFor: true, bulk: true }],
    ['interactive', 'somebody waits while none is served', none, 0, waitedFor],
    ['interactive', 'somebody waits in an emergency', later, 89 * DAY_MS, waitedFor],
    ['emergency', 'a tenth of the life is left', later, 81 * DAY_MS, alone],
    ['emergency', 'hardly anything is left', later, 90 * DAY_MS - 1, alone],
    ['emergency', 'a tenth of the first hour is left', first, 54 * MINUTE_MS, alone],
    ['emergency', 'one of many has a tenth left', later, 81 * DAY_MS, bulk],
    ['lapsed', 'the session is over', later, 90 * DAY_MS, alone],
    ['lapsed', 'the first session is over', first, HOUR_MS, alone],
    ['lapsed', 'the session of one of many is over', later, 90 * DAY_MS, bulk],
    ['lapsed', 'there never was one', none, 0, alone],
    ['first-hour', 'the session is a first one', first, 30 * MINUTE_MS, alone],
    ['first-hour', 'the session of one of many is a first one', first, 30 * MINUTE_MS, bulk],
    ['renewal', 'the plan has come', later, 60 * DAY_MS, alone],
    ['renewal', 'more than a tenth is left', later, 81 * DAY_MS - 1, alone],
    ['bulk', 'many are renewed before their time', later, 10 * DAY_MS, bulk],
    ['bulk', 'many are onboarded', none, 0, bulk],
  ] as const)('%s when %s', (expected, _when, served, afterMs, reasons) => {
    expect(urgencyOf(served, OPENED + afterMs, reasons)).toBe(expected);
  });

  test('told in this order, the most urgent first', () => {
    expect(SLOT_CLASSES).toEqual(['interactive', 'emergency', 'lapsed', 'first-hour', 'renewal', 'bulk']);
  });
});

test.each([
  [30 * DAY_MS, 5 * MINUTE_MS],
  [45_000, 4_500],
  [12_345, 1_234],
  [-1, 0],
])('a former session that has %d ms left is closed after %d ms', (remainingMs, expected) => {
  expect(graceMs(remainingMs)).toBe(expected);
});

test('a former session that is not closed is tried again a minute later, then each time after twice as long: some 20 times in 30 days', () => {
  expect([1, 2, 3].map(closeAgainMs)).toEqual([MINUTE_MS, 2 * MINUTE_MS, 4 * MINUTE_MS]);
  let attempts = 0;
  for (let atMs = 0; atMs < 30 * DAY_MS; atMs += closeAgainMs(attempts)) attempts++;
  expect(attempts).toBeLessThanOrEqual(22);
});

describe('the back-off', () => {
  test.each([
    [1, 30 * SECOND_MS],
    [2, MINUTE_MS],
    [6, 16 * MINUTE_MS],
    [7, 30 * MINUTE_MS],
    [1e6, 30 * MINUTE_MS],
  ])('after failure %d is %d ms, less a fifth to more a fifth by name', (failures, expected) => {
    expect(backoffMs(failures, EARLY, null) / expected).toBeCloseTo(0.8, 2);
    expect(backoffMs(failures, MIDDLE, null) / expected).toBeCloseTo(1, 2);
    expect(backoffMs(failures, LATE, null) / expected).toBeCloseTo(1.2, 2);
    expect(backoffMs(failures, MIDDLE, 90 * DAY_MS)).toBe(backoffMs(failures, MIDDLE, null));
  });

  test.each([
    ['a quarter of what is left', HOUR_MS, 15 * MINUTE_MS],
    ['a quarter of little', 20_000, 5_000],
    ['a second, of next to nothing', 3_000, 1_000],
    ['a second, of the last millisecond', 1, 1_000],
  ])('is at most %s', (_what, leftMs, expected) => {
    expect(backoffMs(9, 'acme', leftMs)).toBe(expected);
  });
});

describe('the gate is asked again', () => {
  test.each([
    [1, 15],
    [2, 30],
    [3, 60],
    [5, 240],
    [6, 360],
    [1e6, 360],
  ])('after ask %d in %d minutes, less a fifth to more a fifth by name', (asks, minutes) => {
    for (const slotClass of SLOT_CLASSES.filter((one) => one !== 'interactive')) {
      expect(askAgainMs(asks, slotClass, EARLY, null) / (minutes * MINUTE_MS)).toBeCloseTo(0.8, 2);
      expect(askAgainMs(asks, slotClass, MIDDLE, 90 * DAY_MS) / (minutes * MINUTE_MS)).toBeCloseTo(1, 2);
      expect(askAgainMs(asks, slotClass, LATE, null) / (minutes * MINUTE_MS)).toBeCloseTo(1.2, 2);
    }
  });

  test.each<[string, SlotClass, number | null, number]>([
    ['a minute, where somebody waits', 'interactive', null, MINUTE_MS],
    ['a minute, where somebody waits and much is left', 'interactive', DAY_MS, MINUTE_MS],
    ['a quarter of what is left, where somebody waits', 'interactive', 2 * MINUTE_MS, 30 * SECOND_MS],
    ['a quarter of what is left', 'emergency', 6 * MINUTE_MS, 90 * SECOND_MS],
    ['ten seconds, of next to nothing', 'emergency', 20 * SECOND_MS, 10 * SECOND_MS],
  ])('in %s', (_what, slotClass, leftMs, expected) => {
    for (const asks of [1, 5, 100]) expect(askAgainMs(asks, slotClass, LATE, leftMs)).toBe(expected);
  });
});

describe('who starts late after an outage', () => {
  const far = { leftMs: 30 * DAY_MS, isLapsed: false };

  test.each([
    ['starts at once when it is hardly late', 30 * SECOND_MS - 1, far, 0],
    ['waits its part of the lateness', 30 * SECOND_MS, far, 30 * SECOND_MS],
    ['waits its part of 10 minutes at most', 5 * HOUR_MS, far, 10 * MINUTE_MS],
    ['waits its part of a quarter of what is left', 5 * HOUR_MS, { leftMs: 8 * MINUTE_MS, isLapsed: false }, 2 * MINUTE_MS],
    ['waits its part of a minute when its session is over', 5 * HOUR_MS, { leftMs: -1, isLapsed: false }, MINUTE_MS],
    ['waits its part of a minute when none is served', 5 * HOUR_MS, { leftMs: null, isLapsed: true }, MINUTE_MS],
    ['waits its part of the lateness when none is served', 40 * SECOND_MS, { leftMs: null, isLapsed: true }, 40 * SECOND_MS],
  ])('%s', (_what, latenessMs, left, longestMs) => {
    for (const name of [EARLY, MIDDLE, LATE]) {
      expect(lateStartMs(name, latenessMs, left)).toBe(Math.floor(unitSpread(name) * longestMs));
    }
    expect(lateStartMs(MIDDLE, latenessMs, left) / (longestMs || 1)).toBeCloseTo(longestMs ? 0.5 : 0, 2);
  });
});

describe('names', () => {
  test('are spread by FNV-1a and a finalizer, so that a plan is the same in every version', () => {
    for (const [name, hash] of [
      ['', 0xab3e7c0b],
      ['a', 0x1a80b1b3],
      ['foobar', 0x0c0da6dc],
    ] as const) {
      expect(unitSpread(name)).toBe(hash / 2 ** 32);
      expect(spread(name)).toBe((hash / 2 ** 32) * 2 - 1);
    }
  });

  const PARTS = 20;
  /** With 19 degrees of freedom: one in a thousand is above it by chance. */
  const CHI_SQUARE_LIMIT = 43.82;

  const numbered = (count: number, nameOf: (i: number) => string) => Array.from({ length: count }, (_, i) => nameOf(i));

  test.each([
    ['10,000 numbered names', numbered(10_000, (i) => `user-${String(i).padStart(4, '0')}`)],
    ['10,000 numbers of unequal length', numbered(10_000, (i) => `user-${i}`)],
    ['100 numbered names', numbered(100, (i) => `user-${String(i).padStart(4, '0')}`)],
    ['10,000 users of a provider', numbered(10_000, (i) => `acme/customer-${String(i).padStart(6, '0')}`)],
    ['names that differ in two letters', numbered(676, (i) => `bank-${String.fromCharCode(97 + Math.floor(i / 26), 97 + (i % 26))}`)],
    ['names that differ in the middle', numbered(10_000, (i) => `tenant-${i}-production`)],
  ])('are spread evenly: %s', (_what, names) => {
    const counts = new Array<number>(PARTS).fill(0);
    for (const name of names) counts[Math.floor(unitSpread(name) * PARTS)]!++;
    const expected = names.length / PARTS;
    const chiSquare = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).toBeLessThan(CHI_SQUARE_LIMIT);
  });
});
