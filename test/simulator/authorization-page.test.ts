import { createHash } from 'node:crypto';
import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { logInUser, type Received, responseId, send } from './client.ts';
import { CALLBACK_URL, connect, exchange, type ProviderWithClient, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();

type Parameters = Record<string, string | undefined>;

const encoded = (parameters: Parameters) =>
  String(new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== undefined)));

const asked = ({ clientId }: ProviderWithClient, change: Parameters = {}): Parameters => ({
  response_type: 'code',
  client_id: clientId,
  redirect_uri: CALLBACK_URL,
  state: 'the "state" & <more>',
  ...change,
});

const open = (parameters: Parameters | string): Promise<Received> =>
  send(bank.apiUrl, 'GET', `../auth?${typeof parameters === 'string' ? parameters : encoded(parameters)}`);

const submit = (parameters: Parameters, path = '../auth', headers: Record<string, string> = {}): Promise<Received> =>
  send(bank.apiUrl, 'POST', path, {
    body: encoded(parameters),
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
  });

const plain = (text: string) =>
  text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&#39;', "'").replaceAll('&amp;', '&');

/** What a browser would send: the hidden fields, and the user that is chosen already. */
function fieldsOf({ text }: Received): Record<string, string> {
  const inputs = [...text.matchAll(/<input ([^>]+)>/g)].map(([, attributes]) => attributes!);
  const sent = inputs.filter((attributes) => attributes.includes('type="hidden"') || attributes.includes('checked'));
  return Object.fromEntries(
    sent.map((attributes) => [/name="([^"]*)"/.exec(attributes)![1]!, plain(/value="([^"]*)"/.exec(attributes)![1]!)]),
  );
}

/** Nothing but the one sentence, and the browser is sent nowhere. */
function expectNotFound({ status, headers, text }: Received) {
  expect(status).toBe(404);
  expect(headers).not.toHaveProperty('location');
  const body = /<body>([\s\S]*)<\/body>/.exec(text)![1]!;
  expect(body.replace(/<[^>]*>/g, '').trim()).toBe('Connection not found');
}

describe('the page', () => {
  test('says who asks, for what, for whose accounts, and offers yes and no', async () => {
    await logInUser(bank.apiUrl);
    const { status, headers, text } = await open(asked(await providerWithClient(bank.apiUrl)));
    expect(status).toBe(200);
    expect(headers['content-type']).toMatch(/^text\/html/);
    expect(text).toContain('<h1>My App PISP AISP asks for access to your accounts</h1>');
    expect(text).toContain('/CN=My App PISP AISP/C=NL');
    for (const meaning of [/see your balance/, /prepare payments/, /app\.example/]) expect(text).toMatch(meaning);
    const users = bank.simulator.endUsers();
    expect(users).toHaveLength(3);
    for (const { id, displayName } of users) {
      expect(text).toContain(`type="radio" name="user" value="${id}"`);
      expect(plain(text)).toContain(displayName);
    }
    expect(text).toMatch(/<button class="yes" name="decision" value="accept">Accept<\/button>/);
    expect(text).toMatch(/<button name="decision" value="deny" formnovalidate>Deny<\/button>/);
  });

  test.each([
    ['My App AISP', /balance/, /payments, each/],
    ['My App PISP', /payments, each/, /balance/],
    ['My App CBPII', /enough money/, /balance|payments, each/],
  ])('%s asks for what its roles allow and no more', async (name, meaning, missing) => {
    const { text } = await open(asked(await providerWithClient(bank.apiUrl, pseudoCertificate(name))));
    expect(text).toMatch(meaning);
    expect(text).not.toMatch(missing);
  });

  test('fits a phone, runs no script, and is neither kept, framed nor told of to others', async () => {
    const { headers, text } = await open(asked(await providerWithClient(bank.apiUrl)));
    expect(text).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(text).not.toMatch(/<script|<link|<img| on\w+=|style="/);
    expect(headers).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
    });
    const style = /<style>([\s\S]*?)<\/style>/.exec(text)![1]!;
    const hash = createHash('sha256').update(style).digest('base64');
    expect(headers['content-security-policy']).toBe(
      `default-src 'none'; style-src 'sha256-${hash}'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'`,
    );
  });

  test('shows names as text, whatever they hold', async () => {
    const client = await providerWithClient(bank.apiUrl, pseudoCertificate('<b>My</b> "App" AISP'));
    bank.simulator.createEndUser({ displayName: '<i>Zoë</i>' });
    const { text } = await open(asked(client));
    expect(text).not.toMatch(/<b>My|<i>Zoë/);
    expect(plain(text)).toContain('<b>My</b> "App" AISP asks for access');
  });

  test('leads to the address that the handle names', async () => {
    const client = await providerWithClient(bank.apiUrl);
    expect(bank.simulator.authorizeUrl).toBe(new URL('../auth', bank.apiUrl).href);
    expect(bank.simulator.tokenUrl).toBe(new URL('token', bank.apiUrl).href);
    expect((await fetch(`${bank.simulator.authorizeUrl}?${encoded(asked(client))}`)).status).toBe(200);
  });
});

describe('consent', () => {
  test('accepting sends the browser back with a code and the state, and the code is good', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const fields = fieldsOf(await open(asked(client)));
    const { status, headers } = await submit({ ...fields, decision: 'accept' });
    expect(status).toBe(303);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    const url = new URL(headers.location!);
    expect(`${url.origin}${url.pathname}`).toBe(CALLBACK_URL);
    expect([...url.searchParams]).toEqual([
      ['code', expect.stringMatching(/^[0-9a-f]{64}$/)],
      ['state', 'the "state" & <more>'],
    ]);
    expect((await exchange(bank.apiUrl, client, url.searchParams.get('code')!)).status).toBe(200);
    expect(bank.simulator.grants()).toMatchObject([{ grantedByUserId: Number(fields.user), status: 'ACTIVE' }]);
  });

  test('the user who is chosen grants', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const fields = fieldsOf(await open(asked(client)));
    const other = bank.simulator.endUsers().find(({ id }) => String(id) !== fields.user)!;
    const { headers } = await submit({ ...fields, user: String(other.id), decision: 'accept' });
    await exchange(bank.apiUrl, client, new URL(headers.location!).searchParams.get('code')!);
    expect(bank.simulator.grants()).toMatchObject([{ grantedByUserId: other.id }]);
  });

  test('denying sends the browser back with the error and the state, and nothing is granted', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const { status, headers } = await submit({ ...fieldsOf(await open(asked(client))), decision: 'deny' });
    expect(status).toBe(303);
    expect([...new URL(headers.location!).searchParams]).toEqual([
      ['error', 'access_denied'],
      ['state', 'the "state" & <more>'],
    ]);
    expect(bank.simulator.secrets().filter(({ kind }) => kind === 'authorization-code')).toEqual([]);
  });

  test('without a state there is none in the answer', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const fields = fieldsOf(await open(asked(client, { state: undefined })));
    const { headers } = await submit({ ...fields, decision: 'accept' });
    expect([...new URL(headers.location!).searchParams.keys()]).toEqual(['code']);
  });

  test('accepting twice gives two codes', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const fields = { ...fieldsOf(await open(asked(client))), decision: 'accept' };
    const [one, two] = [await submit(fields), await submit(fields)];
    expect(one.headers.location).not.toBe(two.headers.location);
  });
});

describe('"Connection not found", and no redirect', () => {
  test.each<[string, Parameters]>([
    ['an unknown client', { client_id: 'f'.repeat(64) }],
    ['no client', { client_id: undefined }],
    ['a redirect URI with a slash too many', { redirect_uri: `${CALLBACK_URL}/` }],
    ['a redirect URI with a query', { redirect_uri: `${CALLBACK_URL}?next=1` }],
    ['a redirect URI of another host', { redirect_uri: 'https://evil.example/callback' }],
    ['no redirect URI', { redirect_uri: undefined }],
  ])('%s', async (_, change) => {
    const client = await providerWithClient(bank.apiUrl);
    expectNotFound(await open(asked(client, change)));
    const fields = { ...fieldsOf(await open(asked(client))), decision: 'accept' };
    expectNotFound(await submit({ ...fields, ...change }));
    expectNotFound(await submit({ ...fields, ...change, decision: 'deny' }));
  });

  test('the numeric id of the OAuth client', async () => {
    const client = await providerWithClient(bank.apiUrl);
    expectNotFound(await open(asked(client, { client_id: String(client.oauthClientId) })));
  });

  test('a parameter that is given twice', async () => {
    const client = await providerWithClient(bank.apiUrl);
    expectNotFound(await open(`${encoded(asked(client))}&state=another`));
  });

  test("another provider's callback URL", async () => {
    const client = await providerWithClient(bank.apiUrl);
    const other = await providerWithClient(bank.apiUrl, pseudoCertificate('Another App AISP'), 'https://other.example/');
    expectNotFound(await open(asked(client, { redirect_uri: 'https://other.example/' })));
    expect((await open(asked(other, { redirect_uri: 'https://other.example/' }))).status).toBe(200);
  });

  test('a client that was cancelled, a callback URL that was removed', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const { call, userId } = client.provider;
    const path = `/user/${userId}/oauth-client/${client.oauthClientId}`;
    await call('PUT', path, { body: { status: 'CANCELLED' } });
    expectNotFound(await open(asked(client)));
    await call('PUT', path, { body: { status: 'ACTIVE' } });
    const changed = responseId(await call('POST', `${path}/callback-url`, { body: { url: 'https://app.example/other' } }));
    await call('PUT', `${path}/callback-url/${changed}`, { body: { url: 'https://app.example/changed' } });
    expectNotFound(await open(asked(client, { redirect_uri: 'https://app.example/other' })));
    expect((await open(asked(client, { redirect_uri: 'https://app.example/changed' }))).status).toBe(200);
    await call('DELETE', `${path}/callback-url/${changed}`);
    expectNotFound(await open(asked(client, { redirect_uri: 'https://app.example/changed' })));
  });

  test('a user that is none, no decision, a form of another site', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const fields = { ...fieldsOf(await open(asked(client))), decision: 'accept' };
    expectNotFound(await submit({ ...fields, user: String(client.provider.userId) }));
    expectNotFound(await submit({ ...fields, user: undefined }));
    expectNotFound(await submit({ ...fields, decision: undefined }));
    expectNotFound(await submit(fields, '../auth', { 'Sec-Fetch-Site': 'cross-site' }));
    expect((await submit(fields, '../auth', { 'Sec-Fetch-Site': 'same-origin' })).status).toBe(303);
  });
});

test('another response type is told to the provider', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const { status, headers } = await open(asked(client, { response_type: 'token', state: 'one' }));
  expect(status).toBe(302);
  expect(headers.location).toBe(`${CALLBACK_URL}?error=unsupported_response_type&state=one`);
});

test('other methods are not allowed, and the page is no endpoint of the API', async () => {
  expect((await send(bank.apiUrl, 'PUT', '../auth')).status).toBe(405);
  expect((await send(bank.apiUrl, 'GET', '/auth')).status).toBe(404);
  expect((await send(bank.apiUrl, 'POST', '../auth', { body: 'x'.repeat(70_000) })).status).toBe(413);
});

describe('the page of connections', () => {
  test('lists what was granted, and takes it back', async () => {
    const client = await providerWithClient(bank.apiUrl);
    expect((await send(bank.apiUrl, 'GET', '../auth/connections')).text).toContain('Nobody has access');
    const [user] = bank.simulator.endUsers();
    const { session, userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client, { user: user!.id });
    const shown = await send(bank.apiUrl, 'GET', '../auth/connections');
    expect(shown.text).toContain(`has access to the accounts of ${user!.displayName}`);
    expect(shown.headers).toMatchObject({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' });
    expect(fieldsOf(shown)).toEqual({ userApiKeyId: String(userApiKeyId) });
    const foreign = await submit(fieldsOf(shown), '../auth/connections', { 'Sec-Fetch-Site': 'cross-site' });
    expectNotFound(foreign);
    expect((await session.call('GET', '/user')).status).toBe(200);
    expect(await submit(fieldsOf(shown), '../auth/connections')).toMatchObject({
      status: 303,
      headers: { location: '/auth/connections' },
    });
    expect((await session.call('GET', '/user')).status).toBe(401);
    expect((await send(bank.apiUrl, 'GET', '../auth/connections')).text).toContain('Nobody has access');
  });
});
