import { bankForEachTest } from './bank.ts';
import { bind, errorOf, install, type Received, send } from './client.ts';
import { CALLBACK_URL, connect, consent, exchange, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();
const manage = async (method: string, path: string, body?: object) => {
  const received = await send(bank.simulator.manageUrl, method, path, body && { body });
  return { status: received.status, ...received.json };
};

function expectRefusedKey(received: Received) {
  expect(received.status).toBe(400);
  expect(errorOf(received)).toBe('User credentials are incorrect. Incorrect API key or IP address.');
}

describe('consent without a browser', () => {
  test('says where the browser would be sent: with a code and the state, or with the error and the state', async () => {
    const { clientId } = await providerWithClient(bank.apiUrl);
    const asked = { clientId, redirectUri: CALLBACK_URL, state: 'a+b c' };
    const accepted = new URL(bank.simulator.authorize(asked));
    expect(`${accepted.origin}${accepted.pathname}`).toBe(CALLBACK_URL);
    expect([...accepted.searchParams]).toEqual([
      ['code', expect.stringMatching(/^[0-9a-f]{64}$/)],
      ['state', 'a+b c'],
    ]);
    const denied = new URL(bank.simulator.authorize({ ...asked, deny: true }));
    expect([...denied.searchParams]).toEqual([
      ['error', 'access_denied'],
      ['state', 'a+b c'],
    ]);
  });

  test('is given by the user that is named, or by the first; a provider is no end user', async () => {
    const client = await providerWithClient(bank.apiUrl);
    const [first] = bank.simulator.endUsers();
    const user = bank.simulator.createEndUser({ type: 'UserCompany', displayName: 'Fietsen & Zn. B.V.' });
    for (const options of [{}, { user: user.id }]) await exchange(bank.apiUrl, client, consent(bank.simulator, client, options));
    expect(bank.simulator.grants().map(({ grantedByUserId }) => grantedByUserId)).toEqual([first?.id, user.id]);
    expect(() => consent(bank.simulator, client, { user: client.provider.userId })).toThrow(/no end user/);
  });

  test.each([
    ['a redirect URI with a slash too many', { redirectUri: `${CALLBACK_URL}/` }],
    ['an unknown client', { clientId: '0'.repeat(64) }],
  ])('%s: no connection is found', async (_, change) => {
    const { clientId } = await providerWithClient(bank.apiUrl);
    expect(() => bank.simulator.authorize({ clientId, redirectUri: CALLBACK_URL, ...change })).toThrow('Connection not found');
  });

  test('the query of a callback URL is kept', async () => {
    const url = 'https://app.example/callback?tenant=a%20b';
    const { clientId } = await providerWithClient(bank.apiUrl, undefined, url);
    expect(bank.simulator.authorize({ clientId, redirectUri: url, deny: true })).toBe(`${url}&error=access_denied`);
  });
});

test('there are always end users to choose from, and those that were made are among them', async () => {
  const ready = bank.simulator.endUsers();
  expect(ready.map(({ type }) => type)).toEqual(['UserPerson', 'UserPerson', 'UserCompany']);
  await send(bank.apiUrl, 'POST', '/sandbox-user-person');
  expect(bank.simulator.endUsers()).toHaveLength(4);
  expect(bank.simulator.endUsers().slice(0, 3)).toEqual(ready);
});

test('a grant that is revoked: its access token is dead and its session refused, others live on', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const [revoked, other] = [await connect(bank.simulator, bank.apiUrl, client), await connect(bank.simulator, bank.apiUrl, client)];
  const revokedAt = new Date(bank.simulator.nowMs()).toISOString();
  bank.simulator.revokeGrant({ userApiKeyId: revoked.userApiKeyId });
  expect((await revoked.session.call('GET', '/user')).status).toBe(401);
  bank.simulator.changeSettings({ refusedTokenStatus: 403 });
  expect((await revoked.session.call('GET', '/user')).status).toBe(403);
  const { installed } = revoked.session;
  expectRefusedKey(await installed.call('POST', '/session-server', { body: { secret: revoked.accessToken } }));
  expectRefusedKey(await bind(await install(bank.apiUrl), revoked.accessToken));
  expectRefusedKey(await client.provider.installed.call('POST', '/session-server', { body: { secret: revoked.accessToken } }));
  for (const { call } of [other.session, client.provider]) expect((await call('GET', '/user')).status).toBe(200);
  bank.simulator.advanceClock(5);
  bank.simulator.revokeGrant({ userApiKeyId: revoked.userApiKeyId });
  expect(bank.simulator.grants()).toMatchObject([
    { userApiKeyId: revoked.userApiKeyId, status: 'REVOKED', revokedAt },
    { userApiKeyId: other.userApiKeyId, status: 'ACTIVE', revokedAt: null },
  ]);
});

test("a user takes back all that it granted, and nobody else's", async () => {
  const client = await providerWithClient(bank.apiUrl);
  const [one, two] = bank.simulator.endUsers();
  for (const user of [one!, two!, one!]) await connect(bank.simulator, bank.apiUrl, client, { user: user.id });
  bank.simulator.revokeGrantsOf({ user: one!.id });
  expect(bank.simulator.grants().map(({ status }) => status)).toEqual(['REVOKED', 'ACTIVE', 'REVOKED']);
});

test('the management port offers the same', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const user = await manage('POST', '/end-users', { displayName: 'Noor Smit' });
  expect(user).toMatchObject({ type: 'UserPerson', displayName: 'Noor Smit' });
  expect((await manage('GET', '/end-users')).endUsers).toContainEqual({ id: user.id, type: 'UserPerson', displayName: 'Noor Smit' });
  const { redirectUrl } = await manage('POST', '/authorize', { clientId: client.clientId, redirectUri: CALLBACK_URL, user: user.id });
  await exchange(bank.apiUrl, client, new URL(redirectUrl).searchParams.get('code')!);
  const [grant] = (await manage('GET', '/grants')).grants;
  expect(grant).toMatchObject({ grantedByUserId: user.id, requestedByUserId: client.provider.userId, status: 'ACTIVE' });
  expect((await manage('GET', '/state')).grants).toEqual([grant]);
  expect((await manage('POST', `/grants/${grant.userApiKeyId}/revoke`)).status).toBe(200);
  expect((await manage('GET', '/grants')).grants[0].status).toBe('REVOKED');
  expect((await manage('POST', `/end-users/${user.id}/revoke-grants`)).status).toBe(200);
  for (const path of ['/grants/1/revoke', '/end-users/1/revoke-grants']) expect((await manage('POST', path)).status).toBe(400);
  expect(await manage('POST', '/authorize', { clientId: 'x', redirectUri: CALLBACK_URL })).toMatchObject({
    status: 400,
    error: 'Connection not found',
  });
  expect((await manage('POST', '/end-users', { name: 'Noor' })).status).toBe(400);
});
