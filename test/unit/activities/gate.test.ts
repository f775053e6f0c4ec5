import { gapOfText, slotOutcomeOf } from '../../../activities/gate.ts';
import { BunqError, type BunqErrorCode, type BunqErrorFacts } from '../../../bunq/errors.ts';

const error = (code: BunqErrorCode, more: Partial<BunqErrorFacts> = {}) =>
  new BunqError({ code, endpoint: 'POST /v1/session-server', status: 400, bunqText: null, sent: true, ...more });

test.each([
  ['Too many requests. You can do a maximum of 1 calls per 30 second to this endpoint.', 30_000],
  ['Too many requests. You can do a maximum of 3 calls per 3 seconds to this endpoint.', 1000],
  ['You can do a MAXIMUM of 0 call per 60 second', 60_000],
  ['Too many requests.', undefined],
  ['', undefined],
  [null, undefined],
])('the distance that a 429 demands: %j is %j ms', (text, gapMs) => {
  expect(gapOfText(text)).toBe(gapMs);
});

const TOO_MANY = 'You can do a maximum of 1 calls per 60 second to this endpoint.';

test.each<[string, unknown, ReturnType<typeof slotOutcomeOf>]>([
  ['the API key, or the address, is refused', error('BUNQ_CREDENTIALS_INCORRECT'), { outcome: 'refused' }],
  ['too many, with a distance', error('BUNQ_RATE_LIMITED', { bunqText: TOO_MANY }), { outcome: 'other', gapMs: 60_000 }],
  ['the same as the sandbox says it', error('BUNQ_CONFLICT', { bunqText: TOO_MANY }), { outcome: 'other', gapMs: 60_000 }],
  ['too many, without a distance', error('BUNQ_RATE_LIMITED', { bunqText: 'Too many requests.' }), { outcome: 'other' }],
  ['that text in another answer', error('BUNQ_BAD_REQUEST', { bunqText: TOO_MANY }), { outcome: 'other' }],
  ['the bank is down', error('BUNQ_UNAVAILABLE'), { outcome: 'other' }],
  ['the answer is lost: the workflow gives the slot back', error('BUNQ_ANSWER_LOST', { sent: 'unknown' }), null],
  ['nothing was sent: so it does then', error('BUNQ_UNREACHABLE', { sent: false }), null],
  ['a failure of another kind', new Error('no'), null],
])('what the gate hears from the activity when %s', (_what, thrown, outcome) => {
  expect(slotOutcomeOf(thrown)).toEqual(outcome);
});
