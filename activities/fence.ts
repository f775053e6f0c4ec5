import type { Clock } from '../bunq/bank.ts';

/** A request leaves at most this long after Temporal was asked. */
const SEND_WITHIN_MS = 1000;
const MOST_QUESTIONS = 3;

/** Nothing was sent to the bank. */
export class NotSentError extends Error {
  override readonly name = 'NotSentError';
  readonly code = 'NOT_SENT';
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
