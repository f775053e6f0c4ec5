import { type Use, useOf } from '../../../client/session-use.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

const ASKED_AT = Date.parse('2026-01-01T00:00:00Z');
const GAP = 30 * SECOND;

interface Case {
  /** What is left of the session's life when it was asked for, and at its renewal. */
  leftMs: number;
  leftAtRenewalMs: number;
  gapMs?: number;
}

function useAfter(ageMs: number, { leftMs, leftAtRenewalMs, gapMs = GAP }: Case, failedAgoMs: number | null = null): Use {
  const expiresAtMs = ASKED_AT + leftMs;
  const session = { expiresAt: new Date(expiresAtMs).toISOString(), renewAt: new Date(expiresAtMs - leftAtRenewalMs).toISOString() };
  const nowMs = ASKED_AT + ageMs;
  const failedAtMs = failedAgoMs === null ? null : nowMs - failedAgoMs;
  return useOf({ session, askedAtMs: ASKED_AT, failedAtMs }, nowMs, ageMs, gapMs);
}

const LONG: Case = { leftMs: 60 * DAY, leftAtRenewalMs: 30 * DAY };
const LONG_WITHOUT_GAP: Case = { ...LONG, gapMs: HOUR };
const NINETY_SECONDS: Case = { leftMs: 90 * SECOND, leftAtRenewalMs: 45 * SECOND };
const AT_ITS_END: Case = { leftMs: 20 * SECOND, leftAtRenewalMs: 30 * DAY };

test.each<[string, number, Use, Case]>([
  ['months left: by the gap, after which a third session may end it', 0, 'use', LONG],
  ['', 14.9 * SECOND, 'use', LONG],
  ['', 15 * SECOND, 'use and ask', LONG],
  ['', 23.9 * SECOND, 'use and ask', LONG],
  ['', 24 * SECOND, 'ask first', LONG],
  ['', DAY, 'ask first', LONG],
  ['months left: by the five minutes of grace', 149 * SECOND, 'use', LONG_WITHOUT_GAP],
  ['', 150 * SECOND, 'use and ask', LONG_WITHOUT_GAP],
  ['', 4 * MINUTE, 'ask first', LONG_WITHOUT_GAP],
  ['90 seconds: by a tenth of what is left at the renewal, whatever the clocks say', 2.2 * SECOND, 'use', NINETY_SECONDS],
  ['', 2.25 * SECOND, 'use and ask', NINETY_SECONDS],
  ['', 3.6 * SECOND, 'ask first', NINETY_SECONDS],
  ['20 seconds left: by a tenth of them', 0.9 * SECOND, 'use', AT_ITS_END],
  ['', 1 * SECOND, 'use and ask', AT_ITS_END],
  ['', 1.6 * SECOND, 'ask first', AT_ITS_END],
  ['', 20 * SECOND, 'expired', AT_ITS_END],
  ['a gap of a second', 0.4 * SECOND, 'use', { ...LONG, gapMs: SECOND }],
  ['', 0.8 * SECOND, 'ask first', { ...LONG, gapMs: SECOND }],
])('%s, after %i ms: %s', (_what, ageMs, use, session) => {
  expect(useAfter(ageMs, session)).toBe(use);
});

test('it is asked for well within the grace, whatever is left', () => {
  for (let leftMs = SECOND; leftMs < 365 * DAY; leftMs *= 1.7)
    for (const leftAtRenewalMs of [leftMs / 3, leftMs]) {
      const graceMs = Math.min(5 * MINUTE, leftMs / 10);
      expect(useAfter(0.8 * graceMs, { leftMs, leftAtRenewalMs, gapMs: DAY })).toBe('ask first');
    }
});

test('after a question without an answer calls are not held up again for a while; an expired session is of no use', () => {
  expect(useAfter(MINUTE, LONG, 1000)).toBe('use and ask');
  expect(useAfter(MINUTE, LONG, 6000)).toBe('ask first');
  expect(useAfter(MINUTE, AT_ITS_END, 1000)).toBe('expired');
});

test('a clock that was set back is no reason to trust', () => {
  expect(useAfter(-1, LONG)).toBe('ask first');
});
