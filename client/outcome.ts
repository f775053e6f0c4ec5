import { describeStatus } from './describe.ts';
import { EXIT } from './errors.ts';
import type { KnownStatus } from './keeper.ts';
import { print, printJson, tell } from './output.ts';

/** How a waiting command ends: the connection on stdout, what is left for a person on stderr. Returns the exit code. */
export function showOutcome(status: KnownStatus, json = false): number {
  if (json) printJson(status);
  else print(describeStatus(status));
  return tellAction(status);
}

/** What is left for a person, if anything. Returns the exit code that it means. */
export function tellAction({ action, state }: KnownStatus): number {
  if (action) tell(`${action.code}: ${action.remedy}`);
  return state === 'ACTION_REQUIRED' ? EXIT.waitsForPerson : EXIT.done;
}
