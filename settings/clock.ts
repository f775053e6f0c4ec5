import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../bunq/bank.ts';

/** The process's own clocks: the only place from which bank calls and activities have the time. */
export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  deadline: (ms) => AbortSignal.timeout(ms),
  wait: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};
