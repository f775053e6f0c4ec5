import { describe, expect, test } from '@jest/globals';
import { parseBunqTime, remainingMs } from '../../../bunq/times.ts';

describe('a time of the bank', () => {
  test.each([
    ['2026-11-21 10:00:00.123456', '2026-11-21T10:00:00.123Z'],
    ['2026-11-21 10:00:00', '2026-11-21T10:00:00.000Z'],
    ['2026-11-21 10:00:00.5', '2026-11-21T10:00:00.500Z'],
    ['2026-11-21T10:00:00.123456Z', '2026-11-21T10:00:00.123Z'],
  ])('%s is in UTC', (text, iso) => {
    expect(new Date(parseBunqTime(text)!).toISOString()).toBe(iso);
  });

  test.each([null, undefined, '', 'tomorrow', '2026-13-41 10:00:00', '2026-11-21 10:00:00+02:00', '1795255200'])('%j is none', (text) => {
    expect(parseBunqTime(text)).toBeNull();
  });
});

describe('what is left of a duration', () => {
  const created = Date.parse('2026-11-21T10:00:00.000Z');
  const answeredAfter = (ms: number) => ({ bankNowMs: created + ms, durationMs: 777 });

  test.each([
    ['the age by the clock of the bank is taken off', 60_000, created, answeredAfter(2_000), 58_000],
    ['a Date that seems older than the beginning adds nothing', 60_000, created, answeredAfter(-1_000), 60_000],
    ['a beginning in another zone of time counts for nothing', 60_000, created, answeredAfter(3_600_000), 59_223],
    ['nor does one in the future', 60_000, created, answeredAfter(-3_600_000), 59_223],
    ['nothing is left of what is over', 500, created, { bankNowMs: null, durationMs: 777 }, 0],
    ['without a Date the duration of the request is taken off', 60_000, created, { bankNowMs: null, durationMs: 777 }, 59_223],
    ['without a beginning too', 60_000, null, answeredAfter(2_000), 59_223],
  ])('%s', (_what, durationMs, createdMs, answer, left) => {
    expect(remainingMs(durationMs, createdMs, answer)).toBe(left);
  });
});
