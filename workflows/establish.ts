import { actionFor } from './actions.ts';
import { REFUSED_AGAIN_MS, TREATMENT } from './blame.ts';
import type { Connection } from './connection.ts';
import { type SeenFailure, seenFailure } from './failure.ts';
import { bindDevice, createInstallation, generateKeyPair, obtainApiKey } from './ladder-steps.ts';
import { findOrCreateOAuthClient, readClientCredentials, setCallbackUrls } from './oauth-client-steps.ts';
import { backoffMs } from './renewal.ts';
import { repair } from './repair.ts';
import { openAndProveSession } from './session-step.ts';
import { isServingValid, type SeenError, type StepName } from './state.ts';
import { nextStep } from './steps.ts';

const PERFORM: Record<StepName, (connection: Connection) => Promise<void>> = {
  'key-pair': generateKeyPair,
  installation: createInstallation,
  'api-key': obtainApiKey,
  device: bindDevice,
  session: openAndProveSession,
  'oauth-client': findOrCreateOAuthClient,
  'callback-urls': setCallbackUrls,
  'client-credentials': readClientCredentials,
};

/** Performs, in order, each step that is missing: the onboarding of a new connection, the renewal or the repair of another. */
export async function establish(connection: Connection): Promise<void> {
  const { state } = connection;
  for (let step = nextStep(state, Date.now()); step && !connection.isDisconnecting; step = nextStep(state, Date.now())) {
    connection.running = step;
    try {
      await PERFORM[step](connection);
      delete state.troubles[step];
      state.doneAtMs[step] = Date.now();
    } catch (error) {
      await treat(connection, step, seenFailure(error, Date.now()));
    }
    connection.running = null;
    connection.publish();
    if (connection.isTimeToMove) return;
  }
}

/** Notes what did not succeed, gives up what the failure blames, and holds the step until it is to be tried again. */
async function treat(connection: Connection, step: StepName, failure: SeenFailure): Promise<void> {
  const treatment = TREATMENT[failure.code];
  if (treatment === 'park') {
    if (step === 'installation' && isAnswerToTheLost(connection, step, failure)) connection.state.ladder.keyPair = null;
    else return hold(connection, step, failure, actionFor(step, failure.code));
  }
  hold(connection, step, failure, null);
  if (treatment === 'blame') await repair(connection, step, failure);
}

/** bunq wants a new key pair for each installation: the refusal may mean that the lost attempt had its effect. */
function isAnswerToTheLost({ state }: Connection, step: StepName, failure: SeenFailure): boolean {
  const before = state.troubles[step];
  return failure.repeated || (before !== undefined && TREATMENT[before.error.code] === 'retry');
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function hold({ state }: Connection, step: StepName, failure: SeenFailure, action: ReturnType<typeof actionFor> | null): void {
  const nowMs = Date.now();
  const before = state.troubles[step];
  const isSame = before !== undefined && TREATMENT[before.error.code] === TREATMENT[failure.code];
  const failures = isSame ? before.failures + 1 : 1;
  const leftMs = isServingValid(state, nowMs) ? state.serving!.session.expiresAtMs - nowMs : null;
  const delayMs = action ? DAY_MS : TREATMENT[failure.code] === 'blame' && failures === 1 ? REFUSED_AGAIN_MS : backoffMs(failures, state.name, leftMs);
  state.troubles[step] = {
    error: errorOf(failure),
    failures,
    firstAtMs: isSame ? before.firstAtMs : nowMs,
    retryAtMs: Math.max(nowMs + delayMs, action ? 0 : (state.settleUntilMs ?? 0)),
    action,
  };
}

const errorOf = ({ code, endpoint, status, text, responseId, atMs }: SeenFailure): SeenError => ({ code, endpoint, status, text, responseId, atMs });
