import { isCancellation } from '@temporalio/workflow';
import { resealValues } from './bank.ts';
import type { Connection } from './connection.ts';
import { keyIdsIn, replaceSealed, sealedValues } from './sealed-values.ts';

/** Everything in the state that is sealed by another key than the workers' present one is sealed by that. Harmless to repeat. */
export async function reseal({ state }: Connection): Promise<void> {
  const before = sealedValues(state);
  const after = await resealValues(before);
  replaceSealed(state, new Map(before.flatMap((value, index) => (after[index] ? [[value, after[index]]] : []))));
}

/**
 * A session's token is sealed by the present key: where something else is not, the keys were rotated since. Once a session, so that
 * a value whose key is missing costs no more; ordinary renewals do nothing here.
 */
export async function resealAfterRenewal(connection: Connection): Promise<void> {
  const { state } = connection;
  const sessionId = state.serving?.session.sessionId ?? null;
  if (sessionId === null || sessionId === connection.sealedWithSessionId) return;
  connection.sealedWithSessionId = sessionId;
  if (keyIdsIn(state).length < 2) return;
  try {
    await reseal(connection);
  } catch (error) {
    if (isCancellation(error)) throw error; // what is sealed by the former key is good as ever; the next renewal tries again
  }
}
