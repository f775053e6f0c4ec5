import { openSession } from '../../simulator/client.ts';
import { type Case, itemOf, needed, say } from '../case.ts';
import { CALLBACK_URL, consent, endUser, exchange, newAccessToken, oauthClient } from '../parties.ts';

const INVALID_GRANT = '400 invalid_grant The authorization code is invalid or expired.';
const NO_CODE = 'f'.repeat(64);

const sayOAuth = ({ status, json, text }: Awaited<ReturnType<typeof exchange>>): string => {
  if (status === 200) return `200 ${Object.keys(json ?? {}).join(', ')}`;
  return `${status} ${json?.error === undefined ? text.slice(0, 60) : `${json.error} ${json.error_description}`}`;
};

export const authorization: readonly Case[] = [
  {
    name: 'a code that was never given is refused',
    expected: INVALID_GRANT,
    settings: ['tokenErrorStatus'],
    see: async (bank) => sayOAuth(await exchange(bank, NO_CODE)),
  },
  {
    name: 'the numeric id of the OAuth client is no client id',
    expected: '400 invalid_client',
    settings: ['tokenErrorStatus'],
    see: async (bank) => {
      const id = (await oauthClient(bank)).path.split('/').at(-1)!;
      return sayOAuth(await exchange(bank, NO_CODE, { client_id: id }))
        .split(' ', 2)
        .join(' ');
    },
  },
  {
    name: 'a code is exchanged by URL parameters',
    expected: '200 access_token, token_type, state',
    see: async (bank) => sayOAuth(await exchange(bank, await consent(bank))),
  },
  {
    name: 'a code is good once',
    expected: INVALID_GRANT,
    settings: ['tokenErrorStatus'],
    see: async (bank) => {
      const code = await consent(bank);
      needed(await exchange(bank, code), 'token');
      return sayOAuth(await exchange(bank, code));
    },
  },
  {
    name: 'the page knows a redirect URI to its last slash only',
    expected: 'Connection not found',
    settings: ['ignoreLastSlash'],
    see: async (bank) => {
      await consent(bank);
      return consent(bank, `${CALLBACK_URL}/`).then(
        () => 'a code',
        ({ message }) => /Connection not found/.exec(message)?.[0] ?? message,
      );
    },
  },
  {
    name: 'the exchange knows a redirect URI to its last slash only',
    expected: INVALID_GRANT,
    settings: ['tokenErrorStatus'],
    see: async (bank) => sayOAuth(await exchange(bank, await consent(bank), { redirect_uri: `${CALLBACK_URL}/` })),
  },
  {
    name: 'an access token opens a session on an installation of its own',
    expected: '200 Id, Token, UserApiKey',
    see: async (bank) => say((await endUser(bank)).opened),
  },
  {
    name: "an access token opens a session on the provider's installation",
    expected: '200 Id, Token, UserApiKey',
    see: async (bank) => {
      const { provider } = await oauthClient(bank);
      return say(await openSession(provider.installed, await newAccessToken(bank)));
    },
  },
  {
    name: 'its session shows who asked and who granted, each with a session_timeout',
    expected: 'requested_by_user whole seconds, granted_by_user whole seconds',
    see: async (bank) => {
      const key = itemOf((await endUser(bank)).opened, 2);
      const timeout = (name: string) => (Object.values(key[name] ?? {})[0] as { session_timeout?: unknown } | undefined)?.session_timeout;
      const names = ['requested_by_user', 'granted_by_user'];
      return names.map((name) => `${name} ${Number.isInteger(timeout(name)) ? 'whole seconds' : String(timeout(name))}`).join(', ');
    },
  },
  {
    name: 'GET /user lists the UserApiKey itself',
    expected: '200 UserApiKey',
    see: async (bank) => say(await (await endUser(bank)).session.call('GET', '/user')),
  },
  {
    name: 'it reaches the accounts of the user who granted it',
    expected: '200 MonetaryAccountBank',
    see: async (bank) => {
      const { session } = await endUser(bank);
      return say(await session.call('GET', `/user/${session.userId}/monetary-account-bank`));
    },
  },
];
