import { connectUser } from '../workflows/actions.ts';
import { DAY_MS } from '../workflows/duration.ts';
import type { ConnectionStatus } from '../workflows/messages.ts';

/** The regulatory technical standards on strong authentication, article 10: a user is asked again every 180 days. */
export const CONSENT_AGE_MS = 180 * DAY_MS;

/** That an end user's consent is so old that it is to be asked for again, and how; null while it is not, or another remark is due. Pure. */
export function consentAgeRemark(
  { name, state, consentedAt }: Pick<ConnectionStatus, 'name' | 'state' | 'consentedAt'>,
  consentAgeMs: number,
  nowMs: number,
): string | null {
  if (!consentedAt || state === 'REVOKED' || state === 'AWAITING_AUTHORIZATION' || state === 'DISCONNECTED') return null;
  const ageMs = nowMs - Date.parse(consentedAt);
  if (ageMs < consentAgeMs) return null;
  return `The end user granted access ${Math.floor(ageMs / DAY_MS)} days ago; the rules on strong authentication have it asked for again every 180 days. The connection goes on meanwhile. A link for it: ${connectUser(name)}`;
}
