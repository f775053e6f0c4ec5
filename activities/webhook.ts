import { ApplicationFailure } from '@temporalio/common';
import type { WebhookEvent } from '../workflows/outbox.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

/** The receiver of the webhook did not take an event. Nothing secret is in the message. */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
}

export const webhookActivities = (dependencies: Dependencies) => ({
  /** Twice: the receiver sees by the event's id that it is the same. */
  tellWebhook: activity(dependencies, async ({ webhook }, event: WebhookEvent): Promise<void> => {
    try {
      await webhook?.(event);
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error;
      throw ApplicationFailure.create({ type: 'WEBHOOK_FAILED', message: error.message, nonRetryable: true });
    }
  }),
});
