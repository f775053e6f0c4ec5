import { type ConnectionState, isRenewalDue, isServingValid, lifecycleState } from '../../../workflows/state.ts';
import { DAY, newborn, onboarded, SERVING, SESSION, T0, trouble } from './states.ts';

const NOW = T0 + DAY;
const lapsed = { ...SERVING, session: { ...SESSION, expiresAtMs: NOW } };

test.each<[string, string, ConnectionState]>([
  ['ONBOARDING', 'is new', newborn()],
  ['ONBOARDING', 'is in trouble before it was ever complete', { ...newborn(), troubles: { device: trouble() } }],
  ['ACTIVE', 'serves a session and lacks nothing', onboarded()],
  ['RENEWING', 'is past its renewal', onboarded({ serving: { ...SERVING, renewAtMs: NOW } })],
  ['RENEWING', 'doubts its session', onboarded({ serving: { ...SERVING, doubtful: true } })],
  ['RENEWING', 'has a candidate that is not proven yet', onboarded({ candidate: SESSION })],
  ['DEGRADED', 'is in trouble with a good session', onboarded({ troubles: { session: trouble() } })],
  ['LAPSED', 'has a session that is over', onboarded({ serving: lapsed })],
  ['LAPSED', 'has a session that is over, in trouble', onboarded({ serving: lapsed, troubles: { session: trouble() } })],
  ['LAPSED', 'serves none', onboarded({ serving: null })],
  ['ACTION_REQUIRED', 'waits for a person', onboarded({ troubles: { 'callback-urls': trouble({ action: 'CALLBACK_URL_REFUSED' }) } })],
  [
    'ACTION_REQUIRED',
    'waits for a person before it was ever complete',
    { ...newborn(), troubles: { 'api-key': trouble({ action: 'CREDENTIAL_REFUSED' }) } },
  ],
  ['DISCONNECTED', 'has ended', onboarded({ lifecycle: { state: 'DISCONNECTED', sinceMs: T0 }, serving: null })],
])('a connection is %s when it %s', (expected, _, state) => {
  expect(lifecycleState(state, NOW)).toBe(expected);
});

test('a session is served until the millisecond of its expiry', () => {
  const { expiresAtMs } = SESSION;
  expect(isServingValid(onboarded(), expiresAtMs - 1)).toBe(true);
  expect(isServingValid(onboarded(), expiresAtMs)).toBe(false);
  expect(isServingValid(newborn(), T0)).toBe(false);
});

test('a renewal is due from its time on, when the session is doubtful, and when there is none', () => {
  expect(isRenewalDue(onboarded(), SERVING.renewAtMs - 1)).toBe(false);
  expect(isRenewalDue(onboarded(), SERVING.renewAtMs)).toBe(true);
  expect(isRenewalDue(onboarded({ serving: { ...SERVING, doubtful: true } }), T0)).toBe(true);
  expect(isRenewalDue(newborn(), T0)).toBe(true);
});

test('a state is plain JSON', () => {
  expect(JSON.parse(JSON.stringify(onboarded()))).toEqual(onboarded());
  expect(JSON.parse(JSON.stringify(newborn()))).toEqual(newborn());
});
