import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import {
  credentialBody,
  errorOf,
  install,
  isSignedByBank,
  logInProvider,
  logInUser,
  newKeyPair,
  newSandboxKey,
  qsealTextOf,
  send,
} from './client.ts';

/** What bunq asks of a request, and what it does not: the points of CONFORMANCE.md that no other file is about. */

const bank = bankForEachTest();

test.each(['/sandbox-user-person', '/sandbox-user-company', '/installation'])('POST %s wants no token and no signature', async (path) => {
  const body = path === '/installation' ? { client_public_key: newKeyPair().publicKeyPem } : {};
  expect((await send(bank.apiUrl, 'POST', path, { body })).status).toBe(200);
});

test('payment-service-provider-credential and device-server want the installation token and no signature', async () => {
  const { token, ...installed } = await install(bank.apiUrl);
  const body = credentialBody(pseudoCertificate(), qsealTextOf({ token, ...installed }));
  expect((await send(bank.apiUrl, 'POST', '/payment-service-provider-credential', { token, body })).status).toBe(200);
  const device = { description: 'test', secret: await newSandboxKey(bank.apiUrl) };
  expect((await send(bank.apiUrl, 'POST', '/device-server', { token, body: device })).status).toBe(200);
});

test('GET and DELETE without a body may be signed, over zero bytes', async () => {
  const { call, token, installed } = await logInUser(bank.apiUrl);
  const key = newKeyPair().privateKey;
  expect((await call('GET', '/user')).status).toBe(200);
  expect((await call('DELETE', '/session/0', { key })).status).toBe(400);
  expect((await send(bank.apiUrl, 'DELETE', '/session/0', { token, key: installed.keys.privateKey })).status).toBe(200);
});

test('a DELETE may carry the body {}, signed, and its signature is checked over that', async () => {
  const { call } = await logInUser(bank.apiUrl);
  const wrong = await call('DELETE', '/session/0', { body: '{}', key: newKeyPair().privateKey });
  expect([wrong.status, errorOf(wrong)]).toEqual([400, 'The request signature is invalid.']);
  expect((await call('DELETE', '/session/0', { body: '{}' })).status).toBe(200);
});

test('Cache-Control and User-Agent may be missing, unless the switch demands them', async () => {
  const { call } = await logInUser(bank.apiUrl);
  const without = (name: string) => call('GET', '/user', { headers: { [name]: '' } });
  for (const name of ['Cache-Control', 'User-Agent']) {
    bank.simulator.changeSettings({ demandDocumentedHeaders: false });
    expect((await without(name)).status).toBe(200);
    bank.simulator.changeSettings({ demandDocumentedHeaders: true });
    expect((await without(name)).status).toBe(400);
  }
  expect((await call('GET', '/user')).status).toBe(200);
});

test('language, region and geolocation are taken as SDKs send them, and never asked for', async () => {
  const { call } = await logInUser(bank.apiUrl);
  const headers = { 'X-Bunq-Language': 'en_US', 'X-Bunq-Region': 'nl_NL' };
  for (const geolocation of ['0 0 0 0 000', '0 0 0 0 NL'])
    expect((await call('GET', '/user', { headers: { ...headers, 'X-Bunq-Geolocation': geolocation } })).status).toBe(200);
});

test('registering again with the same certificate finds the OAuth client that is there', async () => {
  const certified = pseudoCertificate();
  const first = await logInProvider(bank.apiUrl, certified);
  await first.call('POST', `/user/${first.userId}/oauth-client`, { body: { status: 'ACTIVE' } });
  const again = await logInProvider(bank.apiUrl, certified);
  expect(again.userId).toBe(first.userId);
  expect(again.apiKey).not.toBe(first.apiKey);
  const listed = await again.call('GET', `/user/${again.userId}/oauth-client`);
  expect(listed.json.Response).toEqual((await first.call('GET', `/user/${first.userId}/oauth-client`)).json.Response);
  expect(listed.json.Response).toHaveLength(1);
  expect(isSignedByBank(listed, again.installed.serverPublicKeyPem)).toBe(true);
});
