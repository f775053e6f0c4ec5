import fc from 'fast-check';
import {
  type CertificateWarning,
  certificateRemark,
  dayNumber,
  daysLeft,
  dueWarning,
  nextWarning,
  WARNING_DAYS,
  warningAtMs,
} from '../../../workflows/certificate-life.ts';
import { currentDetails } from '../../../workflows/current-details.ts';
import { forPeople } from '../../../workflows/markdown.ts';
import { statusOf } from '../../../workflows/status.ts';
import { DAY, HOUR, newborn, onboarded, REQUEST, T0 } from './states.ts';

const CERTIFICATE = REQUEST.credential as Extract<typeof REQUEST.credential, { type: 'qseal' }>;
const withCertificate = (endsInMs: number, fingerprintSha256 = 'ab12', certificateWarning?: CertificateWarning) => ({
  ...newborn({ credential: { ...CERTIFICATE, fingerprintSha256, expiresAt: new Date(T0 + endsInMs).toISOString() } }),
  ...(certificateWarning && { certificateWarning }),
});

/** A loop that is woken for warnings, at other times besides, and not at all while it is down. */
function warned(endsInMs: number, wakesMs: readonly number[], down: { fromMs: number; toMs: number }) {
  const state = withCertificate(endsInMs);
  const given: { days: number; atMs: number }[] = [];
  const lookAt = (nowMs: number) => {
    const warning = dueWarning(state, nowMs);
    if (!warning) return;
    state.certificateWarning = warning;
    given.push({ days: warning.days, atMs: nowMs });
  };
  const others = wakesMs.map((ms) => T0 + ms).sort((a, b) => a - b);
  for (let nowMs: number | null = T0; nowMs !== null; ) {
    if (nowMs >= T0 + down.fromMs && nowMs < T0 + down.toMs) nowMs = T0 + down.toMs;
    lookAt(nowMs);
    const next: number[] = [nextWarning(state, nowMs)?.atMs, others.find((ms) => ms > nowMs!)].filter((ms) => ms !== undefined);
    nowMs = next.length > 0 ? Math.min(...next) : null;
  }
  return given;
}

const NEVER_DOWN = { fromMs: 0, toMs: 0 };
const lengthMs = fc.oneof(
  fc.constantFrom(...WARNING_DAYS.flatMap((days) => [days * DAY - 1, days * DAY, days * DAY + 1])),
  fc.integer({ min: -2 * DAY, max: 400 * DAY }),
);
const wakes = fc.array(fc.integer({ min: 0, max: 420 * DAY }), { maxLength: 20 });

test('whoever is onboarded in time is warned at each threshold, once, to the millisecond, whatever else wakes the loop', () => {
  fc.assert(
    fc.property(fc.integer({ min: 90 * DAY + 1, max: 400 * DAY }), wakes, (endsInMs, others) => {
      expect(warned(endsInMs, others, NEVER_DOWN)).toEqual(WARNING_DAYS.map((days) => ({ days, atMs: warningAtMs(T0 + endsInMs, days) })));
    }),
  );
});

test('no threshold is warned of twice or before its time, and after an outage or a late onboarding only the last that was reached', () => {
  fc.assert(
    fc.property(lengthMs, wakes, fc.nat(400 * DAY), fc.nat(200 * DAY), (endsInMs, others, fromMs, forMs) => {
      const down = { fromMs, toMs: fromMs + forMs };
      const given = warned(endsInMs, others, down);
      const isDown = (atMs: number) => atMs >= T0 + down.fromMs && atMs < T0 + down.toMs;
      expect(given.map(({ days }) => days)).toEqual([...new Set(given.map(({ days }) => days))].sort((one, other) => other - one));
      for (const { days, atMs } of given) {
        const dueMs = warningAtMs(T0 + endsInMs, days);
        expect(atMs).toBe(isDown(dueMs) ? T0 + down.toMs : Math.max(dueMs, fromMs === 0 ? T0 + down.toMs : T0));
      }
      expect(given.at(-1)?.days).toBe(0);
    }),
  );
});

test('onboarded with 20 days left it is warned at once, of the 30 days, and then at 14', () => {
  const state = withCertificate(20 * DAY);
  expect(dueWarning(state, T0)).toEqual({ fingerprintSha256: 'ab12', days: 30 });
  expect(nextWarning(state, T0)).toEqual({ atMs: T0 + 6 * DAY, summary: 'the certificate expires on 2026-12-21: say so 14 days before' });
});

test('a new certificate starts anew, and the former that counts again is not warned of again', () => {
  const former = { fingerprintSha256: 'ab12', days: 7 } as const;
  expect(dueWarning(withCertificate(20 * DAY, 'cd34', former), T0)).toEqual({ fingerprintSha256: 'cd34', days: 30 });
  expect(dueWarning(withCertificate(300 * DAY, 'cd34', former), T0)).toBeNull();
  expect(dueWarning(withCertificate(5 * DAY, 'ab12', former), T0)).toBeNull();
});

test('who has no certificate is warned of none', () => {
  const state = newborn({ credential: { type: 'sandbox-user' } });
  expect([dueWarning(state, T0), nextWarning(state, T0)]).toEqual([null, null]);
});

test('the last wake is at the end itself', () => {
  expect(nextWarning(withCertificate(HOUR), T0)).toEqual({
    atMs: T0 + HOUR,
    summary: 'the certificate expires on 2026-12-01: say so then',
  });
  expect(nextWarning(withCertificate(HOUR), T0 + HOUR)).toBeNull();
});

test('days that have begun count as left, none at the end, and less than none after it', () => {
  const at = (ms: number) => daysLeft(new Date(T0).toISOString(), T0 - ms);
  expect([90 * DAY, 90 * DAY - 5, DAY, 1, 0, -1, -DAY].map(at)).toEqual([90, 90, 1, 1, 0, 0, -1]);
});

test('the day of expiry is a number as it is read, in UTC', () => {
  expect(dayNumber('2027-11-28T23:59:59.000Z')).toBe(20271128);
});

describe('what a person is told', () => {
  const RUN = { workflowId: 'provider.sandbox.acme', runId: 'run', running: null };
  const ENDS = Date.parse(CERTIFICATE.expiresAt);
  const told = (nowMs: number) => certificateRemark(statusOf(onboarded(), RUN, nowMs), nowMs);
  const COMMAND = /: bunq-keeper resume acme --certificate F --chain F --signer S$/;

  test('begins 90 days before the end, and ends in the command', () => {
    expect(told(ENDS - 90 * DAY - 1)).toBeNull();
    expect(told(ENDS - 90 * DAY)).toMatch(/expires on 2028-01-01.*same authorization number and roles/);
    expect(told(ENDS - 90 * DAY)).toMatch(COMMAND);
    expect(told(ENDS)).toMatch(/expired on 2028-01-01.*Sessions go on/);
    expect(told(ENDS)).toMatch(COMMAND);
  });

  test('stands in the Temporal UI, and is nothing for a connection that was disconnected or has no certificate', () => {
    const status = statusOf(onboarded(), RUN, ENDS);
    expect(currentDetails(status, ENDS)).toContain(forPeople(told(ENDS)!).trim());
    expect(certificateRemark({ ...status, state: 'DISCONNECTED' }, ENDS)).toBeNull();
    expect(certificateRemark({ ...status, certificate: null }, ENDS)).toBeNull();
  });
});
