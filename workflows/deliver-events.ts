import { ActivityFailure } from '@temporalio/common';
import { perform } from './bank.ts';
import type { Connection } from './connection.ts';
import { publishUndelivered } from './events.ts';
import { egressTaskQueue } from './names.ts';
import { dueEvent, failed, settled, type WebhookEvent } from './outbox.ts';

/** Tells what is due by webhook, beside the loop: messages and granted slots are attended to meanwhile. */
export function deliverEvents(connection: Connection): void {
  const event = dueEvent(connection.outbox, Date.now());
  if (!event || connection.delivering) return;
  connection.delivering = deliver(connection, event).finally(() => {
    connection.delivering = null;
    connection.woken = true; // the next one may be due
  });
}

/** One attempt; what is not taken stays in the outbox. */
async function deliver(connection: Connection, event: WebhookEvent): Promise<void> {
  const { environment, egress } = connection.state;
  try {
    await perform('tellWebhook', egressTaskQueue(environment, egress), `tell by webhook: ${event.type}`, event);
    connection.outbox = settled(connection.outbox, event.id);
  } catch (error) {
    if (!(error instanceof ActivityFailure)) throw error;
    const { outbox, againAtMs } = failed(connection.outbox, event.id, Date.now());
    connection.outbox = outbox;
    publishUndelivered(connection.status, { id: event.id, type: event.type, againAtMs, why: error.cause?.message ?? error.message });
  }
}
