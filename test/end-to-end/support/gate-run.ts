import type { GateInput } from '../../../workflows/gate-messages.ts';
import { argumentOf, asksOf, atMs, type Cost, costOf, type GrantedSlot, grantedSlots } from './gate.ts';
import type { HistoryEvent } from './history.ts';

/** What one run of a gate did, by its history. */
export interface GateRun extends Cost {
  /** No other run of the same gate went before it. */
  readonly isFirst: boolean;
  /** As many as the run before it left. */
  readonly waitingAtStart: number;
  /** That it was sent. */
  readonly signals: number;
  /** That it sent, the most in one task: so many are pending at once at most. */
  readonly signalsOfOneTask: number;
  /** Tasks that the server did not take, as a signal came meanwhile: continuing as new has to be tried again then. */
  readonly tasksRefused: number;
  readonly asks: readonly { readonly workflowId: string; readonly atMs: number }[];
  readonly slots: readonly GrantedSlot[];
}

export function gateRun(events: readonly HistoryEvent[]): GateRun {
  const input = argumentOf<GateInput>(events[0]!.workflowExecutionStartedEventAttributes!.input);
  const signals = events.flatMap((event) => event.workflowExecutionSignaledEventAttributes ?? []);
  const sent = new Map<string, number>();
  for (const { signalExternalWorkflowExecutionInitiatedEventAttributes: signal } of events) {
    const task = String(signal?.workflowTaskCompletedEventId);
    if (signal) sent.set(task, (sent.get(task) ?? 0) + 1);
  }
  const asks = events.flatMap((event) => asksOf(event).map(({ workflowId }) => ({ workflowId, atMs: atMs(event) })));
  return {
    ...costOf(events),
    isFirst: 'replaces' in input,
    waitingAtStart: 'slots' in input ? input.slots.queue.length : 0,
    signals: signals.length,
    signalsOfOneTask: Math.max(0, ...sent.values()),
    tasksRefused: events.filter((event) => event.workflowTaskFailedEventAttributes).length,
    asks,
    slots: grantedSlots(events),
  };
}
