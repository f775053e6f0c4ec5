import { STEP_NAMES } from './codes.ts';
import type { Connection } from './connection.ts';
import { dropCandidate } from './session-step.ts';
import type { ConnectionState } from './state.ts';
import { tryAgain } from './trouble.ts';

/** Granted between two steps, as a step in hand goes on with what it began with. */
export function grantResume({ state }: Connection): void {
  const { resume } = state.wishes;
  if (!resume) return;
  state.wishes.resume = null;
  state.repairs = [];
  tryAllAgain(state);
  if (resume.qsealSignature !== undefined) state.ladder.givenSignature = resume.qsealSignature;
  if (!resume.credential) return;
  dropCandidate(state);
  if (state.serving) state.wanted.formerCredential ??= state.wanted.credential;
  state.wanted.credential = resume.credential;
  Object.assign(state.ladder, { qsealSignature: null, apiKey: null, device: null, deviceRepeated: false });
  delete state.ladder.givenSignature;
  delete state.ladder.installation?.qsealDigest; // another signer has an hour of its own
}

/** Every step in trouble is tried at once: a person has looked at it. */
export function tryAllAgain(state: ConnectionState): void {
  for (const step of STEP_NAMES) tryAgain(state, step);
}
