import { createVerify } from 'node:crypto';
import { afterEach, expect, test } from '@jest/globals';
import { createDeviceServer } from '../../../bunq/device-server.ts';
import { createSandboxUser } from '../../../bunq/sandbox-user.ts';
import { readUser } from '../../../bunq/user.ts';
import { Secret } from '../../../sealing/secret.ts';
import { type AnswerOf, bunqErrorOf, closeAll, httpBank, installationCaller, sessionCaller, signedByBank, vector } from './support.ts';

afterEach(closeAll);

const USER = { Response: [{ UserPerson: { id: 5, display_name: 'A. Person' } }] };
const device = { description: 'keeper', apiKey: new Secret('3'.repeat(64)), permittedIps: [] };

test('every request carries the headers that bunq documents, and the token of its caller', async () => {
  const { bank, seen } = await httpBank(() => ({ body: USER }), { userAgent: 'bunq-keeper/9.9.9' });
  await readUser(bank, sessionCaller);
  expect(seen[0]!.headers).toMatchObject({
    'cache-control': 'no-cache',
    'user-agent': 'bunq-keeper/9.9.9',
    'x-bunq-language': 'en_US',
    'x-bunq-region': 'nl_NL',
    'x-bunq-geolocation': '0 0 0 0 000',
    'x-bunq-client-authentication': sessionCaller.sessionToken.text(),
  });
  expect(seen[0]!.headers).not.toHaveProperty('content-type');
  expect(seen[0]!.headers).not.toHaveProperty('x-bunq-client-signature');
});

test('the request id is fresh each time, also when the same call is repeated', async () => {
  const { bank, seen } = await httpBank(() => ({ body: USER }));
  for (let i = 0; i < 3; i++) await readUser(bank, sessionCaller);
  const ids = seen.map(({ headers }) => headers['x-bunq-client-request-id']);
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
});

test("a body's signature verifies over the bytes that arrived, with the installation's public key", async () => {
  const { bank, seen } = await httpBank(() => ({ body: { Response: [{ Id: { id: 1 } }] } }));
  await createDeviceServer(bank, installationCaller, { ...device, description: 'café' });
  const { body, headers } = seen[0]!;
  expect(headers['content-type']).toBe('application/json');
  const verifier = createVerify('sha256').update(body);
  expect(verifier.verify(vector('installation-public-key.pem'), String(headers['x-bunq-client-signature']), 'base64')).toBe(true);
});

test.each<[string, AnswerOf]>([
  ['has no signature', { signature: null }],
  ['has an empty signature', { signature: '' }],
  ['has a signature that is no base64', { signature: '*** not a signature ***' }],
  ['has the signature of the same JSON with one blank more', { signature: signedByBank(`${JSON.stringify(USER)} `) }],
])('a 200 answer that %s is not believed', async (_what, answer) => {
  const { bank } = await httpBank(() => ({ body: USER, ...answer }));
  const error = await bunqErrorOf(readUser(bank, sessionCaller));
  expect(error).toMatchObject({ code: 'BUNQ_RESPONSE_UNVERIFIED', status: 200, sent: true });
});

test('a refusal with a wrong signature is not believed either', async () => {
  const body = { Error: [{ error_description: 'Insufficient authentication.' }] };
  const { bank } = await httpBank(() => ({ status: 401, body, signature: signedByBank('something else') }));
  expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_RESPONSE_UNVERIFIED');
});

test('the signature counts over the raw bytes: escaped slashes and characters are not re-written before', async () => {
  const text = '{"Response":[{"UserPerson":{"id":5,"display_name":"caf\\u00e9 \\/ bar"}}]}';
  const { bank } = await httpBank(() => ({ body: text }));
  expect((await readUser(bank, sessionCaller)).displayName).toBe('café / bar');
});

test('a refusal without a signature is taken as it is', async () => {
  const { bank } = await httpBank(() => ({ status: 491, body: { Error: [{ error_description: 'Maintenance.' }] }, signature: null }));
  expect(await bunqErrorOf(readUser(bank, sessionCaller))).toMatchObject({
    code: 'BUNQ_MAINTENANCE',
    status: 491,
    bunqText: 'Maintenance.',
  });
});

test("a refusal's error names endpoint, bank's text, code, status and response id, in this order", async () => {
  const body = { Error: [{ error_description: 'The field "description" is too long.' }] };
  const { bank } = await httpBank(() => ({ status: 400, body }));
  const error = await bunqErrorOf(createDeviceServer(bank, installationCaller, device));
  expect(error.message).toBe(
    'POST /v1/device-server: The field "description" is too long. (BUNQ_BAD_REQUEST, HTTP 400, response f0000000-0000-4000-8000-00000000abcd)',
  );
  expect(error).toMatchObject({
    endpoint: 'POST /v1/device-server',
    status: 400,
    responseId: 'f0000000-0000-4000-8000-00000000abcd',
    sent: true,
  });
});

test.each<[string, AnswerOf]>([
  ['is of another content type', { body: USER, headers: { 'Content-Type': 'text/html' } }],
  ['is not JSON', { body: '<html>' }],
  ['is not UTF-8 JSON of an object', { body: '[]' }],
  ['holds no user', { body: { Response: [{ Id: { id: 1 } }] } }],
  ['holds a user without an id', { body: { Response: [{ UserPerson: { id: null } }] } }],
  ['holds an id beyond exact numbers', { body: '{"Response":[{"UserPerson":{"id":9007199254740993}}]}' }],
  ['has another 2xx status', { status: 201, body: USER }],
  ['redirects', { status: 302, body: '', headers: { Location: 'https://elsewhere.example/' } }],
])('a signed answer that %s is invalid', async (_what, answer) => {
  const { bank, seen } = await httpBank(() => answer);
  expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_RESPONSE_INVALID');
  expect(seen).toHaveLength(1);
});

test('unknown types, unknown fields, nulls, large numbers and another order do not disturb', async () => {
  const body =
    '{"Response":[{"Surprise":{"id":1e30}},{"UserPerson":{"id":5,"display_name":null,"balance":12345678901234567890,"granted_by_user":null}}],"More":1}';
  const { bank } = await httpBank(() => ({ body }));
  expect(await readUser(bank, sessionCaller)).toEqual({ kind: 'UserPerson', id: 5, displayName: null });
});

test('a content type with a charset is application/json too', async () => {
  const { bank } = await httpBank(() => ({ body: USER, headers: { 'Content-Type': 'application/json; charset=utf-8' } }));
  expect((await readUser(bank, sessionCaller)).id).toBe(5);
});

test('a gateway in front of the bank that answers 502 with HTML is the bank being unavailable', async () => {
  const answer = { status: 502, body: '<html><h1>Bad Gateway</h1></html>', signature: null, headers: { 'Content-Type': 'text/html' } };
  const { bank } = await httpBank(() => answer);
  const error = await bunqErrorOf(readUser(bank, sessionCaller));
  expect(error).toMatchObject({ code: 'BUNQ_UNAVAILABLE', status: 502, bunqText: null });
  expect(error.message).not.toContain('<');
});

test('a new sandbox user is asked for without token and without signature, and taken without one', async () => {
  const { bank, seen } = await httpBank(() => ({ body: { Response: [{ ApiKey: { api_key: 'sandbox_abc' } }] }, signature: null }));
  expect((await createSandboxUser(bank, { type: 'company' })).apiKey.text()).toBe('sandbox_abc');
  expect(seen[0]).toMatchObject({ method: 'POST', url: '/v1/sandbox-user-company' });
  expect(seen[0]!.headers).not.toHaveProperty('x-bunq-client-authentication');
  expect(seen[0]!.headers).not.toHaveProperty('x-bunq-client-signature');
});
