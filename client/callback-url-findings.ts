import { type Finding, right, wrong } from './finding.ts';
import type { KnownStatus } from './known-status.ts';

/**
 * The callback URLs that the bank has against those that were asked for; nothing for who has no OAuth client. Pure.
 * @param wanted null where nobody answered
 */
export function callbackUrlFindings({ name, oauthClient }: Pick<KnownStatus, 'name' | 'oauthClient'>, wanted: string[] | null): Finding[] {
  if (!oauthClient || wanted === null) return [];
  const check = `callback URLs of ${name}`;
  const present = oauthClient.callbackUrls;
  const lacking = wanted.filter((url) => !present.includes(url));
  const others = present.filter((url) => !wanted.includes(url));
  if (lacking.length > 0)
    return [wrong(check, `The bank does not have ${lacking.join(', ')} yet; what holds it up: bunq-keeper status ${name}`)];
  if (others.length > 0)
    return [
      right(
        check,
        `the bank has ${others.join(', ')} too, which nobody asked for. To remove: bunq-keeper callback-urls ${name} remove ${others.join(' ')}`,
      ),
    ];
  return [right(check, `the bank has the ${present.length} that were asked for`)];
}
