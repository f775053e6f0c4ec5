import type { ConnectionState, WantedCredential } from './state.ts';

/** Whether a certificate may take the place of another. Pure. */

/** A bank's own role is none at another bank. */
const isRoleAtBunq = (role: string) => role !== 'ASPSP';

/**
 * Why a certificate may not take the place of the one that the session served came of: it allows less, or is another provider's. Null when it
 * may, and while nothing is served that could be lost.
 */
export function rollOverProblem({ name, wanted, serving }: ConnectionState, given: WantedCredential): string | null {
  const present = wanted.formerCredential ?? wanted.credential;
  if (serving === null || present.type !== 'qseal' || given.type !== 'qseal') return null;
  const onboardAgain = `bunq-keeper disconnect ${name}, and onboard it with the new one: the OAuth client at the bank stays`;
  const [from, to] = [present.authorizationNumber, given.authorizationNumber];
  if (from !== null && to !== null && from !== to)
    return (
      `The certificate ${given.subject} is for the authorization number ${to}, and that of ${name} for ${from}; nothing was changed. ` +
      `Give one for ${from}, or onboard another provider under another name. Where the authority has changed the number: ${onboardAgain}.`
    );
  const missing = present.roles.filter((role) => isRoleAtBunq(role) && !given.roles.includes(role));
  if (missing.length === 0) return null;
  return (
    `The certificate ${given.subject} lacks ${missing.join(' and ')}, which that of ${name} has; nothing was changed. ` +
    `Give one with ${present.roles.filter(isRoleAtBunq).join(' and ')}. Where the licence was narrowed: ${onboardAgain}.`
  );
}
