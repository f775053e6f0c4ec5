import { condition } from '@temporalio/workflow';
import type { Sealed } from '../sealing/sealed.ts';
import { type AuthorizationAnswer, CODE_IS_GOOD_MS, noteConsent, outcomeOfLink, receiveRedirect, settleCode } from './authorization.ts';
import { TREATMENT } from './blame.ts';
import { type Connection, StepGivenUp } from './connection.ts';
import { SECOND_MS } from './duration.ts';
import { type SeenFailure, seenFailure } from './failure.ts';
import type { CompleteAuthorizationInput } from './messages.ts';
import { WAITED_FOR_MS } from './state.ts';
import { errorOf, tryAgain } from './trouble.ts';

/** A person waits for the page. */
const ANSWER_WITHIN_MS = 20 * SECOND_MS;

/** For the update: takes what came back, and waits for the loop to exchange it. */
export async function completeAuthorization(
  connection: Connection,
  { by: _, ...redirect }: CompleteAuthorizationInput,
): Promise<AuthorizationAnswer> {
  const { state } = connection;
  const nowMs = Date.now();
  const { authorization, answer } = receiveRedirect(state.authorization!, redirect, nowMs);
  state.authorization = authorization;
  connection.updates++;
  connection.woken = true;
  if (answer.outcome !== 'pending') return answer;
  tryAgain(state, 'api-key');
  state.waitedForUntilMs = nowMs + WAITED_FOR_MS;
  const outcome = () => outcomeOfLink(state.authorization!, redirect.stateSha256) ?? 'pending';
  await condition(() => outcome() !== 'pending' || connection.isMoving, ANSWER_WITHIN_MS, {
    summary: 'the end user came back, and is told the outcome',
  });
  return { outcome: outcome() };
}

/** bunq's limits count within 3 s. */
const AGAIN_AFTER_MS = 3 * SECOND_MS;
/** While whoever waits for the page can still be told. */
const SOON_MS = ANSWER_WITHIN_MS - 2 * AGAIN_AFTER_MS;

/**
 * A code is good once: where it is not known to have stayed here, the end user is asked again; where it is, it is sent again, soon
 * and then by the loop. The access token is used as the API key, and what it takes the place of goes on being served until a session
 * on it is proven.
 */
export async function exchangeCode(connection: Connection): Promise<Sealed<'api-key'>> {
  const { state, call } = connection;
  for (;;) {
    const { stateSha256, receivedAtMs, ...request } = state.authorization!.code!; // another one may have come meanwhile
    try {
      const { accessToken } = await call('exchangeAuthorizationCode', 'exchange the authorization code for an access token', request);
      state.authorization = noteConsent(state.authorization!, stateSha256, Date.now());
      delete state.revoked;
      tryAgain(state, 'device');
      tryAgain(state, 'session');
      return accessToken;
    } catch (error) {
      const nowMs = Date.now();
      const failure = seenFailure(error, nowMs);
      if (!isUnused(failure) || nowMs - receivedAtMs >= CODE_IS_GOOD_MS) {
        state.authorization = { ...settleCode(state.authorization!, 'failed', stateSha256), error: errorOf(failure) };
        delete state.troubles['api-key'];
        throw new StepGivenUp();
      }
      if (TREATMENT[failure.code] !== 'retry' || nowMs - receivedAtMs >= SOON_MS) throw error;
      await connection.waitUntil(nowMs + AGAIN_AFTER_MS, `the code has not left (${failure.code}); it is sent again`);
    }
  }
}

const isUnused = ({ sent, code }: SeenFailure) => sent === false || code === 'BUNQ_RATE_LIMITED';
