import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { EgressView, GivenBack, SlotRequest, Slots } from './slots.ts';

/** What connections and the gate of their egress say to each other: signals, as a workflow takes only 10 updates at a time. */

/** Asks for a slot, or says that it is still wanted. */
export const askSignal = defineSignal<[SlotRequest]>('ask');
/** The same of several, which one worker sends together. */
export const asksSignal = defineSignal<[readonly SlotRequest[]]>('asks');
/** Gives a slot back, or takes a request back. */
export const giveBackSignal = defineSignal<[GivenBack]>('giveBack');
/**
 * The bank refused the API key, or the address; at `device-server` also without a slot being used. `others`: running connections of
 * the same egress, where the gate knew of none.
 */
export const refusedSignal = defineSignal<[{ workflowId: string; others?: string[] }]>('refused');
/** What one connection may conclude from what others met at this address. */
export const egressQuery = defineQuery<EgressView, [workflowId: string]>('egress');
/** Whether a request still stands in the queue as it was asked: a query is no event in the history, unlike asking again. */
export const isQueuedQuery = defineQuery<boolean, [SlotRequest]>('isQueued');
/** Who waits, and who has the slot. */
export const slotsQuery = defineQuery<Slots>('slots');

/** To a connection: open a session now. The time is the gate's, which is the connection's: the server's. */
export const slotGrantedSignal = defineSignal<[{ requestId: string; grantedAtMs: number }]>('slotGranted');
/** To a connection that dropped out of a full queue. */
export const comeBackSignal = defineSignal<[{ requestId: string; inMs: number }]>('comeBack');
/** To a connection: open a session although none is due, as another one was refused and nobody knows why. */
export const secondOpinionSignal = defineSignal<[]>('secondOpinion');

/** The gate's argument: a new one, or what a former run of it knew. */
export type GateInput = GateName & ({ readonly replaces: boolean } | { readonly slots: Slots; readonly sessionGapMs?: number });

interface GateName {
  /** 1: of a worker for which providers take no turns, and which waits for what it tells; so its run goes on, as its history says what it did. */
  readonly version: 1 | 2;
  readonly environment: string;
  readonly egress: string;
}
