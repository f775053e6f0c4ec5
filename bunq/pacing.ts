import type { Bank, CallOptions } from './bank.ts';
import { endpointPattern } from './call-limits.ts';
import { BunqError } from './errors.ts';
import { endpointOf, type Method } from './send.ts';

/** A call's turn within the bank's limits. */
export interface Turn {
  /** The endpoint's pattern. */
  readonly endpoint: string;
  /** The call left so many milliseconds ago. */
  left(agoMs: number): void;
  /** Nothing left: the turn is another's. */
  notUsed(): void;
}

const atOnce = (endpoint: string): Turn => ({ endpoint, left: () => {}, notUsed: () => {} });

/**
 * Waits for the call's turn, before anything is signed or connected, so that no time-out of the request runs meanwhile.
 * @throws BunqError `BUNQ_CALL_POSTPONED` when it would wait longer than the bank's caller may; `BUNQ_UNREACHABLE` when it is given up
 */
export async function turnOf({ pacing, clock, apiUrl }: Bank, method: Method, path: string, { signal }: CallOptions): Promise<Turn> {
  if (pacing === null) return atOnce(endpointPattern(method, path));
  const { limits, longestWaitMs } = pacing;
  const endpoint = endpointOf(method, new URL(path, apiUrl));
  const waitMs = limits.waitMs(method, path, clock.monotonicMs());
  if (waitMs > longestWaitMs) throw postponed(endpoint, waitMs);
  const place = limits.take(method, path, clock.monotonicMs());
  const turn = {
    endpoint: place.endpoint,
    left: (agoMs: number) => limits.left(place, clock.monotonicMs() - agoMs),
    notUsed: () => limits.giveBack(place),
  };
  try {
    await waitFor(() => limits.leftMs(place, clock.monotonicMs()), clock, signal);
  } catch {
    turn.notUsed();
    throw new BunqError({ code: 'BUNQ_UNREACHABLE', endpoint, detail: 'nothing was sent: given up by the caller', sent: false });
  }
  return turn;
}

/** Timers may be a little early. */
async function waitFor(leftMs: () => number, clock: Bank['clock'], signal: AbortSignal | undefined): Promise<void> {
  for (let ms = leftMs(); ms > 0; ms = leftMs()) await clock.wait(Math.ceil(ms), signal);
}

const postponed = (endpoint: string, waitMs: number) =>
  new BunqError({
    code: 'BUNQ_CALL_POSTPONED',
    endpoint,
    detail: `not sent: the bank's limit for this endpoint is used up for another ${Math.ceil(waitMs)} ms`,
    sent: false,
    retryInMs: Math.ceil(waitMs),
  });
