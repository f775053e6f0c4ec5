import { ActivityFailure, ApplicationFailure, CancelledFailure, TimeoutFailure } from '@temporalio/common';
import type { FailureFacts } from '../activities/failures.ts';
import { TREATMENT } from './blame.ts';
import type { FailureCode } from './codes.ts';
import type { SeenError } from './state.ts';

/** A failure as the loop treats it. */
export interface SeenFailure extends SeenError {
  /** False: the bank got nothing. */
  sent: boolean | 'unknown';
  /** An earlier attempt of the same activity may have had its effect. */
  repeated: boolean;
}

/** A step found something wrong by itself. */
export class StepFailure extends Error {
  override readonly name = 'StepFailure';
  readonly code: FailureCode;

  constructor(code: FailureCode, text: string) {
    super(text);
    this.code = code;
  }
}

const isCode = (type: string | null | undefined): type is FailureCode => typeof type === 'string' && type in TREATMENT;

/** What a step's failure says; rethrows what is not a failure of an activity (a cancellation, a defect). */
export function seenFailure(error: unknown, nowMs: number): SeenFailure {
  const nothing = { endpoint: null, status: null, responseId: null, atMs: nowMs };
  if (error instanceof StepFailure) return { ...nothing, code: error.code, text: error.message, sent: 'unknown', repeated: false };
  if (!(error instanceof ActivityFailure) || error.cause instanceof CancelledFailure) throw error;
  const { cause } = error;
  if (cause instanceof TimeoutFailure) {
    const neverStarted = cause.timeoutType === 'SCHEDULE_TO_START';
    const text = neverStarted ? 'No worker took the task in time.' : 'The worker did not answer in time: it may have died.';
    return {
      ...nothing,
      code: neverStarted ? 'NOT_SENT' : 'ACTIVITY_TIMED_OUT',
      text,
      sent: neverStarted ? false : 'unknown',
      repeated: true,
    };
  }
  if (cause instanceof ApplicationFailure && isCode(cause.type)) {
    const facts = cause.details?.[0] as FailureFacts | undefined;
    const { endpoint = null, status = null, text = null, responseId = null, sent = 'unknown', attempt = 1 } = facts ?? {};
    return { code: cause.type, endpoint, status, text, responseId, atMs: nowMs, sent, repeated: attempt > 1 };
  }
  return {
    ...nothing,
    code: 'ACTIVITY_FAILED',
    text: 'The activity failed in a way of its own; the worker log has its place.',
    sent: 'unknown',
    repeated: false,
  };
}
