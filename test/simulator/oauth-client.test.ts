import { bankForEachTest } from './bank.ts';
import { errorOf, logInProvider, responseId } from './client.ts';

const bank = bankForEachTest();

async function withClient() {
  const { call, userId } = await logInProvider(bank.apiUrl);
  const path = `/user/${userId}/oauth-client`;
  const id = responseId(await call('POST', path, { body: { status: 'ACTIVE' } }));
  return { call, path, id, urls: `${path}/${id}/callback-url` };
}

test.each([[{ status: 'ACTIVE' }], [{}], [{ status: null }], [[]]])('is made ACTIVE by %j', async (body) => {
  const { call, userId } = await logInProvider(bank.apiUrl);
  expect((await call('POST', `/user/${userId}/oauth-client`, { body })).status).toBe(200);
  expect(bank.simulator.state().oauthClients).toMatchObject([{ userId, status: 'ACTIVE' }]);
});

test('is not made with another status', async () => {
  const { call, userId } = await logInProvider(bank.apiUrl);
  expect((await call('POST', `/user/${userId}/oauth-client`, { body: { status: 'CANCELLED' } })).status).toBe(400);
});

test('a second one is refused with 400 or by the setting, unless a switch lets it through', async () => {
  const { call, path, id } = await withClient();
  const refused = await call('POST', path, { body: {} });
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toMatch(/only have one/);
  bank.simulator.changeSettings({ secondOAuthClientStatus: 409 });
  expect((await call('POST', path, { body: {} })).status).toBe(409);
  bank.simulator.changeSettings({ allowSecondOAuthClient: true });
  const second = responseId(await call('POST', path, { body: {} }));
  const { json } = await call('GET', path);
  expect(json.Response.map(({ OauthClient }: { OauthClient: { id: number } }) => OauthClient.id)).toEqual([second, id]);
});

test('is cancelled and made active again by PUT', async () => {
  const { call, path, id } = await withClient();
  for (const status of ['CANCELLED', 'ACTIVE']) {
    expect(responseId(await call('PUT', `${path}/${id}`, { body: { status } }))).toBe(id);
    expect((await call('GET', `${path}/${id}`)).json.Response[0].OauthClient.status).toBe(status);
  }
  expect((await call('PUT', `${path}/${id}`, { body: { status: 'GONE' } })).status).toBe(400);
  bank.simulator.changeSettings({ cancelledStatus: 'CANCELLED_PENDING' });
  await call('PUT', `${path}/${id}`, { body: { status: 'CANCELLED' } });
  expect((await call('GET', `${path}/${id}`)).json.Response[0].OauthClient.status).toBe('CANCELLED_PENDING');
});

test('shows its callback URLs as plain objects; their own list wraps them in their type name', async () => {
  const { call, path, id, urls } = await withClient();
  const urlId = responseId(await call('POST', urls, { body: { url: 'https://app.example/callback' } }));
  const plain = { id: urlId, created: expect.any(String), updated: expect.any(String), url: 'https://app.example/callback' };
  expect((await call('GET', `${path}/${id}`)).json.Response[0].OauthClient.callback_url).toEqual([plain]);
  expect((await call('GET', path)).json.Response[0].OauthClient.callback_url).toEqual([plain]);
  expect((await call('GET', urls)).json.Response).toEqual([{ OauthCallbackUrl: plain }]);
  expect((await call('GET', `${urls}/${urlId}`)).json.Response).toEqual([{ OauthCallbackUrl: plain }]);
});

test('callback URLs are changed and removed', async () => {
  const { call, urls } = await withClient();
  const id = responseId(await call('POST', urls, { body: { url: 'https://app.example/one' } }));
  expect(responseId(await call('PUT', `${urls}/${id}`, { body: { url: 'http://localhost:3000/two' } }))).toBe(id);
  expect(bank.simulator.state().callbackUrls).toMatchObject([{ id, url: 'http://localhost:3000/two' }]);
  expect((await call('DELETE', `${urls}/${id}`)).status).toBe(200);
  expect((await call('DELETE', `${urls}/${id}`)).status).toBe(404);
  expect(bank.simulator.state().callbackUrls).toEqual([]);
});

test('the same callback URL twice is two', async () => {
  const { call, urls } = await withClient();
  for (const _ of [1, 2]) await call('POST', urls, { body: { url: 'https://app.example/callback' } });
  expect(bank.simulator.state().callbackUrls).toHaveLength(2);
});

test.each(['http://app.example/callback', 'callback', 'ftp://app.example'])('the callback URL %s is refused', async (url) => {
  const { call, urls } = await withClient();
  expect((await call('POST', urls, { body: { url } })).status).toBe(400);
});

test("another user's client is not there", async () => {
  const { id } = await withClient();
  const { pseudoCertificate } = await import('./certificates.ts');
  const other = await logInProvider(bank.apiUrl, pseudoCertificate('Another App AISP'));
  for (const path of [`/${id}`, `/${id}/callback-url`])
    expect((await other.call('GET', `/user/${other.userId}/oauth-client${path}`)).status).toBe(404);
});

describe('lists', () => {
  interface Page {
    Response: { OauthCallbackUrl: { id: number } }[];
    Pagination: { future_url: string | null; newer_url: string | null; older_url: string | null };
  }
  const idsOf = (page: Page) => page.Response.map(({ OauthCallbackUrl }) => OauthCallbackUrl.id);

  test('an empty one has a future_url and the others null', async () => {
    const { call, urls } = await withClient();
    expect((await call('GET', urls)).json).toEqual({
      Response: [],
      Pagination: { future_url: expect.stringMatching(new RegExp(`^/v1${urls}\\?newer_id=\\d+$`)), newer_url: null, older_url: null },
    });
  });

  test('show 10 newest first, and are walked to the oldest and back', async () => {
    const { call, urls } = await withClient();
    const made: number[] = [];
    for (let number = 0; number < 23; number += 1)
      made.unshift(responseId(await call('POST', urls, { body: { url: `https://app.example/${number}` } })));
    const get = async (url: string): Promise<Page> => (await call('GET', url.replace(/^\/v1/, ''))).json;

    const first = await get(urls);
    const second = await get(first.Pagination.older_url ?? '');
    const third = await get(second.Pagination.older_url ?? '');
    expect([first, second, third].map(idsOf)).toEqual([made.slice(0, 10), made.slice(10, 20), made.slice(20)]);
    expect(first.Pagination).toMatchObject({ newer_url: null, future_url: `/v1${urls}?newer_id=${made[0]}` });
    expect(third.Pagination).toMatchObject({ older_url: null, future_url: null, newer_url: `/v1${urls}?newer_id=${made[20]}` });
    expect(idsOf(await get(third.Pagination.newer_url ?? ''))).toEqual(made.slice(10, 20));
    expect(idsOf(await get(first.Pagination.future_url ?? ''))).toEqual([]);

    const five = await get(`${urls}?count=5`);
    expect(idsOf(five)).toEqual(made.slice(0, 5));
    expect(five.Pagination.older_url).toBe(`/v1${urls}?older_id=${made[4]}&count=5`);
    expect(idsOf(await get(`${urls}?count=200`))).toEqual(made);
  });

  test.each(['count=0', 'count=201', 'count=x', 'older_id=x', 'older_id=1&newer_id=1'])('refuse %s', async (query) => {
    const { call, urls } = await withClient();
    expect((await call('GET', `${urls}?${query}`)).status).toBe(400);
  });
});
