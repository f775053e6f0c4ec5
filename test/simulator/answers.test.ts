import { startSimulator } from '../../simulator/index.ts';
import { bankForEachTest } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { errorOf, install, isSignedByBank, logInProvider, logInUser, newKeyPair, send } from './client.ts';

const bank = bankForEachTest();
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

test('an answer is signed over its raw bytes, also an error', async () => {
  const { call, installed } = await logInProvider(bank.apiUrl);
  for (const path of ['/user', '/user/1', '/nowhere']) {
    const received = await call('GET', path);
    expect(isSignedByBank(received, installed.serverPublicKeyPem)).toBe(true);
    expect(isSignedByBank({ ...received, text: `${received.text} ` }, installed.serverPublicKeyPem)).toBe(false);
  }
});

test('bodies are compact JSON as PHP writes it: \\/ and \\u escapes, no blanks between', async () => {
  const { call } = await logInProvider(bank.apiUrl, pseudoCertificate('Café/Ünï 😀 PISP'));
  const { text, json } = await call('GET', '/user');
  expect(json.Response[0].UserPaymentServiceProvider.display_name).toBe('Café/Ünï 😀 PISP');
  expect(text).toContain('"display_name":"Caf\\u00e9\\/\\u00dcn\\u00ef \\ud83d\\ude00 PISP"');
  expect(text).toMatch(/^[\x20-\x7e]+$/);
  expect(text.replace(/"[^"]*"/g, '')).not.toMatch(/\s/);
});

test('the headers: exact content type, request id echoed, a UUID as response id, the date of the bank’s clock', async () => {
  bank.simulator.setClock(Date.UTC(2031, 0, 2, 3, 4, 5));
  const { headers } = await send(bank.apiUrl, 'GET', '/user', { headers: { 'X-Bunq-Client-Request-Id': 'my id' } });
  expect(headers).toMatchObject({
    'content-type': 'application/json',
    'x-bunq-client-request-id': 'my id',
    'x-bunq-client-response-id': expect.stringMatching(UUID),
    date: 'Thu, 02 Jan 2031 03:04:05 GMT',
  });
});

test('an error has one description, also translated, and by a switch an additional parameter', async () => {
  const { json } = await send(bank.apiUrl, 'GET', '/user');
  const description = 'Insufficient authentication.';
  const error = { error_description: description, error_description_translated: description };
  expect(json).toEqual({ Error: [error] });
  bank.simulator.changeSettings({ errorAdditionalParameter: true });
  expect((await send(bank.apiUrl, 'GET', '/user')).json).toEqual({ Error: [{ ...error, error_additional_parameter: {} }] });
});

test.each([
  ['an unknown path', 'GET', '/nowhere', 404],
  ['a path outside of /v1', 'GET', '../user', 404],
  ['a last slash too many', 'GET', '/user/', 404],
  ['a known path with another method', 'DELETE', '/user', 405],
  ['a known path with a method of its own', 'PATCH', '/installation', 405],
])('%s: %s %s is answered %i', async (_, method, path, status) => {
  expect((await send(bank.apiUrl, method, path)).status).toBe(status);
});

test.each(['{', '"', '{"secret":"\\ud83d"} x', ''])('the body %j of a call that needs one is answered 400', async (body) => {
  const installed = await install(bank.apiUrl);
  expect((await installed.call('POST', '/session-server', { body })).status).toBe(400);
});

test('a body needs no content type, and any is taken', async () => {
  const body = { client_public_key: newKeyPair().publicKeyPem };
  for (const headers of [{}, { 'Content-Type': 'application/json' }, { 'Content-Type': 'text/plain' }] as Record<string, string>[])
    expect((await send(bank.apiUrl, 'POST', '/installation', { body, headers })).status).toBe(200);
});

test('a body of more than a mebibyte is refused', async () => {
  const refused = await send(bank.apiUrl, 'POST', '/installation', { body: { client_public_key: 'x'.repeat(1024 * 1024) } });
  expect(refused.status).toBe(413);
  expect(errorOf(refused)).toMatch(/too large/);
});

test('the same seed gives the same ids and names, never the same secrets', async () => {
  const run = async (seed: string) => {
    const simulator = await startSimulator({ seed });
    await logInUser(simulator.apiUrl);
    const { users, sessions } = simulator.state();
    const secrets = simulator.secrets().map(({ value }) => value);
    await simulator.close();
    return { shown: [users[0]?.id, users[0]?.displayName, sessions[0]?.id], secrets };
  };
  const [one, same, other] = [await run('a'), await run('a'), await run('b')];
  expect(same.shown).toEqual(one.shown);
  expect(other.shown).not.toEqual(one.shown);
  expect(same.secrets.filter((secret) => one.secrets.includes(secret))).toEqual([]);
});

test('ids are whole numbers, do not start from 1, and are never given twice', async () => {
  await logInProvider(bank.apiUrl);
  const { call } = await logInProvider(bank.apiUrl);
  await call('GET', '/user');
  const { installations, users, credentials, devices, sessions } = bank.simulator.state();
  const ids = [installations, users, credentials, devices, sessions].flatMap((entities) => entities.map(({ id }) => id));
  expect(new Set(ids).size).toBe(ids.length);
  expect(Math.min(...ids)).toBeGreaterThan(1000);
});
