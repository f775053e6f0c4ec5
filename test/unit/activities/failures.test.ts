import { toFailure, WrongEnvironmentError } from '../../../activities/failures.ts';
import { NotSentError } from '../../../activities/fence.ts';
import { BunqError, type BunqErrorCode } from '../../../bunq/errors.ts';
import { QsealError, SignerError } from '../../../bunq/qseal.ts';
import { SealingError } from '../../../sealing/errors.ts';
import { TREATMENT } from '../../../workflows/blame.ts';

const bunqError = (code: BunqErrorCode) =>
  new BunqError({ code, endpoint: 'POST /v1/session-server', status: 400, bunqText: 'no', responseId: 'r-1', sent: true });

test('a failure holds the facts that a person and the workflow need, and no stack or cause', () => {
  const failure = toFailure(bunqError('BUNQ_CREDENTIALS_INCORRECT'), 2);
  expect(failure.type).toBe('BUNQ_CREDENTIALS_INCORRECT');
  expect(failure.nonRetryable).toBe(true);
  expect(failure.details).toEqual([
    {
      code: 'BUNQ_CREDENTIALS_INCORRECT',
      endpoint: 'POST /v1/session-server',
      status: 400,
      text: 'no',
      responseId: 'r-1',
      sent: true,
      attempt: 2,
    },
  ]);
  expect(failure.cause).toBeUndefined();
  expect(failure.stack).toBe('');
});

test.each<[BunqErrorCode, boolean]>([
  ['BUNQ_ANSWER_LOST', false],
  ['BUNQ_UNAVAILABLE', false],
  ['BUNQ_MAINTENANCE', false],
  ['BUNQ_RESPONSE_UNVERIFIED', false],
  ['BUNQ_UNREACHABLE', false],
  ['BUNQ_TOKEN_REJECTED', true],
  ['BUNQ_BAD_REQUEST', true],
  ['BUNQ_SESSION_EXISTS', true],
])('%s ends the activity at once: %j', (code, nonRetryable) => {
  expect(toFailure(bunqError(code), 1).nonRetryable ?? false).toBe(nonRetryable);
});

test('a rate limit is waited out for the three seconds in which the bank counts', () => {
  expect(toFailure(bunqError('BUNQ_RATE_LIMITED'), 1).nextRetryDelay).toBe('3 seconds');
});

test('a call that was postponed is tried again when the limit allows it', () => {
  const postponed = new BunqError({ code: 'BUNQ_CALL_POSTPONED', endpoint: 'GET /v1/user', sent: false, retryInMs: 1234 });
  expect(toFailure(postponed, 1)).toMatchObject({ nextRetryDelay: 1234, details: [{ sent: false }] });
  expect(toFailure(postponed, 1).nonRetryable ?? false).toBe(false);
});

test.each([
  [new NotSentError('x'), 'NOT_SENT', false],
  [new SignerError('SIGNER_UNAVAILABLE', 'x'), 'SIGNER_UNAVAILABLE', false],
  [new SignerError('SIGNER_REFUSED', 'x'), 'SIGNER_REFUSED', false],
  [new QsealError('QSEAL_TEXT_REFUSED', 'x'), 'SIGNER_REFUSED', false],
  [new SealingError('SEALING_KEY_MISSING', 'x'), 'SEALING_KEY_MISSING', false],
  [new SealingError('SEALED_VALUE_REJECTED', 'x'), 'SEALED_VALUE_REJECTED', false],
  [new WrongEnvironmentError('x'), 'WRONG_ENVIRONMENT', false],
])('%s is told as %s, and that nothing was sent', (error, code, sent) => {
  expect(toFailure(error, 1).details?.[0]).toMatchObject({ code, sent, text: 'x' });
});

test('an error of unknown kind keeps the name of its class alone, as its text may hold anything', () => {
  const failure = toFailure(new TypeError('token 0123456789abcdef'), 1);
  expect(failure.type).toBe('ACTIVITY_FAILED');
  expect(JSON.stringify([failure.message, failure.details])).not.toContain('0123456789abcdef');
  expect(failure.message).toContain('TypeError');
});

test('every code that a failure can have is treated by the loop', () => {
  for (const code of ['BUNQ_CONFLICT', 'BUNQ_FORBIDDEN', 'BUNQ_NOT_FOUND', 'BUNQ_SIGNATURE_REJECTED', 'BUNQ_RESPONSE_INVALID'] as const) {
    expect(TREATMENT[toFailure(bunqError(code), 1).type as BunqErrorCode]).toBeDefined();
  }
});
