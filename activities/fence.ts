import type { Clock } from '../bunq/bank.ts';
import type { AttemptRecord } from './dependencies.ts';

/** A request leaves at most this long after Temporal was asked. */
const SEND_WITHIN_MS = 1000;
const MOST_QUESTIONS = 3;

/** Nothing was sent to the bank by this attempt. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
  readonly code = 'NOT_SENT';
  /** `unknown`: another attempt may have. */
  readonly sent: false | 'unknown';

  constructor(message: string, sent: false | 'unknown' = false) {
    super(message);
    this.sent = sent;
  }
}

/**
 * The last thing before every POST to the bank. A time-out does not stop the attempt that ran into it, and a frozen
 * process wakes up and goes on where it was; so Temporal is asked whether this attempt is still the one. The answer holds
 * for a second, by the monotonic clock (a busy process) and by the calendar's (a suspended machine); then it is asked again.
 */
export async function fence(confirmAttempt: () => Promise<void>, clock: Clock): Promise<void> {
  for (let asked = 0; asked < MOST_QUESTIONS; asked++) {
    const monotonicMs = clock.monotonicMs();
    const nowMs = clock.nowMs();
    try {
      await confirmAttempt();
    } catch {
      throw new NotSentError('Not sent: Temporal no longer knows this attempt, or did not answer.');
    }
    if (clock.monotonicMs() - monotonicMs < SEND_WITHIN_MS && Math.abs(clock.nowMs() - nowMs) < SEND_WITHIN_MS) return;
  }
  throw new NotSentError('Not sent: this process is held up between asking Temporal and sending.');
}

/** A slot is for one request: by pausing an activity a person can give it more attempts than it may have. */
export function demandFirstAttempt({ isRepeated }: AttemptRecord): void {
  if (isRepeated) throw new NotSentError('Not sent: it was for the first attempt, and an operator let this one have another.');
}

/** Whoever brought it has a clock of their own. */
const CLOCKS_DIFFER_MS = 60_000;

/**
 * What is good once leaves once: not in a second attempt, and not where a reset forgot that a former run may have sent it. Temporal
 * brings the workflow's messages again after a reset, as if they had just come; so it counts when it was first brought.
 * @param broughtAtMs by the clock of who brought it; a time that is missing is none
 */
export function demandUnused({ isRepeated, resetAtMs }: AttemptRecord, broughtAtMs: number): void {
  if (isRepeated) throw new NotSentError('Not sent: an earlier attempt may have used it, and it is good once.', 'unknown');
  if (resetAtMs !== null && !(broughtAtMs >= resetAtMs + CLOCKS_DIFFER_MS))
    throw new NotSentError('Not sent: the workflow was reset, its former run may have used it, and it is good once.', 'unknown');
}

/** A look is good for so long: it is to see what others made, and nobody makes anything between it and the creation. */
const LOOK_HOLDS_MS = 15_000;

/**
 * What may not be there twice is created only close after a look that did not find it. The workflow looks first, but a
 * person can put time, another run or another attempt between the two: by resetting the workflow to the moment after its
 * look, by pausing the activity (then its one attempt has a second), or by leaving it without workers. All times are
 * Temporal's own.
 * @param lookedAtMs a look whose time is missing is none
 * @param settleMs how long a request may have its effect after we gave it up
 */
export function demandFreshLook({ startedAtMs, isRepeated, resetAtMs }: AttemptRecord, lookedAtMs: number, settleMs: number): void {
  if (isRepeated) throw new NotSentError('Not sent: an earlier attempt may have had its effect. Look again.');
  if (resetAtMs !== null && lookedAtMs < resetAtMs + settleMs)
    throw new NotSentError('Not sent: the workflow was reset, and what its former run began may still have its effect. Look again.');
  if (!(startedAtMs - lookedAtMs <= LOOK_HOLDS_MS)) throw new NotSentError('Not sent: it was looked for too long ago. Look again.');
}
