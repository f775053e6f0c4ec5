import type { ActionCode } from './actions.ts';
import { REFUSED_AGAIN_MS, TREATMENT } from './blame.ts';
import type { Connection } from './connection.ts';
import { DAY_MS } from './duration.ts';
import type { SeenFailure } from './failure.ts';
import { backoffMs } from './renewal.ts';
import { isServingValid, type SeenError, type StepName } from './state.ts';

/** Notes what did not succeed and holds the step: until its back-off is over, or, with an action, until a person resumes it or a day has passed. */
export function hold({ state }: Connection, step: StepName, failure: SeenFailure, action: ActionCode | null): void {
  const nowMs = Date.now();
  const before = state.troubles[step];
  const isSame = before !== undefined && TREATMENT[before.error.code] === TREATMENT[failure.code];
  const failures = isSame ? before.failures + 1 : 1;
  const leftMs = isServingValid(state, nowMs) ? state.serving!.session.expiresAtMs - nowMs : null;
  const delayMs = action
    ? DAY_MS
    : TREATMENT[failure.code] === 'blame' && failures === 1
      ? REFUSED_AGAIN_MS
      : backoffMs(failures, state.name, leftMs);
  state.troubles[step] = {
    error: errorOf(failure),
    failures,
    firstAtMs: isSame ? before.firstAtMs : nowMs,
    retryAtMs: Math.max(nowMs + delayMs, action ? 0 : (state.settleUntilMs ?? 0)),
    action,
  };
}

const errorOf = ({ code, endpoint, status, text, responseId, atMs }: SeenFailure): SeenError => ({
  code,
  endpoint,
  status,
  text,
  responseId,
  atMs,
});

/** What was blamed is gone, so the step has no reason to wait. */
export function tryAgain({ state }: Connection, step: StepName): void {
  const trouble = state.troubles[step];
  if (trouble) trouble.retryAtMs = Date.now();
}
