import { REFUSED_AGAIN_MS, TREATMENT } from './blame.ts';
import type { ActionCode, StepName } from './codes.ts';
import type { Connection } from './connection.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from './duration.ts';
import type { SeenFailure } from './failure.ts';
import { backoffMs } from './renewal.ts';
import { type ConnectionState, type SeenError, standingOf } from './state.ts';
import { OAUTH_STEPS } from './steps.ts';

/** Notes what did not succeed and holds the step until its back-off is over. */
export function hold({ state, isOnServing }: Connection, step: StepName, failure: SeenFailure): void {
  const nowMs = Date.now();
  const before = state.troubles[step];
  const onServing = step === 'session' && isOnServing;
  const isOfSame = before !== undefined && (before.isOnServing ?? false) === onServing;
  const isSame = isOfSame && before.failures > 0 && isSameTrouble(before.error, failure);
  const failures = isSame ? before.failures + 1 : 1;
  const leftMs = state.serving && Math.max(0, state.serving.session.expiresAtMs - nowMs);
  const isFirstRefusal = TREATMENT[failure.code] === 'blame' && failures === 1;
  const delayMs = isFirstRefusal ? REFUSED_AGAIN_MS : backoffMs(failures, state.name, leftMs);
  state.troubles[step] = {
    error: errorOf(failure),
    failures,
    firstAtMs: isSame ? before.firstAtMs : nowMs,
    retryAtMs: Math.max(nowMs + delayMs, OAUTH_STEPS.includes(step) ? (state.settleUntilMs ?? 0) : 0),
    action: null,
    ...(onServing && { isOnServing: true }),
  };
}

/** What only needs time is one trouble, however it shows; refusals are counted by what they say. */
const isSameTrouble = (before: SeenError, now: SeenError) =>
  kindOf(before) === kindOf(now) || (TREATMENT[kindOf(before)] === 'retry' && TREATMENT[kindOf(now)] === 'retry');

/** What the bank said; the suspicion is ours. */
const kindOf = ({ code }: SeenError) => (code === 'ADDRESS_SUSPECT' ? 'BUNQ_CREDENTIALS_INCORRECT' : code);

/** Not more often, however soon the session ends. */
const SOONEST_BY_ITSELF_MS = 5 * MINUTE_MS;
/** Nobody can call the bank meanwhile, but a refusal that lasts must not become a load. */
const SOONEST_LAPSED_MS = HOUR_MS;

/**
 * The step, already held, waits for a person. It tries again by itself once a day; a step that the next session needs does so
 * sooner when the session served has less than four days left, as the refusal may have been a passing one.
 */
export function park(connection: Connection, step: StepName, action: ActionCode): void {
  const trouble = connection.state.troubles[step];
  if (!trouble) return; // a message has set the step free meanwhile
  waitLong(connection, step);
  trouble.action = action;
}

/** The step, already held, is tried again as rarely as one that waits for a person. */
export function waitLong({ state }: Connection, step: StepName): void {
  const nowMs = Date.now();
  const { serving } = state;
  const leftMs = serving && !OAUTH_STEPS.includes(step) ? serving.session.expiresAtMs - nowMs : Number.POSITIVE_INFINITY;
  const soonestMs = leftMs > 0 ? SOONEST_BY_ITSELF_MS : SOONEST_LAPSED_MS;
  state.troubles[step]!.retryAtMs = Math.round(nowMs + Math.min(DAY_MS, Math.max(leftMs / 4, soonestMs)));
}

export const errorOf = ({ code, endpoint, status, text, responseId, atMs }: SeenFailure): SeenError => ({
  code,
  endpoint,
  status,
  text,
  responseId,
  atMs,
});

/**
 * The step is done, and its trouble over. Not so where a session was renewed on what is served, for then the new credential is in trouble still;
 * nor where the credential that was given is somebody else's, of which a person has to know.
 */
export function overcome(connection: Connection, step: StepName): void {
  const { state, isOnServing } = connection;
  const trouble = state.troubles[step];
  if (!trouble) return;
  const isOfLadder = step === 'session' && isOnServing && !trouble.isOnServing && standingOf(state.ladder) !== null;
  if (isOfLadder && trouble.action) waitLong(connection, step);
  const isToBeKnown = trouble.action === 'DIFFERENT_USER' && state.wanted.credential.type !== 'oauth-grant';
  if (!isOfLadder && !isToBeKnown) delete state.troubles[step];
}

/** What was blamed is gone: the step has no reason to wait, and refusals of what comes in its place are counted anew. */
export function tryAgain({ troubles }: ConnectionState, step: StepName): void {
  const nowMs = Date.now();
  const trouble = troubles[step];
  if (trouble) Object.assign(trouble, { failures: 0, firstAtMs: nowMs, retryAtMs: nowMs, action: null });
}
