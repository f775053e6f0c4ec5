import { jest } from '@jest/globals';
import type { FailureCode } from '../../../workflows/codes.ts';
import type { Connection } from '../../../workflows/connection.ts';
import type { SeenFailure } from '../../../workflows/failure.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { hold, overcome, park, tryAgain } from '../../../workflows/trouble.ts';
import { DAY, HOUR, MINUTE, onboarded, SECOND, SERVING, SESSION, T0, trouble } from './states.ts';

beforeEach(() => {
  jest.useFakeTimers({ now: T0 });
});

afterEach(() => {
  jest.useRealTimers();
});

const failure = (code: FailureCode): SeenFailure => ({
  code,
  endpoint: 'POST /v1/session-server',
  status: null,
  text: null,
  responseId: null,
  atMs: Date.now(),
  sent: 'unknown',
  repeated: false,
});

/** Holds the session step after each of these, and says when it is tried again, in seconds from the last. */
function held(state: ConnectionState, ...codes: FailureCode[]): number[] {
  return codes.map((code) => {
    hold({ state, isOnServing: false } as Connection, 'session', failure(code));
    const delayMs = state.troubles.session!.retryAtMs - Date.now();
    jest.setSystemTime(Date.now() + delayMs);
    return delayMs / SECOND;
  });
}

test('what only needs time is tried again after longer and longer, however it shows', () => {
  const state = onboarded();
  const delays = held(state, 'BUNQ_UNREACHABLE', 'BUNQ_UNAVAILABLE', 'BUNQ_ANSWER_LOST', 'BUNQ_UNREACHABLE');
  for (const [index, delay] of delays.entries()) {
    expect(delay).toBeGreaterThanOrEqual(24 * 2 ** index);
    expect(delay).toBeLessThanOrEqual(36 * 2 ** index);
  }
  expect(state.troubles.session).toMatchObject({ failures: 4, firstAtMs: T0, error: { code: 'BUNQ_UNREACHABLE' } });
});

test('shortly before the expiry it is tried again sooner', () => {
  const state = onboarded({ serving: { ...SERVING, session: { ...SESSION, expiresAtMs: T0 + MINUTE } } });
  expect(held(state, 'BUNQ_UNREACHABLE')[0]).toBeLessThanOrEqual(15);
});

test('a first refusal is repeated after half a minute, and refusals are counted by what they say', () => {
  const state = onboarded();
  expect(held(state, 'BUNQ_TOKEN_REJECTED')).toEqual([30]);
  expect(held(state, 'BUNQ_CREDENTIALS_INCORRECT')).toEqual([30]);
  expect(state.troubles.session).toMatchObject({ failures: 1, firstAtMs: T0 + 30 * SECOND });
  held(state, 'BUNQ_CREDENTIALS_INCORRECT');
  expect(state.troubles.session).toMatchObject({ failures: 2, firstAtMs: T0 + 30 * SECOND });
  held(state, 'BUNQ_UNREACHABLE');
  expect(state.troubles.session).toMatchObject({ failures: 1 });
});

test('what would create again is not tried before a lost answer has settled, and the session does not wait for that', () => {
  const state = onboarded({ settleUntilMs: T0 + HOUR });
  hold({ state } as Connection, 'oauth-client', failure('BUNQ_ANSWER_LOST'));
  expect(state.troubles['oauth-client']!.retryAtMs).toBe(T0 + HOUR);
  expect(held(state, 'BUNQ_ANSWER_LOST')[0]).toBeLessThanOrEqual(36);
});

test('what waits for a person is tried again before the session ends, when the next session needs it', () => {
  const state = onboarded({ serving: { ...SERVING, session: { ...SESSION, expiresAtMs: T0 + HOUR } } });
  for (const step of ['session', 'callback-urls'] as const) {
    hold({ state } as Connection, step, failure('BUNQ_FORBIDDEN'));
    park({ state } as Connection, step, 'BANK_REFUSED');
  }
  expect(state.troubles.session!.retryAtMs).toBe(T0 + 15 * MINUTE);
  expect(state.troubles['callback-urls']!.retryAtMs).toBe(T0 + DAY);
});

test('what waits for a person is tried again a day later', () => {
  const state = onboarded();
  hold({ state } as Connection, 'session', failure('BUNQ_FORBIDDEN'));
  park({ state } as Connection, 'session', 'BANK_REFUSED');
  expect(state.troubles.session).toMatchObject({ action: 'BANK_REFUSED', retryAtMs: T0 + DAY, failures: 1 });
});

test('a step that is tried again starts anew, with its last error still told', () => {
  const state = onboarded();
  held(state, 'BUNQ_TOKEN_REJECTED', 'BUNQ_TOKEN_REJECTED');
  park({ state } as Connection, 'session', 'REPAIR_LOOP');
  tryAgain(state, 'session');
  expect(state.troubles.session).toMatchObject({
    failures: 0,
    firstAtMs: Date.now(),
    retryAtMs: Date.now(),
    action: null,
    error: { code: 'BUNQ_TOKEN_REJECTED' },
  });
  tryAgain(state, 'device');
  expect(state.troubles.device).toBeUndefined();
});

describe('a session that is opened', () => {
  const afterSession = (isOnServing: boolean, before: Partial<ReturnType<typeof trouble>>) => {
    const state = onboarded({ troubles: { session: trouble(before) } });
    overcome({ state, isOnServing } as Connection, 'session');
    return state.troubles.session;
  };

  test('ends the trouble of the session step, whatever it stands on', () => {
    expect(afterSession(false, { action: 'REPAIR_LOOP' })).toBeUndefined();
    expect(afterSession(true, { isOnServing: true })).toBeUndefined();
  });

  test('on what is served leaves that of the new credential, which is tried again at once, or as rarely as what waits for a person', () => {
    expect(afterSession(true, { retryAtMs: T0 - SECOND })).toMatchObject({ action: null, retryAtMs: T0 - SECOND });
    expect(afterSession(true, { action: 'REPAIR_LOOP' })).toMatchObject({ action: 'REPAIR_LOOP', retryAtMs: T0 + DAY });
  });

  test('leaves it known that the credential that was given is somebody else’s', () => {
    expect(afterSession(false, { action: 'DIFFERENT_USER' })).toMatchObject({ action: 'DIFFERENT_USER' });
  });
});

test('refusals on the new credential and on what is served are counted apart', () => {
  const state = onboarded();
  for (const isOnServing of [false, true, true, false])
    hold({ state, isOnServing } as Connection, 'session', failure('BUNQ_CREDENTIALS_INCORRECT'));
  expect(state.troubles.session).toMatchObject({ failures: 1 });
  expect(state.troubles.session).not.toHaveProperty('isOnServing');
});
