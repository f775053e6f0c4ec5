import type { FailureCode } from '../../../workflows/codes.ts';
import { isSignerUnreachable } from '../../../workflows/qseal-signature.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { HOUR, MINUTE, onboarded, T0 } from './states.ts';

const DIGEST = { sha256Hex: '00', sha256Base64: 'AA==' };

/** Whose signature has been missing since then. */
function unsigned({ sinceMs = T0, asked = false } = {}): ConnectionState {
  const state = onboarded();
  Object.assign(state.ladder, { apiKey: null, qsealSignature: null });
  if (asked) state.ladder.installation = { ...state.ladder.installation!, qsealDigest: DIGEST };
  state.troubles['api-key'] = { error: seen('SIGNER_UNAVAILABLE'), failures: 8, firstAtMs: sinceMs, retryAtMs: T0, action: null };
  return state;
}

const seen = (code: FailureCode) => ({ code, endpoint: null, status: null, text: null, responseId: null, atMs: T0 });

const isUnreachable = (state: ConnectionState, code: FailureCode, afterMs: number, step: 'api-key' | 'session' = 'api-key') =>
  isSignerUnreachable(state, step, { ...seen(code), sent: false, repeated: false }, T0 + afterMs);

test.each<FailureCode>(['SIGNER_UNAVAILABLE', 'NOT_SENT', 'ACTIVITY_TIMED_OUT'])(
  'a signer that meets %s for an hour is unreachable',
  (code) => {
    expect(isUnreachable(unsigned(), code, HOUR - MINUTE)).toBe(false);
    expect(isUnreachable(unsigned(), code, HOUR)).toBe(true);
  },
);

test('where a person was asked already, it is so at once', () => {
  expect(isUnreachable(unsigned({ asked: true }), 'SIGNER_UNAVAILABLE', 0)).toBe(true);
});

test('what is no failure of signing calls nobody', () => {
  expect(isUnreachable(unsigned(), 'SEALING_KEY_MISSING', 2 * HOUR)).toBe(false);
  expect(isUnreachable(unsigned(), 'BUNQ_UNREACHABLE', 2 * HOUR)).toBe(false);
  expect(isUnreachable(unsigned(), 'NOT_SENT', 2 * HOUR, 'session')).toBe(false);
  const signed = unsigned();
  signed.ladder.qsealSignature = 'AA==';
  expect(isUnreachable(signed, 'ACTIVITY_TIMED_OUT', 2 * HOUR)).toBe(false);
  const user = unsigned();
  user.wanted = { ...user.wanted, credential: { type: 'oauth-grant' } };
  expect(isUnreachable(user, 'NOT_SENT', 2 * HOUR)).toBe(false);
});
