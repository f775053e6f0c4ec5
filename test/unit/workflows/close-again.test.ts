import { closeAgainMs, spread } from '../../../workflows/renewal.ts';
import { DAY, MINUTE } from './states.ts';

test('a former session that is not closed is tried again a minute later, then each time after twice as long: some 20 times in 30 days', () => {
  expect([1, 2, 3].map(closeAgainMs)).toEqual([MINUTE, 2 * MINUTE, 4 * MINUTE]);
  let attempts = 0;
  for (let atMs = 0; atMs < 30 * DAY; atMs += closeAgainMs(attempts)) attempts++;
  expect(attempts).toBeLessThanOrEqual(22);
});

test('names are spread by FNV-1a, so that a plan is the same in every version', () => {
  expect(spread('')).toBe((0x811c9dc5 / 0xffffffff) * 2 - 1);
  expect(spread('a')).toBe((0xe40c292c / 0xffffffff) * 2 - 1);
  expect(spread('foobar')).toBe((0xbf9cf968 / 0xffffffff) * 2 - 1);
});
