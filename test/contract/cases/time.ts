import { bind, createCredential } from '../../simulator/client.ts';
import { type Case, itemOf, needed, say } from '../case.ts';
import { endUser, newCertificate, user } from '../parties.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
const INSUFFICIENT = '401 Insufficient authentication.';

/** Last: hours and days pass, where they can be made to, and sessions with them. */
export const time: readonly Case[] = [
  {
    name: 'an API key that is not bound within its hour is dead',
    expected: '400 User credentials are incorrect. Incorrect API key or IP address.',
    settings: ['credentialLifetimeMs'],
    see: async (bank) => {
      bank.passTime(0, 'an hour');
      const installed = await bank.install();
      const created = needed(await createCredential(installed, newCertificate()), 'payment-service-provider-credential');
      bank.passTime(60 * MINUTE_MS, 'an hour');
      return say(await bind(installed, itemOf(created).token_value));
    },
  },
  {
    name: 'a request in the last minute of a session does not extend it',
    expected: INSUFFICIENT,
    settings: ['extendSessions', 'refusedTokenStatus'],
    see: async (bank) => {
      bank.passTime(0, 'a week');
      const { opened, session } = await user(bank);
      const endsAtMs = Date.parse(opened.headers.date ?? '') + itemOf(opened, 2).session_timeout * SECOND_MS;
      bank.passTime(endsAtMs - MINUTE_MS - bank.target.time.nowMs(), 'a week');
      needed(await session.call('GET', '/user'), 'a call in the last minute');
      bank.passTime(MINUTE_MS + SECOND_MS, 'a week');
      return say(await session.call('GET', '/user'));
    },
  },
  {
    name: 'the session of a UserApiKey is over after the smaller session_timeout of its two users',
    expected: INSUFFICIENT,
    settings: ['userApiKeySessionEndsBy', 'refusedTokenStatus'],
    see: async (bank) => {
      const { opened, session } = await endUser(bank);
      const { requested_by_user, granted_by_user } = itemOf(opened, 2);
      const timeouts = [requested_by_user, granted_by_user].map(
        (one) => (Object.values(one)[0] as { session_timeout: number }).session_timeout,
      );
      bank.passTime(Math.min(...timeouts) * SECOND_MS, 'a week');
      return say(await session.call('GET', '/user'));
    },
  },
  {
    name: 'a session is over after its session_timeout',
    expected: INSUFFICIENT,
    settings: ['refusedTokenStatus'],
    see: async (bank) => {
      bank.passTime(WEEK_MS, 'a week');
      return say(await (await user(bank)).session.call('GET', '/user'));
    },
  },
];
