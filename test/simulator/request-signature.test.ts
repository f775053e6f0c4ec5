import { bankForEachTest } from './bank.ts';
import { bind, errorOf, install, isSignedByBank, logInUser, newKeyPair, newSandboxKey, send, signatureOf } from './client.ts';

const bank = bankForEachTest();

async function boundInstallation() {
  const installed = await install(bank.apiUrl);
  const apiKey = await newSandboxKey(bank.apiUrl);
  await bind(installed, apiKey);
  return { installed, body: JSON.stringify({ secret: apiKey }) };
}

test('session-server without a signature is answered 466', async () => {
  const { installed, body } = await boundInstallation();
  const refused = await send(bank.apiUrl, 'POST', '/session-server', { token: installed.token, body });
  expect(refused.status).toBe(466);
  expect(errorOf(refused)).toBe('For this operation a request signature is required. Check the urls for more information.');
  expect(isSignedByBank(refused, installed.serverPublicKeyPem)).toBe(true);
});

test('the same JSON with one blank more is refused under the old signature', async () => {
  const { installed, body } = await boundInstallation();
  const headers = { 'X-Bunq-Client-Signature': signatureOf(body, installed.keys.privateKey) };
  const refused = await send(bank.apiUrl, 'POST', '/session-server', { token: installed.token, headers, body: body.replace(':', ': ') });
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toBe('The request signature is invalid.');
  expect((await send(bank.apiUrl, 'POST', '/session-server', { token: installed.token, headers, body })).status).toBe(200);
});

test("a body signed with another installation's key is refused", async () => {
  const { installed, body } = await boundInstallation();
  const other = await install(bank.apiUrl, newKeyPair());
  const refused = await installed.call('POST', '/session-server', { body, key: other.keys.privateKey });
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toBe('The request signature is invalid.');
});

test('a signature that is sent is checked also where none is demanded', async () => {
  const { installed, token, userId } = await logInUser(bank.apiUrl);
  const path = `/user/${userId}/oauth-client`;
  const wrong = { 'X-Bunq-Client-Signature': signatureOf('another body', installed.keys.privateKey) };
  expect((await send(bank.apiUrl, 'POST', path, { token, body: {}, headers: wrong })).status).toBe(400);
  expect((await send(bank.apiUrl, 'GET', '/user', { token, headers: wrong })).status).toBe(400);
  expect((await send(bank.apiUrl, 'GET', '/user', { token, headers: { 'X-Bunq-Client-Signature': 'not base64!' } })).status).toBe(400);
  expect(bank.simulator.state().oauthClients).toEqual([]);
  expect((await send(bank.apiUrl, 'GET', '/user', { token })).status).toBe(200);
  expect((await send(bank.apiUrl, 'GET', '/user', { token, key: installed.keys.privateKey })).status).toBe(200); // over zero bytes
});

test('a switch answers wrong signatures with the status of bunq’s table', async () => {
  bank.simulator.changeSettings({ wrongSignatureStatus: 401 });
  const { token } = await logInUser(bank.apiUrl);
  expect((await send(bank.apiUrl, 'GET', '/user', { token, key: newKeyPair().privateKey })).status).toBe(401);
});

describe('request ids', () => {
  const again = { 'X-Bunq-Client-Request-Id': 'the-same' };

  test('a repeated one is refused on the same installation, on a session of it too, and has no effect, unless the switch lets it through', async () => {
    const { call, installed, userId } = await logInUser(bank.apiUrl);
    expect((await installed.call('GET', '/device-server', { headers: again })).status).toBe(200);
    expect((await call('POST', `/user/${userId}/oauth-client`, { body: {}, headers: again })).status).toBe(400);
    expect(bank.simulator.state().oauthClients).toEqual([]);
    bank.simulator.changeSettings({ refuseRepeatedRequestIds: false });
    expect((await call('POST', `/user/${userId}/oauth-client`, { body: {}, headers: again })).status).toBe(200);
  });

  test('another installation may use the same', async () => {
    const [one, other] = [await logInUser(bank.apiUrl), await logInUser(bank.apiUrl)];
    expect((await one.call('GET', '/user', { headers: again })).status).toBe(200);
    expect((await other.call('GET', '/user', { headers: again })).status).toBe(200);
  });

  test('calls without a token may repeat one, as the Python SDK does, and any call may leave it out', async () => {
    for (const _ of [1, 2]) expect((await send(bank.apiUrl, 'POST', '/sandbox-user-person', { headers: again })).status).toBe(200);
    const { call } = await logInUser(bank.apiUrl);
    for (const _ of [1, 2]) expect((await call('GET', '/user', { headers: { 'X-Bunq-Client-Request-Id': '' } })).status).toBe(200);
  });
});
