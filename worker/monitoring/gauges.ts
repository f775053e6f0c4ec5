import { egressTaskQueue } from '../../workflows/names.ts';
import { SLOT_CLASSES } from '../../workflows/slot-classes.ts';
import { gapOf, isSuspect, type Slots } from '../../workflows/slots.ts';
import type { Metrics } from './metrics.ts';

/** Gauges of this worker, of its egress's gate, and of every egress. */

/** @param slots null: nobody has asked the gate for a slot, or it was closed */
export function showGate(
  { gateWaiting, gateGap, gateAddressSuspect }: Metrics,
  { egress, sessionGapMs }: { readonly egress: string; readonly sessionGapMs: number },
  slots: Slots | null,
): void {
  for (const slotClass of SLOT_CLASSES)
    gateWaiting.set({ egress, class: slotClass }, slots?.queue.filter((request) => request.class === slotClass).length ?? 0);
  gateGap.set({ egress }, (slots ? gapOf(slots, sessionGapMs) : sessionGapMs) / 1000);
  gateAddressSuspect.set({ egress }, Number(slots !== null && isSuspect(slots.address)));
}

/** @param keyIds the first seals */
export function showKeys({ sealingKey }: Metrics, keyIds: readonly string[]): void {
  for (const [index, keyId] of keyIds.entries()) sealingKey.set({ key_id: keyId, use: index === 0 ? 'seals' : 'opens' }, 1);
}

/** What is not in use any more goes. */
export function showEgresses({ egressWorkers }: Metrics, environment: string, workers: ReadonlyMap<string, number>): void {
  egressWorkers.reset();
  for (const [egress, number] of workers) egressWorkers.set({ egress, task_queue: egressTaskQueue(environment, egress) }, number);
}

export function showWorker(workerPolling: Metrics['workerPolling'], polling: ReadonlyMap<string, boolean>): void {
  for (const [queue, polls] of polling) workerPolling.set({ task_queue: queue }, Number(polls));
}
