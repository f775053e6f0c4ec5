import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ROOT } from '../support/build.ts';

/** The kill test of the compose stack is JavaScript, as it runs with Node alone: what it decides and judges, without Docker. */
const { plan } = await import(join(ROOT, 'test/compose/plan.mjs'));
const { isExplained, refusedSessionCalls, registrationOf, registrationProblems, servedSessions } = await import(
  join(ROOT, 'test/compose/findings.mjs')
);

const MINUTE_MS = 60_000;

function first(count: number, seed: number): { services: string[]; kind: string }[] {
  const faults = plan(seed);
  return Array.from({ length: count }, () => faults.next().value);
}

describe('the plan of faults', () => {
  test('is the same for the same seed, and another for another', () => {
    expect(first(50, 7)).toEqual(first(50, 7));
    expect(first(50, 7)).not.toEqual(first(50, 8));
  });

  test('does everything to everybody in the end', () => {
    const done = new Set(first(500, 1).map(({ services, kind }) => `${kind} ${services.join('+')}`));
    expect(done.size).toBe(3 * 6);
  });
});

describe('what the bank has of a connection', () => {
  const bank = {
    credentials: [
      { id: 1, userId: 9, boundInstallations: [5] },
      { id: 2, userId: 9, boundInstallations: [] },
      { id: 3, userId: 8, boundInstallations: [6] },
    ],
    devices: [{ id: 11, userId: 9 }],
    oauthClients: [{ id: 21, userId: 9 }],
    callbackUrls: [{ id: 31, oauthClientId: 21, url: 'https://acme.example/callback' }],
  };

  test('is well with one of each; an API key that was never bound counts for none', () => {
    expect(registrationProblems('acme', registrationOf(bank, 9), ['https://acme.example/callback'])).toEqual([]);
  });

  test.each([
    ['API keys', { credentials: [...bank.credentials, { id: 4, userId: 9, boundInstallations: [7] }] }],
    ['devices', { devices: [...bank.devices, { id: 12, userId: 9 }] }],
    ['OAuth clients', { oauthClients: [...bank.oauthClients, { id: 22, userId: 9 }] }],
    ['callback URLs', { callbackUrls: [...bank.callbackUrls, ...bank.callbackUrls] }],
  ])('is a problem with two %s', (what, more) => {
    const problems = registrationProblems('acme', registrationOf({ ...bank, ...more }, 9), ['https://acme.example/callback']);
    expect(problems).toEqual([expect.stringContaining(`acme has 2 ${what}`)]);
  });

  test('is a problem with an OAuth client where none was wanted', () => {
    expect(registrationProblems('bob', registrationOf(bank, 9), [])).toHaveLength(2);
  });

  test('counts the session calls that the bank refused, and no other call', () => {
    const call = (endpoint: string, admitted: boolean) => ({ endpoint, admitted });
    const requests = [call('POST /session-server', true), call('POST /session-server', false), call('POST /device-server', false)];
    expect(refusedSessionCalls(requests)).toEqual({ calls: 2, refused: 1 });
  });
});

test('the sessions that were served are those whose opening stands in the history, from then on', () => {
  const result = (value: unknown) => ({ payloads: [{ data: Buffer.from(JSON.stringify(value)).toString('base64') }] });
  const scheduled = (eventId: string, name: string) => ({ eventId, activityTaskScheduledEventAttributes: { activityType: { name } } });
  const completed = (scheduledEventId: string, value: unknown) => ({
    eventId: `${scheduledEventId}0`,
    eventTime: '2026-11-28T10:00:00.500Z',
    activityTaskCompletedEventAttributes: { scheduledEventId, result: result(value) },
  });
  const events = [
    scheduled('1', 'bindDevice'),
    completed('1', { deviceId: 3 }),
    scheduled('2', 'openSession'),
    scheduled('3', 'openSession'),
    completed('3', { sessionId: 77 }),
  ];
  expect(servedSessions({ events })).toEqual([{ sessionId: 77, atMs: Date.parse('2026-11-28T10:00:00.500Z') }]);
});

describe('a lapse', () => {
  const session = { createdAt: new Date(0).toISOString(), expiresAt: new Date(6 * MINUTE_MS).toISOString() }; // due after three minutes
  const lapse = { fromMs: 6 * MINUTE_MS, untilMs: 7 * MINUTE_MS };
  const outage = (from: number, until: number) => ({ fromMs: from * MINUTE_MS, untilMs: until * MINUTE_MS });

  test('is explained by outages for more than half of the time since the renewal was due', () => {
    expect(isExplained(lapse, [session], [outage(2, 4), outage(4.5, 5.6)])).toBe(true);
  });

  test('is not explained by outages before that time or after the lapse, or by short ones', () => {
    expect(isExplained(lapse, [session], [outage(0, 3), outage(7, 12)])).toBe(false);
    expect(isExplained(lapse, [session], [outage(3, 4), outage(5, 5.5)])).toBe(false);
  });
});
