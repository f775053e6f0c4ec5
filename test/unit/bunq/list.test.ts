import { afterEach, expect, test } from '@jest/globals';
import { listCallbackUrls } from '../../../bunq/callback-url.ts';
import { bunqErrorOf, closeAll, httpBank, type SeenRequest, sessionCaller } from './support.ts';

afterEach(closeAll);

const oauthClient = { userId: 7, oauthClientId: 9 };
const item = (id: number) => ({ OauthCallbackUrl: { id, url: `https://${id}.example/` } });
const older = (url: string | null) => ({ future_url: null, newer_url: null, older_url: url });
const olderIdOf = ({ url }: SeenRequest) => new URL(url, 'http://bank/').searchParams.get('older_id');

/** A list of that many items, three to a page, newest first. */
const pages = (total: number) => (request: SeenRequest) => {
  const from = Number(olderIdOf(request) ?? total + 1) - 1;
  const ids = [from, from - 1, from - 2].filter((id) => id > 0);
  const next = from > 3 ? `/v1/user/7/oauth-client/9/callback-url?count=3&older_id=${from - 2}` : null;
  return { body: { Response: ids.map(item), Pagination: older(next) } };
};

test('a list is read page by page, to its end', async () => {
  const { bank, seen } = await httpBank(pages(7));
  const urls = await listCallbackUrls(bank, sessionCaller, oauthClient);
  expect(urls.map(({ id }) => id)).toEqual([7, 6, 5, 4, 3, 2, 1]);
  expect(seen.map(olderIdOf)).toEqual([null, '5', '2']);
  expect(new Set(seen.map(({ headers }) => headers['x-bunq-client-request-id'])).size).toBe(3);
});

test('an empty list has one page, whatever its links say', async () => {
  const { bank, seen } = await httpBank(() => ({ body: { Response: [], Pagination: older('/v1/user/7/oauth-client?older_id=3') } }));
  expect(await listCallbackUrls(bank, sessionCaller, oauthClient)).toEqual([]);
  expect(seen).toHaveLength(1);
});

test('of a link to the next page only the id is used: it cannot lead elsewhere', async () => {
  const { bank, seen } = await httpBank((request) => ({
    body: { Response: [item(3)], Pagination: older(olderIdOf(request) ? null : 'https://elsewhere.example/v1/session?older_id=3&x=1') },
  }));
  await listCallbackUrls(bank, sessionCaller, oauthClient);
  expect(seen.map(({ url }) => url)).toEqual([
    '/v1/user/7/oauth-client/9/callback-url?count=200',
    '/v1/user/7/oauth-client/9/callback-url?count=200&older_id=3',
  ]);
});

test.each([undefined, null, older('/v1/no-id'), { older_url: 5 }])(
  'without a link that can be followed the list ends (%j)',
  async (pagination) => {
    const { bank } = await httpBank(() => ({ body: { Response: [item(3)], Pagination: pagination } }));
    expect(await listCallbackUrls(bank, sessionCaller, oauthClient)).toHaveLength(1);
  },
);

test('a list that goes round in circles is given up after 50 pages', async () => {
  const { bank, seen } = await httpBank(() => ({ body: { Response: [item(3)], Pagination: older('/v1/x?older_id=3') } }));
  expect((await bunqErrorOf(listCallbackUrls(bank, sessionCaller, oauthClient))).code).toBe('BUNQ_RESPONSE_INVALID');
  expect(seen).toHaveLength(50);
});

test('beforeSend is asked before every page', async () => {
  const { bank, seen } = await httpBank(pages(7));
  const seenBefore: number[] = [];
  await listCallbackUrls(bank, sessionCaller, oauthClient, { beforeSend: async () => void seenBefore.push(seen.length) });
  expect(seenBefore).toEqual([0, 1, 2]);
});
