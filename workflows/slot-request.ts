import { CancellationScope, getExternalWorkflowHandle, uuid4 } from '@temporalio/workflow';
import { askForSlot } from './bank.ts';
import type { Connection } from './connection.ts';
import { giveBackSignal } from './gate-messages.ts';
import { providerOf, sessionGateWorkflowId } from './names.ts';
import { askAgainMs, lateStartMs, urgencyOf } from './renewal.ts';
import type { SlotClass } from './slot-classes.ts';
import type { GivenBack, SlotRequest } from './slots.ts';
import { type ConnectionState, isServingValid } from './state.ts';
import { sessionStandsOn } from './steps.ts';

/** A connection's side of the gate: it asks for a slot when a session is to be opened, and takes the wish back when none is. */

/** A grant is used within this time, or given back: the gate's lease covers it and the call's time-outs. */
const GRANT_MS = 5_000;

/** The gate may not have heard that a slot is wanted. */
const NOT_TAKEN_MS = 30_000;

/** How urgently a session is wanted now; null when none is to be opened. */
export function slotClassOf(state: ConnectionState, nowMs: number): SlotClass | null {
  if (sessionStandsOn(state, nowMs) === null) return null;
  const { serving, wishes, waitedForUntilMs } = state;
  const session = serving && !serving.doubtful ? serving.session : null;
  const isEarly = session !== null && nowMs < serving!.renewAtMs; // what is due by itself, or has nothing to wait with, is not put last by being one of many
  return urgencyOf(session, nowMs, { waitedFor: nowMs < waitedForUntilMs, bulk: isEarly && wishes.renew?.bulk === true });
}

export function isAskDue({ slot, askNotBeforeMs }: ConnectionState, slotClass: SlotClass, nowMs: number): boolean {
  if (!slot) return nowMs >= askNotBeforeMs || slotClass === 'interactive';
  return nowMs >= slot.askAgainAtMs || slotClass !== slot.class;
}

/** What the gate is asked for now, and when it is to be asked again: the same request until its slot comes. Changes the state. */
export function noteAsk(
  state: ConnectionState,
  slotClass: SlotClass,
  newRequestId: () => string,
  nowMs: number,
): Omit<SlotRequest, 'workflowId'> {
  const { requestId, asks } = state.slot ?? { requestId: newRequestId(), asks: 0 };
  const leftMs = isServingValid(state, nowMs) && !state.serving!.doubtful ? state.serving!.session.expiresAtMs - nowMs : null;
  state.slot = {
    requestId,
    class: slotClass,
    askedAtMs: state.slot?.askedAtMs ?? nowMs,
    asks: asks + 1,
    askAgainAtMs: nowMs + askAgainMs(asks + 1, slotClass, state.name, leftMs),
  };
  return { requestId, class: slotClass, deadlineMs: deadlineMs(state), provider: providerOf(state.name) };
}

/** Asks the gate where a slot is wanted and it has not been asked lately; takes back what is no longer wanted. */
export async function requestSlot(connection: Connection): Promise<void> {
  const { state } = connection;
  const nowMs = Date.now();
  const slotClass = slotClassOf(state, nowMs);
  if (slotClass === null) return takeBack(connection);
  if (connection.hasSlot || !isAskDue(state, slotClass, nowMs)) return;
  const again = state.slot !== null;
  const request = { workflowId: connection.workflowId, ...noteAsk(state, slotClass, uuid4, nowMs) };
  try {
    connection.hasWebhook = (await askForSlot({ egress: state.egress, request, again })) === 'webhook';
  } catch {
    state.slot!.askAgainAtMs = Math.min(state.slot!.askAgainAtMs, nowMs + NOT_TAKEN_MS); // Temporal did not take it
  }
}

const deadlineMs = ({ serving, startedAtMs }: ConnectionState) => serving?.session.expiresAtMs ?? startedAtMs;

/** After an outage: everybody asks at once otherwise. */
export function startLate(state: ConnectionState, latenessMs: number, nowMs: number): void {
  const isLapsed = !isServingValid(state, nowMs);
  const leftMs = isLapsed ? null : state.serving!.session.expiresAtMs - nowMs;
  state.askNotBeforeMs = nowMs + lateStartMs(state.name, latenessMs, { leftMs, isLapsed });
}

/** The slot to open a session in now. Null, and given back, when it is too old: somebody else may have the next one already. */
export async function takeSlot(connection: Connection): Promise<string | null> {
  const { grant } = connection;
  connection.grant = null;
  connection.state.slot = null;
  if (!grant) return null;
  if (Date.now() - grant.grantedAtMs < GRANT_MS) return grant.requestId;
  await giveBackUnused(connection, grant.requestId);
  return null;
}

/** What is queued or granted is no longer wanted. */
export async function takeBack(connection: Connection): Promise<void> {
  const { slot } = connection.state;
  connection.grant = null;
  connection.state.slot = null;
  if (slot) await giveBackUnused(connection, slot.requestId);
}

/** No session was opened by it: the next may have it at once. */
export const giveBackUnused = (connection: Connection, requestId: string): Promise<void> =>
  giveBack(connection, { requestId, sent: false, outcome: 'other' });

/** Also while the connection is being cancelled. A gate that is gone has nothing to be told. */
export async function giveBack({ state, workflowId }: Connection, given: Omit<GivenBack, 'workflowId'>): Promise<void> {
  const gate = getExternalWorkflowHandle(sessionGateWorkflowId(state.environment, state.egress));
  try {
    await CancellationScope.nonCancellable(() => gate.signal(giveBackSignal, { ...given, workflowId }));
  } catch {
    // its lease ends, or the gate in its place waits for as long
  }
}
