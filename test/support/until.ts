import { setTimeout as sleep } from 'node:timers/promises';

/** What has not happened by then hangs: no machine is so slow, and nothing is measured by it. */
export const HANGS_AFTER_MS = 400_000;

export interface Patience {
  readonly timeoutMs?: number;
  readonly everyMs?: number;
  /** What to say about the state of things when the time is over. */
  readonly seen?: () => unknown;
}

/**
 * Waits until a condition gives something truthy, and returns that. A condition that throws counts as not yet.
 *
 * @param description what is waited for: "the provider is ACTIVE"
 * @throws Error with the description, and with what was seen last, when the time is over
 */
export async function until<T>(description: string, condition: () => T | Promise<T>, patience: Patience = {}): Promise<NonNullable<T>> {
  const { timeoutMs = HANGS_AFTER_MS, everyMs = 100, seen } = patience;
  const deadline = Date.now() + timeoutMs;
  for (let last: unknown; ; await sleep(everyMs)) {
    try {
      const value = await condition();
      if (value) return value;
      last = value;
    } catch (error) {
      last = error;
    }
    if (Date.now() > deadline) throw new Error(`Not within ${timeoutMs / 1000} s: ${description}. Seen last: ${show(seen?.() ?? last)}`);
  }
}

function show(seen: unknown): string {
  if (seen instanceof Error) return seen.message;
  return typeof seen === 'string' ? seen : (JSON.stringify(seen) ?? 'nothing');
}
