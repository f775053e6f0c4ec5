import type { Bank } from './bank.ts';
import { BunqError, type BunqErrorCode } from './errors.ts';

/** Hears of every call of this process, for who counts them. Endpoints are patterns, as `GET user/{id}`: no id and no query is in them. */
export interface BankObserver {
  /**
   * A request left, or was to.
   * @param answer the HTTP status; `lost`: no whole answer came; `unreachable`: nothing left
   * @param durationMs of an answer from the first byte out to the last byte in; else until it was given up
   */
  sent(endpoint: string, answer: number | 'lost' | 'unreachable', durationMs: number): void;
  /** A call is over; null: as it should be. */
  ended(endpoint: string, code: BunqErrorCode | null): void;
}

/** Tells how a call ended. */
export async function observed<Result>(
  { observer }: Pick<Bank, 'observer'>,
  endpoint: string,
  call: () => Promise<Result>,
): Promise<Result> {
  try {
    const result = await call();
    observer?.ended(endpoint, null);
    return result;
  } catch (error) {
    if (error instanceof BunqError) observer?.ended(endpoint, error.code);
    throw error;
  }
}
