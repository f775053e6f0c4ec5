import type { StepName } from './codes.ts';
import type { Connection } from './connection.ts';
import { HOUR_MS } from './duration.ts';
import { publishRevoked } from './events.ts';

/** A refusal may still have been a passing one: the access token is tried once more before it is given up. */
const CONFIRMED_AFTER_MS = HOUR_MS;

/**
 * The bank refuses an end user's access token while it takes others' from the same address: the user, or the bank, has revoked it.
 * The step, already held, tries it again an hour later; refused again, the token is given up, and only a new consent helps.
 */
export function noteRevoked(connection: Connection, step: StepName): void {
  const { state } = connection;
  const nowMs = Date.now();
  if (state.serving) state.serving.renewable = false;
  state.revoked ??= { sinceMs: nowMs, confirmedAtMs: null };
  const { sinceMs } = state.revoked;
  const trouble = state.troubles[step]!;
  if (nowMs - sinceMs < CONFIRMED_AFTER_MS) {
    Object.assign(trouble, { failures: 0, firstAtMs: nowMs, retryAtMs: sinceMs + CONFIRMED_AFTER_MS }); // counted anew then
    return;
  }
  state.revoked = { sinceMs, confirmedAtMs: nowMs };
  Object.assign(state.ladder, { apiKey: null, device: null, deviceRepeated: false });
  for (const held of ['device', 'session'] as const) delete state.troubles[held];
  connection.note();
  publishRevoked(connection.status);
  connection.tell('user.revoked');
}
