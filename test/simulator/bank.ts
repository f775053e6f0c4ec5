import { type Simulator, type SimulatorOptions, startSimulator } from '../../simulator/index.ts';

/**
 * A bank of its own for each test of a file, without rate limits unless asked for. Its clock stands still but for
 * `advanceClock`: no test depends on how long it takes.
 */
export function bankForEachTest(options: SimulatorOptions = {}): { readonly simulator: Simulator; readonly apiUrl: string } {
  let running: Simulator;
  beforeEach(async () => {
    const startedAtMs = Date.now();
    running = await startSimulator({ rateLimits: false, nowMs: () => startedAtMs, ...options });
  });
  afterEach(() => running.close());
  return {
    get simulator() {
      return running;
    },
    get apiUrl() {
      return running.apiUrl;
    },
  };
}

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;
