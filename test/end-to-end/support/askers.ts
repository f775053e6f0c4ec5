import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection } from '@temporalio/worker';
import { systemClock } from '../../../settings/clock.ts';
import { createGateClient } from '../../../worker/gate-client.ts';
import type { SlotRequest } from '../../../workflows/slots.ts';
import { atEnd } from '../../support/at-end.ts';

/** Evenly: so often some are sent. */
const TICK_MS = 20;

/** A gate, asked as a worker does it. */
export async function gateClientAt(address: string, environment: string) {
  const connection = await NativeConnection.connect({ address });
  atEnd(() => connection.close());
  return createGateClient({ connection, namespace: 'default' }, environment, systemClock, async () => []);
}

type Gate = Awaited<ReturnType<typeof gateClientAt>>;

export interface Asked {
  readonly asks: number;
  readonly ms: number;
  /** The gate, or Temporal, was away. */
  readonly notTaken: number;
}

/** Asks so often a second, each request in its turn, by one worker's client after another, until that is over; what is not taken is asked again at the end. */
export async function askEvenly(
  gates: readonly Gate[],
  requests: readonly SlotRequest[],
  aSecond: number,
  over: AbortSignal,
): Promise<Asked> {
  const waiting = [...requests];
  const startedAtMs = performance.now();
  let [asks, notTaken, inFlight] = [0, 0, 0];
  const ask = async (request: SlotRequest) => {
    const gate = gates[(asks + inFlight++) % gates.length]!;
    try {
      await gate.ask('default', request);
      asks++;
    } catch {
      notTaken++;
      waiting.push(request);
    }
    inFlight--;
  };
  while (asks < requests.length && !over.aborted) {
    const due = Math.ceil(((performance.now() - startedAtMs) / 1000) * aSecond) - asks - inFlight;
    for (const request of waiting.splice(0, Math.max(0, due))) void ask(request);
    await sleep(TICK_MS);
  }
  while (inFlight > 0) await sleep(TICK_MS);
  return { asks, ms: performance.now() - startedAtMs, notTaken };
}
