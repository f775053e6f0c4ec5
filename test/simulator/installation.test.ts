import { generateKeyPairSync } from 'node:crypto';
import { bankForEachTest } from './bank.ts';
import { errorOf, install, logInProvider, newKeyPair, send } from './client.ts';

const bank = bankForEachTest();
const keys = newKeyPair();
const post = (client_public_key: unknown) => send(bank.apiUrl, 'POST', '/installation', { body: { client_public_key } });

test('the items come in the order that SDKs index: Id, Token, ServerPublicKey', async () => {
  const { json, status } = await post(keys.publicKeyPem);
  expect(status).toBe(200);
  expect(json.Response.map((item: object) => Object.keys(item)[0])).toEqual(['Id', 'Token', 'ServerPublicKey']);
  expect(json.Response[1].Token).toEqual({
    id: expect.any(Number),
    created: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}$/),
    updated: expect.any(String),
    token: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(json.Response[2].ServerPublicKey.server_public_key).toMatch(/^-----BEGIN PUBLIC KEY-----\n/);
});

const [begin, end] = ['-----BEGIN PUBLIC KEY-----', '-----END PUBLIC KEY-----'];
const oneLine = keys.publicKeyPem.split('\n').slice(1, -2).join('');

test.each([
  ['LF line ends', keys.publicKeyPem],
  ['CRLF line ends', keys.publicKeyPem.replaceAll('\n', '\r\n')],
  ['no newline at its end', keys.publicKeyPem.trimEnd()],
  ['its base64 in one line', `${begin}\n${oneLine}\n${end}\n`],
])('a public key with %s is taken', async (_, pem) => {
  expect((await post(pem)).status).toBe(200);
  expect(bank.simulator.state().installations[0]?.publicKeyPem).toBe(keys.publicKeyPem);
});

test.each([
  ['no PEM', oneLine],
  ['PKCS#1', newKeyPair().publicKeyPem.replaceAll('PUBLIC KEY', 'RSA PUBLIC KEY')],
  ['no key', `${begin}\nAAAA\n${end}\n`],
  ['RSA 4096', generateKeyPairSync('rsa', { modulusLength: 4096 }).publicKey.export({ type: 'spki', format: 'pem' })],
  ['an elliptic curve', generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ type: 'spki', format: 'pem' })],
  ['missing', undefined],
])('a public key that is %s is refused', async (_, pem) => {
  expect((await post(pem)).status).toBe(400);
  expect(bank.simulator.state().installations).toEqual([]);
});

test('each bank has a server key of its own', async () => {
  const { startSimulator } = await import('../../simulator/index.ts');
  const other = await startSimulator();
  const here = await install(bank.apiUrl, keys);
  const there = await install(other.apiUrl, keys);
  await other.close();
  expect(here.serverPublicKeyPem).not.toBe(there.serverPublicKeyPem);
});

test('the server public key is read again, with either kind of token, and only that of the own installation', async () => {
  const { installed, call } = await logInProvider(bank.apiUrl);
  const path = `/installation/${installed.id}/server-public-key`;
  for (const read of [installed.call, call])
    expect((await read('GET', path)).json.Response).toEqual([{ ServerPublicKey: { server_public_key: installed.serverPublicKeyPem } }]);
  const other = await install(bank.apiUrl, keys);
  expect((await call('GET', `/installation/${other.id}/server-public-key`)).status).toBe(404);
});

test('the installation in use is listed and read on a session only', async () => {
  const { installed, call } = await logInProvider(bank.apiUrl);
  expect((await call('GET', '/installation')).json.Response).toEqual([{ Id: { id: installed.id } }]);
  expect((await call('GET', `/installation/${installed.id}`)).json.Response).toEqual([{ Id: { id: installed.id } }]);
  expect((await installed.call('GET', '/installation')).status).toBe(403);
});

test('the same public key may be installed again, unless the switch refuses it', async () => {
  await post(keys.publicKeyPem);
  expect((await post(keys.publicKeyPem)).status).toBe(200);
  bank.simulator.changeSettings({ refuseRepeatedPublicKey: true });
  const refused = await post(keys.publicKeyPem);
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toMatch(/in use already/);
});
