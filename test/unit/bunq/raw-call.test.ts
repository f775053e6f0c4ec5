import { afterEach, describe, expect, test } from '@jest/globals';
import { isTokenRejected, rawCall } from '../../../bunq/raw-call.ts';
import { verifyBody } from '../../../bunq/signature.ts';
import { bunqErrorOf, closeAll, httpBank, sessionCaller, vector } from './support.ts';

afterEach(closeAll);

test('the answer comes as it came, byte for byte', async () => {
  const body = '{"Response":[{"X":{"url":"https:\\/\\/a"}}] }';
  const { bank } = await httpBank(() => ({ body }));
  const { status, headers, bytes } = await rawCall(bank, sessionCaller, { method: 'get', path: '/user/7/x?count=10' });
  expect([status, Buffer.from(bytes).toString()]).toEqual([200, body]);
  expect(headers).toHaveProperty('x-bunq-server-signature');
});

test('a refusal comes as it came too', async () => {
  const { bank } = await httpBank(() => ({ status: 404, body: '{"Error":[{"error_description":"Route not found."}]}' }));
  expect((await rawCall(bank, sessionCaller, { method: 'GET', path: 'nothing' })).status).toBe(404);
});

test('the body is signed and sent as it was given', async () => {
  const { bank, seen } = await httpBank(() => ({}));
  const body = '{ "a" : 1 }\n';
  await rawCall(bank, sessionCaller, { method: 'PUT', path: '/user/7', body });
  expect(seen[0]!.body.toString()).toBe(body);
  const signature = String(seen[0]!.headers['x-bunq-client-signature']);
  expect(verifyBody(seen[0]!.body, signature, vector('installation-public-key.pem'))).toBe(true);
});

test('an answer without a good signature is not given out', async () => {
  const { bank } = await httpBank(() => ({ signature: null }));
  expect((await bunqErrorOf(rawCall(bank, sessionCaller, { method: 'GET', path: 'user' }))).code).toBe('BUNQ_RESPONSE_UNVERIFIED');
});

test('a GET or DELETE with a body is refused', async () => {
  const { bank, seen } = await httpBank(() => ({}));
  for (const method of ['GET', 'DELETE'])
    await expect(rawCall(bank, sessionCaller, { method, path: 'user', body: '{}' })).rejects.toThrow(`${method} has no body`);
  expect(seen).toEqual([]);
});

test('the headers that bunq lets a caller choose are sent, under one name', async () => {
  const { bank, seen } = await httpBank(() => ({}));
  const headers = { 'content-type': 'image/png', 'x-bunq-attachment-description': 'a cat', 'x-bunq-language': 'nl_NL' };
  await rawCall(bank, sessionCaller, { method: 'POST', path: 'attachment-public', body: new Uint8Array([1, 2]), headers });
  expect(seen[0]!.headers).toMatchObject(headers);
});

test.each(['X-Bunq-Client-Authentication', 'x-bunq-client-signature', 'Host', 'Content-Length', 'User-Agent', 'Cookie'])(
  '%s is not one of them',
  async (name) => {
    const { bank, seen } = await httpBank(() => ({}));
    const call = rawCall(bank, sessionCaller, { method: 'GET', path: 'user', headers: { [name]: 'geheim' } });
    await expect(call).rejects.toThrow(/^The header ".+" cannot be given with this value, or at all\. Those that can: Accept, /);
    await expect(call).rejects.not.toThrow('geheim');
    expect(seen).toEqual([]);
  },
);

test.each([
  [401, 'Insufficient authentication.', true],
  [403, 'Insufficient authorisation.', true],
  [403, 'You do not have the role for this.', false],
  [401, 'The request signature is invalid.', false],
  [400, 'User credentials are incorrect. Incorrect API key or IP address.', false],
  [200, 'Insufficient authentication.', false],
])('%i %j is a refused token: %j', (status, text, isIt) => {
  const bytes = Buffer.from(JSON.stringify({ Error: [{ error_description: text }] }));
  expect(isTokenRejected({ status, headers: {}, bytes })).toBe(isIt);
});

describe('the path', () => {
  test.each(['user', '/user', '/v1/user', 'v1/user'])('%s is /v1/user', async (path) => {
    const { bank, seen } = await httpBank(() => ({}));
    await rawCall(bank, sessionCaller, { method: 'GET', path });
    expect(seen[0]!.url).toBe('/v1/user');
  });

  test.each([
    '',
    '/',
    'https://elsewhere.example/v1/user',
    '//elsewhere.example/v1/user',
    '../v2/user',
    'user/../../x',
    '%2e%2e/x',
    'us er',
    'user\r\nX: y',
    'user#x',
    '\\\\elsewhere.example\\v1\\',
    'javascript:x',
  ])('%j does not lead out of the API: nothing is sent', async (path) => {
    const { bank, seen } = await httpBank(() => ({}));
    await expect(rawCall(bank, sessionCaller, { method: 'GET', path })).rejects.toThrow('The path must be one of');
    expect(seen).toEqual([]);
  });
});

test('a method that bunq does not have is refused', async () => {
  const { bank, seen } = await httpBank(() => ({}));
  await expect(rawCall(bank, sessionCaller, { method: 'PATCH', path: 'user' })).rejects.toThrow('Use GET, POST, PUT or DELETE');
  expect(seen).toEqual([]);
});
