import { ApplicationFailure } from '@temporalio/common';
import type { ActivityInboundCallsInterceptor } from '@temporalio/worker';
import type { FailureFacts } from '../../activities/failures.ts';
import type { BankObserver } from '../../bunq/observer.ts';
import type { EventListener } from '../events.ts';
import { kindOf } from './connections.ts';
import type { Metrics } from './metrics.ts';

/** What is counted as it happens on this worker: bank calls, slots, and what connections tell. */

export function countBankCalls(
  { bankCalls, bankCallDuration, bankLastSuccess }: Metrics,
  egress: string,
  nowMs: () => number,
): BankObserver {
  return {
    sent(endpoint, answer, durationMs) {
      const status = typeof answer === 'number' ? `${Math.floor(answer / 100)}xx` : answer;
      bankCallDuration.observe({ egress, endpoint, status }, durationMs / 1000);
    },
    ended(endpoint, code) {
      bankCalls.inc({ egress, endpoint, outcome: code ?? 'ok' });
      if (code === null) bankLastSuccess.set({ egress }, nowMs() / 1000);
    },
  };
}

export const countEvents = ({ renewals, stepFailures, repairs, webhookFailures }: Metrics): EventListener => ({
  sessionRenewed: ({ name }) => renewals.inc({ kind: kindOf(name), outcome: 'renewed' }),
  stepFailed({ name }, step, code, isRenewal) {
    stepFailures.inc({ step, code });
    if (isRenewal) renewals.inc({ kind: kindOf(name), outcome: code });
  },
  repaired: ({ name }, what) => repairs.inc({ kind: kindOf(name), what }),
  eventUndelivered: (_status, { type, againAtMs }) => webhookFailures.inc({ type, outcome: againAtMs === null ? 'given_up' : 'again' }),
});

/** Each attempt to open a session has used a slot, or has not. */
export const countSlots = ({ slots }: Metrics, egress: string): ActivityInboundCallsInterceptor => ({
  async execute(input, next) {
    try {
      const result = await next(input);
      slots.inc({ egress, outcome: 'opened' });
      return result;
    } catch (error) {
      slots.inc({ egress, outcome: slotOutcome(error) });
      throw error;
    }
  },
});

/** `refused`: the bank said no; `unclear`: nobody knows whether it opened one; `unused`: it got nothing. */
function slotOutcome(error: unknown): 'refused' | 'unclear' | 'unused' {
  const facts = error instanceof ApplicationFailure ? (error.details?.[0] as FailureFacts | undefined) : undefined;
  if (facts?.sent === true) return 'refused';
  return facts?.sent === false ? 'unused' : 'unclear';
}
