import fc from 'fast-check';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../workflows/duration.ts';
import { backoffMs, graceMs, renewAtMs, sessionLifetimeMs, spread } from '../../../workflows/renewal.ts';

const OPENED = Date.parse('2026-11-21T00:00:00Z');
const session = (lifetimeMs: number) => ({ openedAtMs: OPENED, expiresAtMs: OPENED + lifetimeMs });
const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
const lifetime = fc.integer({ min: 90_000, max: 3650 * DAY_MS });

test.each([
  [90_000, 45_000],
  [HOUR_MS, HOUR_MS / 2],
  [DAY_MS, DAY_MS / 2],
])('a session of %d ms is renewed at half, whatever the name', (lifetimeMs, expected) => {
  expect(renewAtMs(session(lifetimeMs), 'acme') - OPENED).toBe(expected);
  expect(renewAtMs(session(lifetimeMs), 'globex') - OPENED).toBe(expected);
});

test('a session of 90 days is renewed at two thirds, give or take 5 %, always at the same moment for the same name', () => {
  fc.assert(
    fc.property(name, (given) => {
      const share = (renewAtMs(session(90 * DAY_MS), given) - OPENED) / (90 * DAY_MS);
      expect(share).toBeGreaterThanOrEqual(2 / 3 - 0.05);
      expect(share).toBeLessThanOrEqual(2 / 3 + 0.05);
      expect(renewAtMs(session(90 * DAY_MS), given)).toBe(renewAtMs(session(90 * DAY_MS), given));
    }),
  );
});

test('the plan is never before the session was opened, never after it expires, and leaves a quarter of its life for retries', () => {
  fc.assert(
    fc.property(lifetime, name, (lifetimeMs, given) => {
      const at = renewAtMs(session(lifetimeMs), given) - OPENED;
      expect(at).toBeGreaterThanOrEqual(lifetimeMs * 0.45);
      expect(at).toBeLessThanOrEqual(lifetimeMs * 0.75);
    }),
  );
});

test('names are spread evenly', () => {
  const shares = Array.from({ length: 2000 }, (_, i) => spread(`user-${i}`));
  for (const [from, to] of [
    [-1, -0.5],
    [-0.5, 0],
    [0, 0.5],
    [0.5, 1],
  ] as const) {
    expect(shares.filter((share) => share >= from && share < to).length).toBeGreaterThan(400);
  }
});

test('the first session of a new credential counts as at most an hour, later ones as what the bank says', () => {
  expect(sessionLifetimeMs(90 * DAY_MS, true)).toBe(HOUR_MS);
  expect(sessionLifetimeMs(90_000, true)).toBe(90_000);
  expect(sessionLifetimeMs(90 * DAY_MS, false)).toBe(90 * DAY_MS);
  expect(sessionLifetimeMs(-5, false)).toBe(0);
});

test('the grace of a former session is 5 minutes, and at most a tenth of what it has left', () => {
  expect(graceMs(30 * DAY_MS)).toBe(5 * MINUTE_MS);
  expect(graceMs(45_000)).toBe(4_500);
  expect(graceMs(-1)).toBe(0);
});

test('the back-off doubles from 30 s to 30 min, give or take a fifth, and never takes more than a quarter of what is left', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), name, fc.option(fc.integer({ min: 1, max: 90 * DAY_MS })), (failures, given, leftMs) => {
      const ms = backoffMs(failures, given, leftMs);
      expect(ms).toBeGreaterThanOrEqual(5_000);
      expect(ms).toBeLessThanOrEqual(36 * MINUTE_MS);
      if (leftMs !== null) expect(ms).toBeLessThanOrEqual(Math.max(5_000, Math.ceil(leftMs / 4)));
      if (leftMs === null) expect(backoffMs(failures + 1, given, leftMs)).toBeGreaterThanOrEqual(ms);
    }),
  );
  expect(backoffMs(1, 'acme', null)).toBeGreaterThanOrEqual(24_000);
  expect(backoffMs(1, 'acme', null)).toBeLessThanOrEqual(36_000);
});
