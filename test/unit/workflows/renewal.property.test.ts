import fc from 'fast-check';
import { parseBunqTime, remainingMs } from '../../../bunq/times.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../../../workflows/duration.ts';
import {
  askAgainMs,
  backoffMs,
  emergencyAtMs,
  graceMs,
  type Life,
  lateStartMs,
  renewAtMs,
  sessionLifetimeMs,
  unitSpread,
  urgencyOf,
} from '../../../workflows/renewal.ts';
import { SLOT_CLASSES } from '../../../workflows/slot-classes.ts';

/**
 * What no choice of lifetime, outage, skew and name may break. The loop is simulated on the workflow's clock; a failure
 * prints its seed and the least example.
 */

const T0 = Date.parse('2026-11-21T00:00:00Z');
const SHORTEST_LIFE_MS = 90 * SECOND_MS;
const LONGEST_LIFE_MS = 3650 * DAY_MS;

const name = fc.stringMatching(/^[a-z0-9][a-z0-9-]{0,62}$/);
/** Where it is hashed a million times. */
const shortName = fc.stringMatching(/^[a-z0-9]{1,4}$/);
/** From 0 to below 1; not by `fc.double`, which is even in the exponent: nearly all of its are next to 0. */
const share = fc.nat(2 ** 30 - 1).map((n) => n / 2 ** 30);
/** A part of something: its ends more often than by chance. */
const part = fc.oneof(fc.constantFrom(0, 1), share);

/** As often between 90 s and 3 min as between one month and two; the bank's own lifetimes more often. */
const lifetime = fc.oneof(
  fc.constantFrom(SHORTEST_LIFE_MS, HOUR_MS, DAY_MS, DAY_MS + 1, 90 * HOUR_MS, 7 * DAY_MS, 90 * DAY_MS, LONGEST_LIFE_MS),
  fc
    .double({ min: Math.log(SHORTEST_LIFE_MS), max: Math.log(LONGEST_LIFE_MS), noNaN: true })
    .map((log) => Math.min(LONGEST_LIFE_MS, Math.max(SHORTEST_LIFE_MS, Math.round(Math.exp(log))))),
);
const failuresBefore = fc.oneof(fc.constant(0), fc.nat(50));

const life = (lifetimeMs: number): Life => ({ openedAtMs: T0, expiresAtMs: T0 + lifetimeMs });

/** How long the parts of a try take, of the longest that they may; taken in turn. */
const durations = fc.oneof(fc.constant([1]), fc.array(part, { minLength: 1, maxLength: 8 }));

/** A try waits for its turn at the gate, then opens a session and proves it: 8 s each before they are given up. */
const LONGEST_WAIT_MS = 31 * SECOND_MS;
const LONGEST_CALLS_MS = 16 * SECOND_MS;
const LONGEST_TRY_MS = LONGEST_WAIT_MS + LONGEST_CALLS_MS;
/**
 * What is assumed of a try: 47 s at most, and no more than 3 % of what is left at the plan: 45 s in the first hour. Lives
 * of less than 52 minutes are a simulator's, with a shorter gap: in one of 90 s a try may take 1.35 s.
 */
const LONGEST_TRY_PART = 0.03;

interface Outage {
  fromMs: number;
  toMs: number;
}

interface Course {
  servedAtMs: number;
  /** Those that failed. */
  failures: number;
  shortestDelayMs: number;
}

interface Tries {
  /** Of the first; the loop has no memory but this and the failures. */
  startAtMs: number;
  failures: number;
  parts: readonly number[];
  scale: number;
}

/** Tries until one succeeds; one fails when the outage touches its calls. */
function renew(session: Life, given: string, outage: Outage, { startAtMs, failures: failuresBefore, parts, scale }: Tries): Course {
  let nowMs = startAtMs;
  let failures = 0;
  let shortestDelayMs = Number.POSITIVE_INFINITY;
  for (let i = 0; ; i++) {
    const taken = parts[i % parts.length]! * scale;
    const calledAtMs = nowMs + taken * LONGEST_WAIT_MS;
    nowMs = calledAtMs + taken * LONGEST_CALLS_MS;
    if (calledAtMs >= outage.toMs || nowMs <= outage.fromMs) return { servedAtMs: nowMs, failures, shortestDelayMs };
    failures++;
    const leftMs = session.expiresAtMs - nowMs;
    const delayMs = backoffMs(failuresBefore + failures, given, leftMs > 0 ? leftMs : null);
    shortestDelayMs = Math.min(shortestDelayMs, delayMs);
    nowMs += delayMs;
  }
}

const scaleOf = (leftMs: number) => Math.min(1, (LONGEST_TRY_PART * leftMs) / LONGEST_TRY_MS);

/** An answer of the bank to a request for a session, and what was true meanwhile on a clock that nobody has. */
interface Opening {
  toldMs: number;
  openedAtMs: number;
  sentAtMs: number;
  createdAtMs: number;
  answeredAtMs: number;
  arrivedAtMs: number;
}

const opening = fc
  .record({
    toldMs: lifetime,
    offsetMs: fc.nat(999),
    waitMs: fc.nat(10_000),
    thereMs: fc.nat(2_500),
    workMs: fc.nat(2_500),
    backMs: fc.nat(2_500),
  })
  .map(({ toldMs, offsetMs, waitMs, thereMs, workMs, backMs }): Opening => {
    const openedAtMs = T0 + offsetMs;
    const sentAtMs = openedAtMs + waitMs;
    const createdAtMs = sentAtMs + thereMs;
    const answeredAtMs = createdAtMs + workMs;
    return { toldMs: Math.ceil(toldMs / 1000) * 1000, openedAtMs, sentAtMs, createdAtMs, answeredAtMs, arrivedAtMs: answeredAtMs + backMs };
  });

const MOST_SKEW_MS = 10 * MINUTE_MS;
const skew = fc.oneof(fc.constantFrom(-MOST_SKEW_MS, 0, MOST_SKEW_MS), fc.integer({ min: -MOST_SKEW_MS, max: MOST_SKEW_MS }));
/** How far the bank's clocks are ahead: `Date` comes from the one that created the session, from another, or is missing. */
const bankClocks = fc.record({ createdSkewMs: skew, dateSkewMs: fc.oneof(fc.constant('the same' as const), skew, fc.constant(null)) });

type BankClocks = { createdSkewMs: number; dateSkewMs: 'the same' | number | null };

/** The session as the workflow sees it: no worker's clock can be given, only the duration of the request. */
function openedBy({ toldMs, openedAtMs, sentAtMs, createdAtMs, answeredAtMs, arrivedAtMs }: Opening, clocks: BankClocks): Life {
  const created = new Date(createdAtMs + clocks.createdSkewMs).toISOString().replace('T', ' ').replace('Z', '789');
  const dateSkewMs = clocks.dateSkewMs === 'the same' ? clocks.createdSkewMs : clocks.dateSkewMs;
  const bankNowMs = dateSkewMs === null ? null : Date.parse(new Date(answeredAtMs + dateSkewMs).toUTCString());
  const leftMs = remainingMs(toldMs, parseBunqTime(created), { bankNowMs, durationMs: arrivedAtMs - sentAtMs });
  return { openedAtMs, expiresAtMs: openedAtMs + sessionLifetimeMs(leftMs, false) };
}

const PHASES = ['before the plan', 'in the first try', 'later'] as const;
const outages = fc.record({ length: part, from: part, phase: fc.constantFrom(...PHASES) });

interface OutageChoice {
  length: number;
  from: number;
  phase: (typeof PHASES)[number];
}

/** Shorter than nine tenths of what is left after the plan; begins at any moment that matters. */
function outageOf({ length, from, phase }: OutageChoice, planMs: number, leftMs: number, firstTryMs: number): Outage {
  const lengthMs = Math.max(0, length * 0.9 * leftMs - 1);
  const fromMs = planMs + { 'before the plan': -from * lengthMs, 'in the first try': from * firstTryMs, later: from * leftMs }[phase];
  return { fromMs, toMs: fromMs + lengthMs };
}

test('no session lapses, whatever the lifetime, the skew, and an outage shorter than nine tenths of what is left after the plan', () => {
  fc.assert(
    fc.property(opening, bankClocks, shortName, outages, durations, failuresBefore, (asked, clocks, given, chosen, parts, failures) => {
      const session = openedBy(asked, clocks);
      const startAtMs = renewAtMs(session, given);
      const leftMs = session.expiresAtMs - startAtMs;
      const scale = scaleOf(leftMs);
      const outage = outageOf(chosen, startAtMs, leftMs, LONGEST_TRY_MS * scale * parts[0]!);
      const { servedAtMs } = renew(session, given, outage, { startAtMs, failures, parts, scale });
      expect(servedAtMs).toBeLessThan(session.expiresAtMs);
      expect(servedAtMs).toBeLessThan(asked.createdAtMs + asked.toldMs);
    }),
    { numRuns: 700 },
  );
});

test('nor when the last try that fails does so at the worst moment: its calls begin just before the end of the longest outage', () => {
  fc.assert(
    fc.property(lifetime, name, part, durations, failuresBefore, (lifetimeMs, given, from, parts, failures) => {
      const session = life(lifetimeMs);
      const planMs = renewAtMs(session, given);
      const leftMs = session.expiresAtMs - planMs;
      const scale = scaleOf(leftMs);
      const outage = outageOf({ length: 1, from, phase: 'in the first try' }, planMs, leftMs, LONGEST_TRY_MS * scale);
      const startAtMs = outage.toMs - 1 - LONGEST_WAIT_MS * scale * parts[0]!;
      expect(renew(session, given, outage, { startAtMs, failures, parts, scale }).servedAtMs).toBeLessThan(session.expiresAtMs);
    }),
    { numRuns: 3000 },
  );
});

/** By as much an answer may be older by its `Date`, which has whole seconds, than the request by our own measure. */
const WHOLE_SECONDS_MS = 2 * SECOND_MS;

test("a session never counts as valid after its end at the bank, whatever the bank's clocks show, and hardly less long", () => {
  fc.assert(
    fc.property(opening, bankClocks, (asked, clocks) => {
      const earlyMs = asked.createdAtMs + asked.toldMs - openedBy(asked, clocks).expiresAtMs;
      expect(earlyMs).toBeGreaterThanOrEqual(0);
      expect(earlyMs).toBeLessThanOrEqual(asked.createdAtMs - asked.openedAtMs + (asked.arrivedAtMs - asked.sentAtMs) + WHOLE_SECONDS_MS);
    }),
    { numRuns: 2000 },
  );
});

test("how far the bank's clock is off changes nothing but the rounding of its Date to a second", () => {
  fc.assert(
    fc.property(opening, skew, (asked, skewMs) => {
      const right = openedBy(asked, { createdSkewMs: 0, dateSkewMs: 'the same' });
      const skewed = openedBy(asked, { createdSkewMs: skewMs, dateSkewMs: 'the same' });
      const bySeconds = openedBy(asked, { createdSkewMs: Math.trunc(skewMs / 1000) * 1000, dateSkewMs: 'the same' });
      expect(Math.abs(skewed.expiresAtMs - right.expiresAtMs)).toBeLessThan(SECOND_MS);
      expect(bySeconds).toEqual(right);
    }),
  );
});

test('the plan is never in the past, never after the expiry, and leaves at least a quarter of the life for retries', () => {
  fc.assert(
    fc.property(lifetime, name, (lifetimeMs, given) => {
      const atMs = renewAtMs(life(lifetimeMs), given) - T0;
      expect(atMs).toBeGreaterThanOrEqual(lifetimeMs / 2 - 1);
      expect(atMs).toBeLessThanOrEqual(lifetimeMs * 0.75);
      expect(atMs).toBeLessThan(emergencyAtMs(life(lifetimeMs)) - T0);
    }),
  );
});

test('however late a session is proven, its plan is a quarter of the rest away at least, and before its end', () => {
  fc.assert(
    fc.property(lifetime, share, name, (lifetimeMs, provenAfter, given) => {
      const session = life(lifetimeMs);
      const provenAtMs = Math.floor(T0 + lifetimeMs * provenAfter);
      const leftMs = session.expiresAtMs - provenAtMs;
      const planMs = renewAtMs(session, given, provenAtMs);
      expect(planMs - provenAtMs).toBeGreaterThanOrEqual(Math.floor(leftMs / 4));
      expect(planMs).toBeLessThanOrEqual(session.expiresAtMs);
      expect(planMs).toBeGreaterThanOrEqual(renewAtMs(session, given));
    }),
  );
});

test('the plans of equal sessions differ by their names alone, and by a tenth of the life at most', () => {
  fc.assert(
    fc.property(lifetime, name, name, (lifetimeMs, one, other) => {
      const plans = [one, other].map((given) => renewAtMs(life(lifetimeMs), given));
      expect(Math.abs(plans[0]! - plans[1]!)).toBeLessThanOrEqual(lifetimeMs / 10 + 1);
      expect(renewAtMs(life(lifetimeMs), one)).toBe(plans[0]);
    }),
  );
});

const SLOWEST_BACKOFF_MS = 24 * MINUTE_MS;
/** Until the back-off is at its longest, and through the last two hours of the session, of which each try takes a quarter. */
const MORE_TRIES = 40;

test('no outage, however long, makes a hot loop: tries are a second apart at least, one in 24 minutes and 40 more', () => {
  fc.assert(
    fc.property(
      lifetime,
      shortName,
      fc.integer({ min: 1, max: 200 * DAY_MS }),
      fc.oneof(fc.constant([0]), durations),
      failuresBefore,
      (lifetimeMs, given, lengthMs, parts, failures) => {
        const session = life(lifetimeMs);
        const fromMs = renewAtMs(session, given);
        const scale = scaleOf(session.expiresAtMs - fromMs);
        const course = renew(session, given, { fromMs, toMs: fromMs + lengthMs }, { startAtMs: fromMs, failures, parts, scale });
        expect(course.shortestDelayMs).toBeGreaterThanOrEqual(SECOND_MS);
        expect(course.failures).toBeLessThanOrEqual(lengthMs / SLOWEST_BACKOFF_MS + MORE_TRIES);
      },
    ),
    { numRuns: 500 },
  );
});

const anyLeft = fc.option(fc.integer({ min: -DAY_MS, max: 90 * DAY_MS }));

test('a back-off is between a second and 36 minutes, within a quarter of what is left, and grows with the failures', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), name, anyLeft, (failures, given, leftMs) => {
      const ms = backoffMs(failures, given, leftMs);
      expect(ms).toBeGreaterThanOrEqual(SECOND_MS);
      expect(ms).toBeLessThanOrEqual(36 * MINUTE_MS);
      expect(Number.isInteger(ms)).toBe(true);
      if (leftMs !== null && leftMs > 0) expect(ms).toBeLessThanOrEqual(Math.max(SECOND_MS, Math.ceil(leftMs / 4)));
      expect(backoffMs(failures + 1, given, leftMs)).toBeGreaterThanOrEqual(ms);
    }),
  );
});

test('the gate is asked again between ten seconds and 7.2 hours later, within a quarter of what is left, and ever less often', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.constantFrom(...SLOT_CLASSES), name, anyLeft, (asks, slotClass, given, leftMs) => {
      const ms = askAgainMs(asks, slotClass, given, leftMs);
      expect(ms).toBeGreaterThanOrEqual(10 * SECOND_MS);
      expect(ms).toBeLessThanOrEqual(slotClass === 'interactive' ? MINUTE_MS : 7.2 * HOUR_MS);
      expect(Number.isInteger(ms)).toBe(true);
      if (leftMs !== null && leftMs > 0) expect(ms).toBeLessThanOrEqual(Math.max(10 * SECOND_MS, Math.ceil(leftMs / 4)));
      expect(askAgainMs(asks + 1, slotClass, given, leftMs)).toBeGreaterThanOrEqual(ms);
    }),
  );
});

test('who starts late waits no longer than it is late, than 10 minutes, than a quarter of what is left, or than a minute without a session', () => {
  fc.assert(
    fc.property(name, fc.nat(30 * DAY_MS), anyLeft, fc.boolean(), (given, latenessMs, leftMs, isLapsed) => {
      const ms = lateStartMs(given, latenessMs, { leftMs, isLapsed });
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(ms).toBeLessThanOrEqual(Math.min(latenessMs, 10 * MINUTE_MS));
      if (isLapsed || leftMs === null || leftMs <= 0) expect(ms).toBeLessThanOrEqual(MINUTE_MS);
      else expect(ms).toBeLessThanOrEqual(leftMs / 4);
    }),
  );
});

test('left alone, a need never becomes less urgent until the session is over', () => {
  fc.assert(
    fc.property(lifetime, share, share, fc.boolean(), (lifetimeMs, one, other, bulk) => {
      const rankAt = (passed: number) =>
        SLOT_CLASSES.indexOf(urgencyOf(life(lifetimeMs), T0 + Math.floor(lifetimeMs * passed), { waitedFor: false, bulk }));
      expect(rankAt(Math.max(one, other))).toBeLessThanOrEqual(rankAt(Math.min(one, other)));
      expect(urgencyOf(life(lifetimeMs), T0 + lifetimeMs, { waitedFor: false, bulk })).toBe('lapsed');
    }),
  );
});

test('the grace of a former session ends before it, in whole milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: LONGEST_LIFE_MS }), (leftMs) => {
      expect(graceMs(leftMs)).toBeLessThanOrEqual(Math.min(5 * MINUTE_MS, leftMs / 10));
      expect(Number.isInteger(graceMs(leftMs))).toBe(true);
    }),
  );
});

test('a name lies from 0 to below 1', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      expect(unitSpread(text)).toBeGreaterThanOrEqual(0);
      expect(unitSpread(text)).toBeLessThan(1);
    }),
  );
});
