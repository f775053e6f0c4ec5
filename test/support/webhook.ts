import { WebhookError } from '../../activities/webhook.ts';
import type { WebhookEvent } from '../../workflows/outbox.ts';

/** The receiver of the webhook of every worker of a test file, where one is set; each test has an egress of its own. */

const taken = new Map<string, WebhookEvent[]>();
const attempts = new Map<string, number>();
const away = new Set<string>();

let isSet = false;

/** From now on the workers of this file have a webhook, or none. */
export const setWebhook = (wanted: boolean): void => {
  isSet = wanted;
};

export const receiver = () => (isSet ? receive : null);

async function receive(event: WebhookEvent): Promise<void> {
  const { egress } = event.data;
  attempts.set(egress, (attempts.get(egress) ?? 0) + 1);
  if (away.has(egress)) throw new WebhookError('the receiver at hooks.example answered 503.');
  taken.set(egress, [...(taken.get(egress) ?? []), event]);
}

/** What it took of the connections of an egress, in their order. */
export const takenOf = (egress: string): readonly WebhookEvent[] => taken.get(egress) ?? [];
export const attemptsOf = (egress: string): number => attempts.get(egress) ?? 0;

/** Until the returned function is called, it takes nothing of that egress. */
export function goAway(egress: string): () => void {
  away.add(egress);
  return () => away.delete(egress);
}
