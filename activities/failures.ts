import { ApplicationFailure } from '@temporalio/common';
import { CertificateError } from '../bunq/certificates.ts';
import { BunqError } from '../bunq/errors.ts';
import { QsealError, SignerError } from '../bunq/qseal.ts';
import { SealingError } from '../sealing/errors.ts';
import type { FailureCode } from '../workflows/codes.ts';
import { NotSentError } from './fence.ts';

/** What a failure tells the workflow, and everybody who reads the history: an allow-list, nothing secret. */
export interface FailureFacts {
  code: FailureCode;
  endpoint: string | null;
  status: number | null;
  text: string | null;
  responseId: string | null;
  /** Whether the bank may have got the request. */
  sent: boolean | 'unknown';
  /** Of the activity: a refusal on a later attempt may be the answer to an earlier one whose answer was lost. */
  attempt: number;
}

interface Retry {
  /** True: the activity ends at once, and the workflow decides. */
  nonRetryable: boolean;
  nextRetryDelay?: '3 seconds';
}

const AGAIN: Retry = { nonRetryable: false };
const DECIDE: Retry = { nonRetryable: true };

/** The one table from error code to retry decision. A new code does not compile until it stands here. */
const RETRY = {
  BUNQ_RATE_LIMITED: { nonRetryable: false, nextRetryDelay: '3 seconds' }, // bunq's limits count within 3 s; session-server has one attempt only
  BUNQ_CONFLICT: { nonRetryable: false, nextRetryDelay: '3 seconds' }, // the sandbox's word for 429
  BUNQ_MAINTENANCE: AGAIN,
  BUNQ_UNAVAILABLE: AGAIN,
  BUNQ_CALL_POSTPONED: AGAIN, // as soon as the limit allows: see toFailure
  BUNQ_UNREACHABLE: AGAIN,
  BUNQ_ANSWER_LOST: AGAIN,
  BUNQ_RESPONSE_UNVERIFIED: AGAIN,
  BUNQ_RESPONSE_INVALID: AGAIN,
  BUNQ_TOKEN_REJECTED: DECIDE,
  BUNQ_CREDENTIALS_INCORRECT: DECIDE,
  BUNQ_SESSION_EXISTS: DECIDE,
  BUNQ_BAD_REQUEST: DECIDE,
  BUNQ_FORBIDDEN: DECIDE,
  BUNQ_NOT_FOUND: DECIDE,
  BUNQ_SIGNATURE_REJECTED: DECIDE,
  SEALING_KEY_MISSING: AGAIN,
  SEALED_VALUE_REJECTED: DECIDE,
  SIGNER_UNAVAILABLE: AGAIN,
  SIGNER_REFUSED: DECIDE,
  NOT_SENT: AGAIN,
  WRONG_ENVIRONMENT: DECIDE,
  CERTIFICATE_EXPIRED: DECIDE,
  DIFFERENT_USER: DECIDE,
  ADDRESS_SUSPECT: DECIDE,
  ACTIVITY_FAILED: AGAIN,
  ACTIVITY_TIMED_OUT: AGAIN,
} as const satisfies Record<FailureCode, Retry>;

/**
 * What Temporal stores of an error: its allowed facts, no cause, no stack. Errors of unknown kind keep their class's name
 * only, since their texts may hold anything.
 */
export function toFailure(error: unknown, attempt: number): ApplicationFailure {
  const { message, ...facts } = factsOf(error);
  const failure = ApplicationFailure.create({
    type: facts.code,
    message,
    details: [{ ...facts, attempt } satisfies FailureFacts],
    ...RETRY[facts.code],
    ...(error instanceof BunqError && error.retryInMs !== null && { nextRetryDelay: error.retryInMs }),
  });
  failure.stack = '';
  return failure;
}

function factsOf(error: unknown): Omit<FailureFacts, 'attempt'> & { message: string } {
  const none = { endpoint: null, status: null, text: null, responseId: null };
  if (error instanceof BunqError) {
    const { code, endpoint, status, bunqText, responseId, sent, message } = error;
    return { code, endpoint, status, text: bunqText, responseId, sent, message };
  }
  if (error instanceof NotSentError || error instanceof SignerError) {
    const sent = error instanceof NotSentError ? error.sent : false;
    return { ...none, code: error.code, text: error.message, sent, message: error.message };
  }
  if (error instanceof QsealError || error instanceof CertificateError)
    return { ...none, code: 'SIGNER_REFUSED', text: error.message, sent: false, message: error.message };
  if (error instanceof SealingError) {
    const code = error.code === 'SEALING_KEY_MISSING' ? 'SEALING_KEY_MISSING' : 'SEALED_VALUE_REJECTED';
    return { ...none, code, text: error.message, sent: false, message: error.message };
  }
  if (error instanceof WrongEnvironmentError)
    return { ...none, code: 'WRONG_ENVIRONMENT', text: error.message, sent: false, message: error.message };
  const message = `An activity failed with ${error instanceof Error ? error.constructor.name : typeof error}: a defect; the worker's log has its place.`;
  return { ...none, code: 'ACTIVITY_FAILED', text: message, sent: 'unknown', message };
}

export class WrongEnvironmentError extends Error {
  override readonly name = 'WrongEnvironmentError';
}
