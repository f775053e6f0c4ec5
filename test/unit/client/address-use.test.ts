import {
  addedPerWeek,
  addressUse,
  estimatedLoad,
  type Listed,
  measuredSlotMs,
  sessionsOf,
  takesSlots,
} from '../../../client/address-use.ts';
import { overdraws } from '../../../client/describe-capacity.ts';
import { STEP_NAMES } from '../../../workflows/codes.ts';
import { initialState } from '../../../workflows/state.ts';
import { iso, statusOf } from '../../../workflows/status.ts';
import { DAY, HOUR, MINUTE, newborn, REQUEST, SECOND, sealed, T0 } from '../workflows/states.ts';

const WEEK = 7 * DAY;
const GAP = 30 * SECOND;
const NOW = T0 + 365 * DAY;
const CERTIFICATE = { subject: '/CN=Acme', authorizationNumber: null, roles: ['AISP'], expiresAt: '2028-01-01T00:00:00.000Z' };

/** An end user's that serves a session of that lifetime. */
const serving = (
  lifetimeMs: number,
  { name = 'acme/alice', openedAtMs = T0, sinceMs = T0, ...more }: Partial<Listed> & { openedAtMs?: number; sinceMs?: number } = {},
): Listed => ({
  name,
  state: 'ACTIVE',
  session: { openedAt: iso(openedAtMs), expiresAt: iso(openedAtMs + lifetimeMs), renewAt: iso(openedAtMs), userId: 1 },
  certificate: null,
  steps: STEP_NAMES.map((step) => ({ name: step, status: 'done', at: iso(sinceMs) })),
  ...more,
});

const many = (number: number, of: (index: number) => Listed) => Array.from({ length: number }, (_, index) => of(index));

describe('the sessions of an address', () => {
  test('are counted by their real lifetimes', () => {
    const listed = [...many(3, () => serving(WEEK)), serving(HOUR), serving(90 * DAY, { name: 'acme', certificate: CERTIFICATE })];
    expect(sessionsOf(listed)).toEqual([
      { lifetimeMs: 90 * DAY, number: 1 },
      { lifetimeMs: WEEK, number: 3 },
      { lifetimeMs: HOUR, number: 1 },
    ]);
  });

  test('of a provider in its first hour last as the next one will', () => {
    expect(sessionsOf([serving(HOUR, { name: 'acme', certificate: CERTIFICATE })])).toEqual([{ lifetimeMs: 90 * DAY, number: 1 }]);
  });

  test('that are not there yet last as bunq’s do: a week, a provider’s 90 days', () => {
    const provider = statusOf(newborn(), { workflowId: '', runId: '', running: null }, T0);
    expect(sessionsOf([provider, { ...provider, name: 'mine', certificate: null }])).toEqual([
      { lifetimeMs: 90 * DAY, number: 1 },
      { lifetimeMs: WEEK, number: 1 },
    ]);
  });
});

describe('a connection takes slots', () => {
  test('while nobody has revoked or disconnected it', () => {
    for (const state of ['ACTIVE', 'LAPSED', 'ACTION_REQUIRED', 'ONBOARDING'] as const)
      expect(takesSlots(serving(WEEK, { state }))).toBe(true);
    for (const state of ['REVOKED', 'DISCONNECTED'] as const) expect(takesSlots(serving(WEEK, { state }))).toBe(false);
  });

  test('of an end user who may still come back, and not when the link has expired or access was denied', () => {
    const linked = (status: NonNullable<Listed['authorization']>['status']) =>
      serving(WEEK, {
        state: 'AWAITING_AUTHORIZATION',
        session: null,
        authorization: { status, askedAt: iso(T0), expiresAt: iso(T0 + HOUR) },
      });
    expect((['asked', 'pending', 'expired', 'denied', 'failed'] as const).map((status) => takesSlots(linked(status)))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  test('from the moment that its link is made', () => {
    const authorization = {
      stateSha256: 's',
      redirectUrl: 'https://acme.example/callback',
      clientId: 'c',
      clientSecret: sealed<'client-secret'>('sealed client secret'),
      validForMs: HOUR,
    };
    const state = initialState({ ...REQUEST, name: 'acme/alice', credential: { type: 'oauth-grant' }, authorization }, T0);
    expect(takesSlots(statusOf(state, { workflowId: '', runId: '', running: null }, T0))).toBe(true);
  });
});

describe('the measured cycle', () => {
  const openedEvery = (ms: number, number = 40) => many(number, (index) => serving(WEEK, { openedAtMs: T0 + index * ms }));

  test('is that at which sessions were opened one after the other', () => {
    expect(measuredSlotMs(openedEvery(32_500), GAP)).toBe(32_500);
    expect(addressUse('default', openedEvery(32_500), GAP, NOW)).toMatchObject({ slotSeconds: 32.5 });
  });

  test('is told by the shorter ones, where the gate was not always busy', () => {
    const short = (index: number) => Math.floor((index + 2) / 3); // a third of the distances
    const openedAtMs = (index: number) => T0 + short(index) * 31_200 + (index - short(index)) * 35_900;
    expect(
      measuredSlotMs(
        many(60, (index) => serving(WEEK, { openedAtMs: openedAtMs(index) })),
        GAP,
      ),
    ).toBe(31_200);
  });

  test('is not told by a gate that was seldom busy, by few sessions, or by others than its own', () => {
    expect(measuredSlotMs(openedEvery(10 * MINUTE), GAP)).toBeNull();
    expect(measuredSlotMs(openedEvery(31_000, 20), GAP)).toBeNull(); // 19 distances
    expect(measuredSlotMs(openedEvery(SECOND), GAP)).toBeNull();
    expect(addressUse('default', openedEvery(SECOND), GAP, NOW)).toMatchObject({ slotSeconds: 31 });
  });
});

describe('growth', () => {
  test('is what was added in the last four weeks, by the earliest that each knows of', () => {
    const old = many(1000, () => serving(WEEK));
    const added = many(40, (index) => serving(WEEK, { sinceMs: NOW - index * HOUR, openedAtMs: NOW, consentedAt: iso(NOW) }));
    const consentedAgain = serving(WEEK, { consentedAt: iso(NOW - DAY) });
    expect(addedPerWeek([...old, ...added, consentedAgain], NOW)).toBe(10);
  });

  test('is not known while the first connection is younger than a week', () => {
    expect(
      addedPerWeek(
        many(5, () => serving(WEEK, { sinceMs: NOW - 6 * DAY, openedAtMs: NOW })),
        NOW,
      ),
    ).toBeNull();
    expect(addedPerWeek([], NOW)).toBeNull();
  });

  test('leads to a date when the address is full', () => {
    const listed = [...many(6503, () => serving(WEEK)), ...many(400, () => serving(WEEK, { sinceMs: NOW - DAY, openedAtMs: NOW - DAY }))];
    const { load, addedPerWeek: perWeek, fullAt } = addressUse('default', listed, GAP, NOW);
    expect(load).toBeCloseTo(6903 / 13_006, 3);
    expect(perWeek).toBe(100);
    expect((Date.parse(fullAt!) - NOW) / WEEK).toBeCloseTo((13_006 - 6903) / 100, 1);
  });

  test('is none, and there is no date, where nobody was added', () => {
    expect(addressUse('default', [serving(WEEK)], GAP, NOW)).toMatchObject({ addedPerWeek: 0, fullAt: null });
  });
});

describe('whether one more fits', () => {
  const full = many(13_006, () => serving(WEEK));

  test('is told by its number and a few of all, and never sooner than by all', () => {
    expect(estimatedLoad(full.slice(0, 200), full.length, GAP)).toBeGreaterThan(1);
    expect(estimatedLoad(full.slice(0, 200), 200, GAP)).toBeCloseTo(201 / 13_006, 5);
    expect(estimatedLoad([], 0, GAP)).toBeLessThan(0.001);
    expect(estimatedLoad([], 13_006, GAP)).toBeGreaterThan(0.99);
  });

  test('is refused with the numbers: an egress’s connections, its slots, and what to do', () => {
    expect(addressUse('default', full, GAP, NOW).fits).toBe(true);
    const use = addressUse('default', [...full, serving(WEEK)], GAP, NOW);
    expect(use.fits).toBe(false);
    const said = overdraws('acme/bob', use);
    expect(said).toMatch(
      /^acme\/bob does not fit: nothing was done\. With it, the 13,007 connections of egress default would take 100\.1 %/,
    );
    expect(said).toMatch(/At 31 s a slot it holds 13,006 sessions of a week.+4\.7 days.+KEEPER_EGRESS.+: bunq-keeper capacity$/);
  });
});
