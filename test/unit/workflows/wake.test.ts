import { nextWake } from '../../../workflows/steps.ts';
import { DAY, HOUR, MINUTE, newborn, onboarded, SERVING, SESSION, T0, trouble } from './states.ts';

describe('a connection that has nothing to do sleeps', () => {
  test('until its renewal, told by the day when that is far', () => {
    expect(nextWake(onboarded(), T0)).toEqual({ atMs: SERVING.renewAtMs, summary: 'wait for renewal on 2027-01-30' });
    expect(nextWake(onboarded(), SERVING.renewAtMs - HOUR)?.summary).toBe('wait for renewal on 2027-01-30T12:00:00Z');
  });

  test('until a former session is to be closed', () => {
    const former = { ...SESSION, sessionId: 9, serverPublicKeyPem: 'server key', closeAtMs: T0 + 5 * MINUTE, failures: 0 };
    expect(nextWake(onboarded({ retiring: [former] }), T0)).toEqual({
      atMs: T0 + 5 * MINUTE,
      summary: 'close former session 9 at 2026-12-01T12:05:00Z',
    });
  });

  test('until a step in trouble is tried again, or waits for a person', () => {
    const seeking = onboarded({ serving: { ...SERVING, doubtful: true } });
    expect(nextWake({ ...seeking, troubles: { session: trouble() } }, T0)?.summary).toBe(
      'BUNQ_UNREACHABLE; try session again at 2026-12-01T12:00:30Z',
    );
    expect(nextWake({ ...seeking, troubles: { session: trouble({ action: 'API_KEY_REJECTED' }) } }, T0)?.summary).toBe(
      'waiting for a person (API_KEY_REJECTED); try session again at 2026-12-01T12:00:30Z',
    );
  });

  test('until the session expires, while its successor waits for longer', () => {
    const state = onboarded({ serving: { ...SERVING, doubtful: true }, troubles: { session: trouble({ retryAtMs: T0 + 365 * DAY }) } });
    expect(nextWake(state, T0)).toEqual({ atMs: SESSION.expiresAtMs, summary: 'session expires on 2027-03-01' });
  });

  test('for no trouble of a step that is not missing any more, and for ever without a session or a trouble', () => {
    expect(nextWake(onboarded({ troubles: { device: trouble() } }), T0)?.atMs).toBe(SERVING.renewAtMs);
    expect(nextWake(newborn(), T0)).toBeNull();
  });
});
