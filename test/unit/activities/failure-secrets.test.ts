import { inspect } from 'node:util';
import { toFailure } from '../../../activities/failures.ts';
import { BunqError, type BunqErrorCode } from '../../../bunq/errors.ts';
import { TREATMENT } from '../../../workflows/blame.ts';

const bunqError = (code: BunqErrorCode) =>
  new BunqError({ code, endpoint: 'POST /v1/session-server', status: 400, bunqText: 'A text of the bank.', responseId: 'r-1', sent: true });

const bunqCodes = (Object.keys(TREATMENT) as BunqErrorCode[]).filter((code) => code.startsWith('BUNQ_'));

test.each(bunqCodes)('%s is repeated by the activity exactly when it only needs time', (code) => {
  expect([code, toFailure(bunqError(code), 1).nonRetryable]).toEqual([code, TREATMENT[code] !== 'retry']);
});

const SECRET = 'b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184';

test.each<[string, unknown]>([
  ['an error of unknown kind', new TypeError(`cannot read ${SECRET}`)],
  ['an error with a cause', Object.assign(bunqError('BUNQ_ANSWER_LOST'), { cause: new Error(SECRET) })],
  ['something that is no error', `secret=${SECRET}`],
  ["a text of the bank's", new BunqError({ code: 'BUNQ_BAD_REQUEST', endpoint: 'POST /v1/x', bunqText: `Wrong: ${SECRET}`, sent: true })],
])('no secret in a failure: %s', (_, error) => {
  const failure = toFailure(error, 1);
  expect(inspect(failure, { depth: 10, showHidden: true })).not.toContain(SECRET.slice(0, 24));
  expect(failure.cause).toBeUndefined();
  expect(failure.stack).toBe('');
});
