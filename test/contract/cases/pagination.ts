import type { ContractBank } from '../bank.ts';
import { type Case, NotTried, needed, statusOf } from '../case.ts';
import { oauthClient, user } from '../parties.ts';

const MADE = 11;

/** A list of at least eleven: of callback URLs. */
const longList = (bank: ContractBank) =>
  bank.once('long list', async () => {
    const { provider, urls } = await oauthClient(bank);
    for (let number = 0; number < MADE; number += 1)
      needed(await provider.session.call('POST', urls, { body: { url: `https://contract.example/${number}` } }), 'callback-url');
    return { urls, get: (path: string) => provider.session.call('GET', path.replace(/^\/v1/, '')) };
  });

const idsOf = ({ json }: { json: { Response: object[] } }): number[] =>
  json.Response.map((item) => (Object.values(item)[0] as { id: number }).id);

/** `/v1/user/1/oauth-client?newer_id=2` without its numbers. */
const shape = (url: unknown): string =>
  url === null
    ? 'null'
    : String(url)
        .replace(/\d+(?![a-z])/g, 'N')
        .replace('vN', 'v1');

export const pagination: readonly Case[] = [
  {
    name: 'an empty list has a future_url and the others null',
    expected: 'future_url /v1/user/N/oauth-client?newer_id=N, newer_url null, older_url null',
    see: async (bank) => {
      const { session } = await user(bank);
      const { Response, Pagination } = needed(await session.call('GET', `/user/${session.userId}/oauth-client`), 'the list').json;
      if (Response.length > 0) throw new NotTried('the user whose API key was given has an OAuth client');
      return ['future_url', 'newer_url', 'older_url'].map((name) => `${name} ${shape(Pagination?.[name])}`).join(', ');
    },
  },
  {
    name: 'a page holds 10 by default, newest first, and the rest is behind older_url',
    expected: '10, newest first, then the older ones',
    see: async (bank) => {
      const { urls, get } = await longList(bank);
      const first = needed(await get(urls), 'the list');
      const ids = idsOf(first);
      const isNewestFirst = ids.every((id, index) => index === 0 || id < ids[index - 1]!);
      const { older_url } = first.json.Pagination;
      const older = older_url === null ? [] : idsOf(needed(await get(older_url), 'older_url'));
      const isOlder = older.length > 0 && older.every((id) => id < ids.at(-1)!);
      return `${ids.length}, ${isNewestFirst ? 'newest first' : 'in another order'}, ${isOlder ? 'then the older ones' : 'then no older ones'}`;
    },
  },
  {
    name: 'a page of 2 leads to the next by older_id and count',
    expected: '2, older_url /v1/user/N/oauth-client/N/callback-url?older_id=N&count=N',
    see: async (bank) => {
      const { urls, get } = await longList(bank);
      const page = needed(await get(`${urls}?count=2`), 'the list');
      return `${page.json.Response.length}, older_url ${shape(page.json.Pagination.older_url)}`;
    },
  },
  ...['count=200', 'count=201', 'older_id=1&newer_id=1'].map((query) => ({
    name: `?${query}`,
    expected: query === 'count=200' ? '200' : '400',
    ...(query !== 'count=200' && { settings: ['badParameterStatus'] }),
    see: async (bank: ContractBank) => {
      const { urls, get } = await longList(bank);
      return statusOf(await get(`${urls}?${query}`));
    },
  })),
];
