import { DAY, SECOND } from './states.ts';

/** How long things take at one-address.ts; ranges in milliseconds, every value as likely as the other. */

export const GAP_MS = 30 * SECOND;
export const SESSION_MS = 7 * DAY;

/** A signal or a timer, until the workflow's code has seen it. */
export const TEMPORAL_MS = [5, 50] as const;
/** From the workflow's task to the bank: the activity starts, opens what is sealed, asks the fence. */
export const TO_THE_BANK_MS = [20, 150] as const;
export const BANK_MS = [80, 500] as const;
