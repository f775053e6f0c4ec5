import type { ContractBank } from '../bank.ts';
import { type Case, itemOf, needed, say, statusOf } from '../case.ts';
import { CALLBACK_URL, logIn, newSandboxUser, oauthClient, provider, user } from '../parties.ts';

/** Of a user of its own: each may have one only. */
async function createBy(bank: ContractBank, body: object): Promise<string> {
  const { session } = await logIn(bank, await newSandboxUser(bank));
  return say(await session.call('POST', `/user/${session.userId}/oauth-client`, { body }));
}

const pathOf = async (bank: ContractBank) => `/user/${(await provider(bank)).session.userId}/oauth-client`;

export const oauthClients: readonly Case[] = [
  {
    name: 'before there is one, the list is empty',
    expected: '200',
    see: async (bank) =>
      bank.once('no OAuth client', async () => say(await (await provider(bank)).session.call('GET', await pathOf(bank)))),
  },
  {
    name: 'it is not made with another status than ACTIVE',
    expected: '400',
    settings: ['badParameterStatus'],
    see: async (bank) => statusOf(await (await provider(bank)).session.call('POST', await pathOf(bank), { body: { status: 'CANCELLED' } })),
  },
  { name: 'it is made by {"status":"ACTIVE"}', expected: '200 Id', see: async (bank) => say((await oauthClient(bank)).created) },
  {
    name: 'a second one is refused',
    expected: '400',
    settings: ['allowSecondOAuthClient', 'secondOAuthClientStatus'],
    see: async (bank) => {
      const { provider: owner } = await oauthClient(bank);
      return statusOf(await owner.session.call('POST', await pathOf(bank), { body: { status: 'ACTIVE' } }));
    },
  },
  { name: 'it is made by {}, as SDKs send', expected: '200 Id', see: (bank) => createBy(bank, {}) },
  { name: 'it is made by {"status":null}, as SDKs send', expected: '200 Id', see: (bank) => createBy(bank, { status: null }) },
  { name: 'it is made by [], as the guide sends', expected: '200 Id', see: (bank) => createBy(bank, []) },
  {
    name: 'it shows client id and secret, of letters and digits only',
    expected: 'ACTIVE, letters and digits, letters and digits',
    see: async (bank) => {
      const { provider: owner, path } = await oauthClient(bank);
      const { status, client_id, secret } = itemOf(needed(await owner.session.call('GET', path), 'the OAuth client'));
      const signs = (text: unknown) => (/^[A-Za-z0-9]+$/.test(String(text)) ? 'letters and digits' : 'other signs too');
      return `${status}, ${signs(client_id)}, ${signs(secret)}`;
    },
  },
  {
    name: 'the callback URLs in it are plain objects',
    expected: 'id, created, updated, url',
    see: async (bank) => {
      const { provider: owner, path, urls } = await oauthClient(bank);
      needed(await owner.session.call('POST', urls, { body: { url: CALLBACK_URL } }), 'callback-url');
      return Object.keys(itemOf(await owner.session.call('GET', path)).callback_url[0] ?? {}).join(', ');
    },
  },
  {
    name: "another user's is not there",
    expected: '404',
    see: async (bank) => statusOf(await (await user(bank)).session.call('GET', (await oauthClient(bank)).path)),
  },
];
