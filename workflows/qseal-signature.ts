import { perform, performByName } from './bank.ts';
import type { FailureCode, StepName } from './codes.ts';
import type { Connection } from './connection.ts';
import { HOUR_MS } from './duration.ts';
import { type SeenFailure, StepFailure, seenFailure } from './failure.ts';
import { egressTaskQueue, isNamedSigner, signerTaskQueue } from './names.ts';
import type { ConnectionState, Ladder, WantedCredential } from './state.ts';

type QsealCredential = Extract<WantedCredential, { type: 'qseal' }>;

/** The QSEAL's signature over key pair and installation: the signer's, or one that a person made in its place. */
export async function signQseal(state: ConnectionState, credential: QsealCredential): Promise<string> {
  if (state.ladder.givenSignature !== undefined) return checkedSignature(state, credential, state.ladder.givenSignature);
  const { environment, egress } = state;
  const { certificatePem, signer } = credential;
  const input = { ...textParts(state.ladder), certificatePem, signer };
  const summary = `sign with the QSEAL key (${signer})`;
  const { qsealSignature } = await (isNamedSigner(signer)
    ? performByName(signerTaskQueue(environment, signer), summary, input)
    : perform('signQseal', egressTaskQueue(environment, egress), summary, input));
  return qsealSignature;
}

/** One that is wrong is forgotten, and the signer asked again. */
async function checkedSignature(state: ConnectionState, { certificatePem }: QsealCredential, qsealSignature: string): Promise<string> {
  const queue = egressTaskQueue(state.environment, state.egress);
  const input = { ...textParts(state.ladder), certificatePem, qsealSignature };
  const { isRight } = await perform('checkQsealSignature', queue, 'check the signature that was given', input);
  delete state.ladder.givenSignature;
  if (isRight) return qsealSignature;
  throw new StepFailure(
    'SIGNER_UNAVAILABLE',
    "The signature that was given does not verify with the certificate's key: it was made by another key, or over something else.",
  );
}

const textParts = ({ keyPair, installation }: Ladder) => ({
  publicKeyPem: keyPair!.publicKeyPem,
  installationToken: installation!.installationToken,
});

/** It does not answer, or no worker offers it. */
const UNREACHABLE: readonly FailureCode[] = ['SIGNER_UNAVAILABLE', 'NOT_SENT', 'ACTIVITY_TIMED_OUT'];

/**
 * The signer has not been reachable for an hour, or still is not after a person was asked: the failure, already noted, is one of
 * signing. Pure.
 */
export function isSignerUnreachable(
  { wanted, ladder: { installation, qsealSignature }, troubles }: ConnectionState,
  step: StepName,
  { code }: SeenFailure,
  nowMs: number,
): boolean {
  if (step !== 'api-key' || wanted.credential.type !== 'qseal' || !installation || qsealSignature !== null) return false;
  if (!UNREACHABLE.includes(code)) return false;
  return installation.qsealDigest !== undefined || nowMs - (troubles[step]?.firstAtMs ?? nowMs) >= HOUR_MS;
}

/** Shows a person what is to be signed. The signer goes on being asked meanwhile, as often as before. */
export async function askForSignature({ state }: Connection, step: StepName): Promise<void> {
  const { ladder, environment, egress } = state;
  const queue = egressTaskQueue(environment, egress);
  try {
    ladder.installation!.qsealDigest ??= await perform('digestForQseal', queue, 'show what is to be signed', textParts(ladder));
  } catch (error) {
    seenFailure(error, Date.now()); // throws what is none
    return; // with the next try of the step
  }
  const trouble = state.troubles[step];
  if (trouble) trouble.action = 'SIGNER_UNREACHABLE'; // else a message has set the step free meanwhile
}
