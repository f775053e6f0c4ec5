import { bankForEachTest, MINUTE_MS, SECOND_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { bind, createCredential, install, isSignedByBank, logInUser, newSandboxKey, openSession, send } from './client.ts';
import { providerWithClient } from './oauth.ts';

/** What clients read in an answer: the points of CONFORMANCE.md that no other file is about. */

const bank = bankForEachTest();

test('every creation is answered 200, with an array of items under their type names', async () => {
  const installed = await install(bank.apiUrl);
  const created = await createCredential(installed, pseudoCertificate());
  const apiKey = created.json.Response[0].CredentialPasswordIp.token_value;
  const bound = await bind(installed, apiKey);
  const opened = await openSession(installed, apiKey);
  const { UserPaymentServiceProvider } = opened.json.Response[2];
  const call = { token: opened.json.Response[1].Token.token, key: installed.keys.privateKey, body: {} };
  const client = await send(bank.apiUrl, 'POST', `/user/${UserPaymentServiceProvider.id}/oauth-client`, call);
  for (const { status, json } of [created, bound, opened, client]) {
    expect(status).toBe(200);
    expect(Array.isArray(json.Response)).toBe(true);
    for (const item of json.Response) expect(Object.keys(item)).toEqual([expect.stringMatching(/^[A-Z]/)]);
  }
});

test('tokens, API keys, client ids and secrets are 64 hex digits, those of the sandbox behind sandbox_', async () => {
  const { provider, clientId, secret } = await providerWithClient(bank.apiUrl);
  for (const value of [provider.token, provider.installed.token, provider.apiKey, clientId, secret])
    expect(value).toMatch(/^[0-9a-f]{64}$/);
  expect(await newSandboxKey(bank.apiUrl)).toMatch(/^sandbox_[0-9a-f]{64}$/);
});

test('a server signature is base64 in one line', async () => {
  const { call } = await logInUser(bank.apiUrl);
  const { headers } = await call('GET', '/user');
  expect(headers['x-bunq-server-signature']).toMatch(/^[A-Za-z0-9+/]{342}==$/); // 256 bytes of RSA 2048
});

test('times are UTC with six digits after the point, and ids whole numbers', async () => {
  const atMs = Math.floor(Date.now() / SECOND_MS) * SECOND_MS + 6;
  bank.simulator.setClock(atMs);
  const { provider, oauthClientId } = await providerWithClient(bank.apiUrl);
  const { text, json } = await provider.call('GET', `/user/${provider.userId}/oauth-client/${oauthClientId}`);
  const { created, updated, id, callback_url } = json.Response[0].OauthClient;
  const shown = `${new Date(atMs).toISOString().slice(0, 19).replace('T', ' ')}.006000`;
  expect([created, updated]).toEqual([shown, shown]);
  expect(text).toContain(`"id":${id},`);
  expect(callback_url[0].created).toBe(created);
});

test('a field may be null: what an API key that waits for its device, or is bound, has not', async () => {
  const installed = await install(bank.apiUrl);
  const { CredentialPasswordIp } = (await createCredential(installed, pseudoCertificate())).json.Response[0];
  expect(CredentialPasswordIp.permitted_device).toBeNull();
  await bind(installed, CredentialPasswordIp.token_value);
  const read = await installed.call('GET', `/payment-service-provider-credential/${CredentialPasswordIp.id}`);
  expect(read.json.Response[0].CredentialPasswordIp).toMatchObject({ expiry_time: null, token_value: null });
});

test.each([
  [false, '{"Response":[]}'],
  [true, '{}'],
])('DELETE is answered 200 and signed; with emptyObjectOnDelete %s: %s', async (emptyObjectOnDelete, body) => {
  bank.simulator.changeSettings({ emptyObjectOnDelete });
  const { provider, oauthClientId } = await providerWithClient(bank.apiUrl);
  const urls = `/user/${provider.userId}/oauth-client/${oauthClientId}/callback-url`;
  const [url] = (await provider.call('GET', urls)).json.Response;
  for (const path of [`${urls}/${url.OauthCallbackUrl.id}`, '/session/0']) {
    const deleted = await provider.call('DELETE', path);
    expect([deleted.status, deleted.text]).toEqual([200, body]);
    expect(isSignedByBank(deleted, provider.installed.serverPublicKeyPem)).toBe(true);
  }
});

test('expiry_time is an hour from now', async () => {
  const { json } = await createCredential(await install(bank.apiUrl), pseudoCertificate());
  const { created, expiry_time } = json.Response[0].CredentialPasswordIp;
  expect(Date.parse(`${expiry_time}Z`) - Date.parse(`${created}Z`)).toBe(60 * MINUTE_MS);
});
