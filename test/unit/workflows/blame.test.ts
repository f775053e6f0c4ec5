import {
  type Blamed,
  type BlamedCall,
  blames,
  type Circumstances,
  isRepairAllowed,
  isUnclear,
  REFUSED_AGAIN_MS,
  TREATMENT,
} from '../../../workflows/blame.ts';
import type { FailureCode } from '../../../workflows/codes.ts';
import { DAY_MS, HOUR_MS } from '../../../workflows/duration.ts';

const once: Circumstances = { refusals: 1, sinceMs: 0, ownReadRefused: false, pastBinding: false, deviceUnproven: false, others: 'none' };
const again = { ...once, refusals: 2, sinceMs: REFUSED_AGAIN_MS };

test.each<[Parameters<typeof blames>[0], BlamedCall, string, Circumstances, Blamed]>([
  ['BUNQ_TOKEN_REJECTED', 'session-token call', 'whose own reading passes', once, 'nothing'],
  ['BUNQ_TOKEN_REJECTED', 'session-token call', 'whose own reading is refused too', { ...once, ownReadRefused: true }, 'session'],
  ['BUNQ_TOKEN_REJECTED', 'device-server', 'once', once, 'ask again'],
  ['BUNQ_TOKEN_REJECTED', 'device-server', 'again 30 s later', again, 'installation'],
  ['BUNQ_TOKEN_REJECTED', 'session-server', 'again, but too soon', { ...again, sinceMs: 29_000 }, 'ask again'],
  ['BUNQ_TOKEN_REJECTED', 'session-server', 'again 30 s later', again, 'installation'],
  ['BUNQ_TOKEN_REJECTED', 'credential', 'again 30 s later', again, 'installation'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'credential', 'once', once, 'ask again'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'credential', 'again 30 s later, of the only connection', again, 'nothing'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'credential', 'again, after another opened one', { ...again, others: 'opened' }, 'nothing'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'credential', 'again, while nobody knows of others', { ...again, others: 'unknown' }, 'address'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'device-server', 'of a credential past its hour', { ...once, pastBinding: true }, 'credential'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'device-server', 'once', once, 'ask again'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'device-server', 'again 30 s later, of the only connection', again, 'api-key'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'device-server', 'again, while nobody knows of others', { ...again, others: 'unknown' }, 'address'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'session-server', 'on a device that nothing proved', { ...once, deviceUnproven: true }, 'device'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'session-server', 'once', once, 'ask again'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'session-server', 'again 30 s later, of the only connection', again, 'api-key'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'session-server', 'again, after another opened one', { ...again, others: 'opened' }, 'api-key'],
  ['BUNQ_CREDENTIALS_INCORRECT', 'session-server', 'again, while no other has opened one', { ...again, others: 'unknown' }, 'address'],
  ['BUNQ_TOKEN_REJECTED', 'new session', 'of its proof, again and again', again, 'ask again'],
  ['BUNQ_TOKEN_REJECTED', 'installation', 'which has no token to refuse', again, 'ask again'],
  ['BUNQ_SESSION_EXISTS', 'session-server', 'at once: nothing is dead', once, 'key-pair'],
])('%s on %s %s', (code, call, _when, circumstances, blamed) => {
  expect(blames(code, call, circumstances)).toBe(blamed);
});

test('nothing on the ladder is given up on one answer', () => {
  const calls: BlamedCall[] = ['installation', 'credential', 'device-server', 'session-server', 'new session'];
  for (const call of calls) {
    for (const code of ['BUNQ_TOKEN_REJECTED', 'BUNQ_CREDENTIALS_INCORRECT'] as const) {
      expect(['ask again', 'nothing']).toContain(blames(code, call, once));
    }
  }
});

test('outages, lost answers and what cannot be verified never park, however long they last', () => {
  const never: FailureCode[] = [
    'BUNQ_ANSWER_LOST',
    'BUNQ_UNAVAILABLE',
    'BUNQ_MAINTENANCE',
    'BUNQ_RATE_LIMITED',
    'BUNQ_CONFLICT',
    'BUNQ_UNREACHABLE',
    'BUNQ_RESPONSE_UNVERIFIED',
    'BUNQ_RESPONSE_INVALID',
    'ACTIVITY_TIMED_OUT',
    'NOT_SENT',
    'SEALING_KEY_MISSING',
    'SIGNER_UNAVAILABLE',
  ];
  expect(never.map((code) => TREATMENT[code])).toEqual(never.map(() => 'retry'));
});

test('what certainly never reached the bank is not unclear', () => {
  expect((['BUNQ_UNREACHABLE', 'NOT_SENT', 'BUNQ_BAD_REQUEST'] as const).map(isUnclear)).toEqual([false, false, false]);
  expect((['BUNQ_ANSWER_LOST', 'BUNQ_UNAVAILABLE', 'ACTIVITY_TIMED_OUT'] as const).map(isUnclear)).toEqual([true, true, true]);
});

test('one new credential an hour and three a day, whatever was done about installations', () => {
  const nowMs = 10 * DAY_MS;
  const at = (...agoMs: number[]) => agoMs.map((ms) => ({ what: 'credential', atMs: nowMs - ms }));
  expect(isRepairAllowed([], 'credential', nowMs)).toBe(true);
  expect(isRepairAllowed(at(HOUR_MS - 1), 'credential', nowMs)).toBe(false);
  expect(isRepairAllowed(at(HOUR_MS), 'credential', nowMs)).toBe(true);
  expect(isRepairAllowed(at(2 * HOUR_MS, 3 * HOUR_MS, 4 * HOUR_MS), 'credential', nowMs)).toBe(false);
  expect(isRepairAllowed(at(2 * HOUR_MS, 3 * HOUR_MS, DAY_MS), 'credential', nowMs)).toBe(true);
  expect(isRepairAllowed(at(HOUR_MS / 2), 'installation', nowMs)).toBe(true);
});
