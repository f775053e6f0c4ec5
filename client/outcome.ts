import { consentRemark } from '../workflows/status.ts';
import { describeStatus } from './describe.ts';
import { EXIT } from './errors.ts';
import type { KnownStatus } from './known-status.ts';
import { complain, print, printJson } from './output.ts';

/** How a waiting command ends: the connection on stdout, what is left for a person on stderr. Returns the exit code. */
export function showOutcome(status: KnownStatus, json = false): number {
  if (json) printJson(status);
  else print(describeStatus(status));
  return tellAction(status);
}

/** What is left for a person, if anything. Returns the exit code that it means. */
export function tellAction(status: KnownStatus): number {
  const { action } = status;
  const consent = consentRemark(status);
  if (action) complain(`${action.code}: ${action.remedy}`);
  if (consent) complain(consent);
  return needsPerson(status) ? EXIT.waitsForPerson : EXIT.done;
}

/** It does not go on by itself: somebody of the provider's, or its end user, has to do something. */
export const needsPerson = ({ state }: Pick<KnownStatus, 'state'>) =>
  state === 'ACTION_REQUIRED' || state === 'AWAITING_AUTHORIZATION' || state === 'REVOKED';
