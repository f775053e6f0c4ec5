import { BunqError } from '../bunq/errors.ts';
import type { EgressView, GivenBack, SlotOutcome, SlotRequest } from '../workflows/slots.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface SlotAsk {
  egress: string;
  request: SlotRequest;
  /** It was asked before: where it still stands in the queue, nothing is to be said. */
  again?: boolean;
}

/** Harmless to repeat, and nothing of them leaves for the bank. */
export const gateActivities = (dependencies: Dependencies) => ({
  /** Twice: the same request only refreshes its entry. Answers by the way whether a webhook is set by now: nothing where none is, as every renewal asks. */
  askForSlot: activity(dependencies, async ({ gate, webhook }, { egress, request, again }: SlotAsk): Promise<'webhook' | undefined> => {
    if (!(again && (await gate.isQueued(egress, request)))) await gate.ask(egress, request);
    return webhook ? 'webhook' : undefined;
  }),

  /** Says that the bank refused this connection, and what others met at this address. Twice: said twice. */
  consultGate: activity(dependencies, async ({ gate, connection }, input: { egress: string }): Promise<EgressView> => {
    return gate.consult(input.egress, connection.workflowId);
  }),
});

/** What a 429 or 409 teaches: "You can do a maximum of 1 calls per 30 second to this endpoint." */
export function gapOfText(text: string | null): number | undefined {
  const limit = /maximum of (\d+) calls? per (\d+) seconds?/i.exec(text ?? '');
  return limit ? (Number(limit[2]) * 1000) / Math.max(1, Number(limit[1])) : undefined;
}

/** How a request for a session ended, for the gate; null while nobody knows whether the bank got it, or it surely did not. */
export function slotOutcomeOf(error: unknown): Pick<GivenBack, 'outcome' | 'gapMs'> | null {
  if (!(error instanceof BunqError) || error.sent !== true) return null;
  const outcome: SlotOutcome = error.code === 'BUNQ_CREDENTIALS_INCORRECT' ? 'refused' : 'other';
  const isTooMany = error.code === 'BUNQ_RATE_LIMITED' || error.code === 'BUNQ_CONFLICT';
  const gapMs = isTooMany ? gapOfText(error.bunqText) : undefined;
  return { outcome, ...(gapMs !== undefined && { gapMs }) };
}
