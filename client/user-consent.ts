import { connectUser } from '../workflows/actions.ts';
import type { LinkOutcome } from './end-users.ts';
import { EXIT, KeeperError } from './errors.ts';
import type { Keeper } from './keeper.ts';
import type { KnownStatus } from './known-status.ts';
import { needsPerson } from './outcome.ts';
import { watchSteps } from './progress.ts';
import { waitFor } from './wait.ts';

/** Waiting for an end user's consent, and for the session that follows it. */

/** What a link came to in the end. */
export type EndedLink = Exclude<LinkOutcome, 'asked' | 'pending'>;

const isEnded = (outcome: LinkOutcome | null): outcome is EndedLink => outcome !== null && outcome !== 'asked' && outcome !== 'pending';

/**
 * Waits for what becomes of this very link: others of the same end user may be under way, and a connection that grants access again
 * is ACTIVE all the while.
 * @param url the link, or what the bank made of it
 * @throws KeeperError with exit code 4 when it is not decided in time, 1 when the connection ends meanwhile
 */
export async function untilLinkEnded(keeper: Keeper, name: string, url: string | URL, timeoutMs: number): Promise<EndedLink> {
  const ended: { outcome?: EndedLink } = {};
  await waitFor(keeper, name, {
    timeoutMs,
    until: async (status) => {
      failIfClosed(status);
      const outcome = await keeper.linkOutcome(name, url);
      if (isEnded(outcome)) ended.outcome = outcome;
      return isEnded(outcome);
    },
  });
  return ended.outcome!;
}

/**
 * After a consent: waits until the session on it is served, or a person is needed.
 * @throws KeeperError as above
 */
export function untilServed(keeper: Keeper, name: string, timeoutMs: number): Promise<KnownStatus> {
  return watchSteps(keeper, name, timeoutMs, (status) => {
    failIfClosed(status);
    return status.worker !== false && (needsPerson(status) || isServedAnew(status));
  });
}

/** A former session is served, and the state ACTIVE, until the new access token is bound and a session stands on it. */
export const isServedAnew = ({ state, steps }: Pick<KnownStatus, 'state' | 'steps'>) =>
  state === 'ACTIVE' && steps.every(({ status }) => status === 'done' || status === 'skipped');

function failIfClosed({ name, state, closed }: KnownStatus): void {
  if (state === 'DISCONNECTED' || closed) throw new KeeperError(`${name} is ${closed ?? state}: bunq-keeper status ${name}`, EXIT.failed);
}

const ENDS: Record<Exclude<EndedLink, 'connected'>, (name: string) => string> = {
  denied: (name) => `The end user of ${name} denied access.`,
  failed: (name) => `The bank gave no access token for the code of ${name}, which is good once: the end user has to grant access again.`,
  expired: (name) => `The link of ${name} has expired.`,
  replaced: (name) => `Later links of ${name} took the place of this one.`,
};

/** Why there is no access. */
export const whyNotConnected = (name: string, outcome: Exclude<EndedLink, 'connected'>) => ENDS[outcome](name);

export const anotherLink = (name: string) => `Another link: ${connectUser(name)}`;
