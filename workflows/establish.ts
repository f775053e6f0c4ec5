import { patched } from '@temporalio/workflow';
import { actionFor } from './actions.ts';
import { TREATMENT } from './blame.ts';
import type { StepName } from './codes.ts';
import { type Connection, StepGivenUp } from './connection.ts';
import { publishFailed } from './events.ts';
import { type SeenFailure, seenFailure } from './failure.ts';
import { bindDevice, createInstallation, generateKeyPair, obtainApiKey } from './ladder-steps.ts';
import { findOrCreateOAuthClient, readClientCredentials, setCallbackUrls } from './oauth-client-steps.ts';
import { askForSignature, isSignerUnreachable } from './qseal-signature.ts';
import { proveReported } from './refusal-report.ts';
import { repair } from './repair.ts';
import { grantResume } from './resume.ts';
import { openAndProveSession } from './session-step.ts';
import { requestSlot } from './slot-request.ts';
import { nextStep } from './steps.ts';
import { hold, overcome, park, tryAgain } from './trouble.ts';

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
  for (;;) {
    grantResume(connection);
    await proveReported(connection);
    await requestSlot(connection);
    const step = nextStep(state, Date.now(), connection.hasSlot);
    if (!step || connection.isDisconnecting) return;
    connection.running = step;
    try {
      await PERFORM[step](connection);
      overcome(connection, step);
      if (step === 'device') tryAgain(state, 'session'); // what was refused before stood on something else
      state.doneAtMs[step] = Date.now();
    } catch (error) {
      if (!(error instanceof StepGivenUp)) await treat(connection, step, seenFailure(error, Date.now()));
    }
    connection.running = null;
    connection.note();
    if (state.onboardedAtMs === null) connection.publish(); // a renewal is published when it is through
    if (connection.isTimeToMove) return;
  }
}

/** Notes what did not succeed, gives up what the failure blames, and holds the step until it is to be tried again. */
async function treat(connection: Connection, step: StepName, failure: SeenFailure): Promise<void> {
  const treatment = TREATMENT[failure.code];
  const needsNewKeyPair = treatment === 'park' && step === 'installation' && isAnswerToTheLost(connection, step, failure);
  hold(connection, step, failure);
  publishFailed(connection.status, step, failure.code, step === 'session' && connection.state.serving !== null);
  if (treatment === 'blame') await repair(connection, step, failure);
  else if (needsNewKeyPair) connection.state.ladder.keyPair = null;
  else if (treatment === 'park') park(connection, step, actionFor(step, failure.code));
  else if (isSignerUnreachable(connection.state, step, failure, Date.now()) && patched('signer-unreachable'))
    await askForSignature(connection, step);
}

/** bunq wants a new key pair for each installation: the refusal may mean that the lost attempt had its effect. */
function isAnswerToTheLost({ state }: Connection, step: StepName, failure: SeenFailure): boolean {
  const before = state.troubles[step];
  return failure.repeated || (before !== undefined && TREATMENT[before.error.code] === 'retry');
}
