import { bankForEachTest, DAY_MS, HOUR_MS, SECOND_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { bind, errorOf, install, logInProvider, logInUser, openSession, type Received } from './client.ts';
import { connect, consent, exchange, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();
const connected = async (user?: number) => {
  const client = await providerWithClient(bank.apiUrl);
  return { client, ...(await connect(bank.simulator, bank.apiUrl, client, user === undefined ? {} : { user })) };
};

function expectRefusedKey(received: Received) {
  expect(received.status).toBe(400);
  expect(errorOf(received)).toBe('User credentials are incorrect. Incorrect API key or IP address.');
}

test.each(['UserPerson', 'UserCompany'] as const)('the session of a %s shows who asked and who granted', async (type) => {
  const granting = bank.simulator.createEndUser({ type, displayName: 'Zoë Bakker' });
  const { user, client } = await connected(granting.id);
  expect(user).toMatchObject({
    id: expect.any(Number),
    created: expect.any(String),
    updated: expect.any(String),
    requested_by_user: { UserPaymentServiceProvider: { id: client.provider.userId, session_timeout: (90 * DAY_MS) / SECOND_MS } },
    granted_by_user: { [type]: { id: granting.id, display_name: 'Zoë Bakker', session_timeout: 604_800 } },
  });
  expect([granting.id, client.provider.userId]).not.toContain(user.id);
});

test('GET /user lists the UserApiKey itself, GET /user/{id} shows it', async () => {
  const { session, user } = await connected();
  const listed = await session.call('GET', '/user');
  expect(listed.json.Response).toEqual([{ UserApiKey: user }]);
  expect(listed.json).toHaveProperty('Pagination');
  expect((await session.call('GET', `/user/${user.id}`)).json.Response).toEqual([{ UserApiKey: user }]);
});

test('it reaches the accounts of the user who granted it, with their own ids, and nobody else by id', async () => {
  const other = await logInUser(bank.apiUrl);
  const granting = bank.simulator.createEndUser();
  const { session, userApiKeyId, client } = await connected(granting.id);
  for (const name of ['monetary-account', 'monetary-account-bank']) {
    const { json } = await session.call('GET', `/user/${userApiKeyId}/${name}`);
    expect(json.Response).toHaveLength(1);
    const account = json.Response[0].MonetaryAccountBank;
    expect(account).toMatchObject({
      status: 'ACTIVE',
      user_id: granting.id,
      balance: { value: '0.00', currency: 'EUR' },
      alias: [{ type: 'IBAN', value: expect.stringMatching(/^NL\d\dBUNQ\d{10}$/) }],
    });
    expect((await session.call('GET', `/user/${userApiKeyId}/${name}/${account.id}`)).json.Response).toEqual(json.Response);
    for (const id of [other.userId, granting.id, client.provider.userId])
      expect((await session.call('GET', `/user/${id}/${name}`)).status).toBe(404);
    const [theirs] = (await other.call('GET', `/user/${other.userId}/${name}`)).json.Response;
    expect((await session.call('GET', `/user/${userApiKeyId}/${name}/${theirs.MonetaryAccountBank.id}`)).status).toBe(404);
  }
});

test('a provider that only starts payments reads the IBAN and no balance', async () => {
  const client = await providerWithClient(bank.apiUrl, pseudoCertificate('Payments PISP'));
  const { session, userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
  const { MonetaryAccountBank } = (await session.call('GET', `/user/${userApiKeyId}/monetary-account`)).json.Response[0];
  expect(MonetaryAccountBank).toMatchObject({ balance: null, alias: [{ type: 'IBAN' }] });
});

test('the provider itself has no accounts still', async () => {
  const { client } = await connected();
  const { call, userId } = client.provider;
  expect((await call('GET', `/user/${userId}/monetary-account`)).json.Response).toEqual([]);
});

test('each consent of the same user makes another UserApiKey, and the one before lives on', async () => {
  const { client, session, userApiKeyId } = await connected();
  const again = await connect(bank.simulator, bank.apiUrl, client);
  expect(again.userApiKeyId).not.toBe(userApiKeyId);
  expect((await session.call('GET', '/user')).status).toBe(200);
  expect(bank.simulator.grants().map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
});

test.each([
  ['smaller', 7 * DAY_MS],
  ['granted_by_user', 7 * DAY_MS],
  ['requested_by_user', 90 * DAY_MS],
] as const)('its session ends by session_timeout: %s', async (userApiKeySessionEndsBy, lifetimeMs) => {
  bank.simulator.changeSettings({ userApiKeySessionEndsBy });
  const { session } = await connected();
  bank.simulator.advanceClock(lifetimeMs - 1);
  expect((await session.call('GET', '/user')).status).toBe(200);
  bank.simulator.advanceClock(1);
  expect((await session.call('GET', '/user')).status).toBe(401);
});

test('what a session said when it was opened it goes on saying', async () => {
  const { session, user } = await connected();
  bank.simulator.changeSettings({ sessionLifetimeMs: HOUR_MS, userSessionLifetimeMs: HOUR_MS });
  expect((await session.call('GET', '/user')).json.Response[0].UserApiKey).toEqual(user);
});

describe('an access token is bound like an API key', () => {
  async function withToken() {
    const client = await providerWithClient(bank.apiUrl);
    const accessToken: string = (await exchange(bank.apiUrl, client, consent(bank.simulator, client))).json.access_token;
    return { client, accessToken };
  }

  test('to the calling address, unless others are permitted', async () => {
    const { accessToken } = await withToken();
    const installed = await install(bank.apiUrl);
    expect((await bind(installed, accessToken)).status).toBe(200);
    expectRefusedKey(await openSession(installed, accessToken, { from: '127.0.0.2' }));
    expect((await openSession(installed, accessToken)).status).toBe(200);
  });

  test('and opens no session on an installation without a device', async () => {
    const { accessToken } = await withToken();
    expectRefusedKey(await openSession(await install(bank.apiUrl), accessToken));
  });

  test("but it is taken on the provider's own installation, with the provider's device there, from where that may be used", async () => {
    const { accessToken, client } = await withToken();
    const { installed } = client.provider;
    const opened = await openSession(installed, accessToken);
    expect(opened.status).toBe(200);
    expect(opened.json.Response[2]).toHaveProperty('UserApiKey');
    expectRefusedKey(await openSession(installed, accessToken, { from: '127.0.0.2' }));
    expect((await client.provider.call('GET', '/user')).status).toBe(200); // its own session lives on
  });

  test("not on another provider's", async () => {
    const { accessToken } = await withToken();
    const other = await logInProvider(bank.apiUrl, pseudoCertificate('Another App AISP'));
    expectRefusedKey(await openSession(other.installed, accessToken));
  });
});

test('a UserApiKey has no OAuth client', async () => {
  const { session, userApiKeyId } = await connected();
  expect((await session.call('POST', `/user/${userApiKeyId}/oauth-client`, { body: {} })).status).toBe(403);
});
