import { formatDuration, parseDuration } from '../../../workflows/duration.ts';

test.each([
  ['90s', 90_000],
  ['15m', 900_000],
  ['12h', 43_200_000],
  ['7d', 604_800_000],
])('%s is %d ms, and is written so again', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
  expect(formatDuration(ms)).toBe(text);
});

test('milliseconds are for banks that are simulated', () => expect(parseDuration('110ms')).toBe(110));

test.each(['', '90', 's', '1.5h', '-1s', '10 m', '1w', '9999999999s'])('%j is no duration', (text) => {
  expect(parseDuration(text)).toBeUndefined();
});
