import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseBunqContext } from '../../../client/bunq-context.ts';
import { UsageError } from '../../../client/errors.ts';
import { checkImport } from '../../../client/import-options.ts';
import { importedState } from '../../../client/imported-state.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { nextStep } from '../../../workflows/steps.ts';
import { ROOT } from '../../support/build.ts';
import { sdkTime } from '../../support/sdk-context.ts';

const vector = (name: string) => readFileSync(join(ROOT, 'test/vectors', name), 'utf8');
const NOW = Date.parse('2026-05-01T12:00:00Z');
const HOUR = 3_600_000;
const TOKEN = 'a1'.repeat(32);
const SESSION_TOKEN = 'b2'.repeat(32);
const API_KEY = `sandbox_${'c3'.repeat(24)}`;
const publicKey = (pem: string) => createPublicKey(pem).export({ type: 'spki', format: 'pem' }).toString();

/** As Python writes it: PKCS#8, no last line break, no null. */
const session = {
  expiry_time: sdkTime(NOW + 7 * 24 * HOUR),
  token: SESSION_TOKEN,
  user_id: 4711,
  user_person: { display_name: 'Ada', id: 4711, session_timeout: 604_800 },
};
const installation = {
  private_key_client: vector('installation-key.pem').trim(),
  public_key_client: vector('installation-public-key.pem').trim(),
  public_key_server: publicKey(vector('other-key.pem')).trim(),
  token: TOKEN,
};
const python = { api_key: API_KEY, environment_type: 'SANDBOX', installation_context: installation, session_context: session };

const parse = (context: object) => parseBunqContext(JSON.stringify(context, null, 2), 'bunq.conf', NOW);

test('a context of the Python SDK is taken for what it is', () => {
  const context = parse(python);
  expect(context).toMatchObject({ environment: 'sandbox', user: { kind: 'UserPerson', id: 4711, displayName: 'Ada' } });
  expect([context.apiKey.text(), context.installationToken.text()]).toEqual([API_KEY, TOKEN]);
  expect(context.keyPair.publicKeyPem).toBe(vector('installation-public-key.pem'));
  expect(Buffer.from(context.keyPair.privateKey.bytes())).toEqual(readFileSync(join(ROOT, 'test/vectors/installation-key.der')));
  expect(context.serverPublicKeyPem).toBe(publicKey(vector('other-key.pem')));
  expect(context.session).toMatchObject({ user: { kind: 'UserPerson', id: 4711 }, expiresAtMs: NOW + HOUR });
});

test('so is one of the PHP SDK: nulls, users by its own names, a PKCS#1 key, no zone either', () => {
  const private_key_client = createPrivateKey(vector('installation-key.pem')).export({ type: 'pkcs1', format: 'pem' });
  const { user_person: _python, ...rest } = session;
  const context = parse({
    ...python,
    proxy_url: null,
    installation_context: { ...installation, private_key_client },
    session_context: { ...rest, userCompany: null, userPerson: { id: 4711 }, userApiKey: null, userPaymentServiceProvider: null },
  });
  expect(context.keyPair.publicKeyPem).toBe(vector('installation-public-key.pem'));
  expect(context.session?.user).toEqual({ kind: 'UserPerson', id: 4711, displayName: null });
});

test.each<[string, number, number | null]>([
  ['a week left', 7 * 24 * HOUR, HOUR],
  ['half an hour more than the earliest zone is ahead', 14.5 * HOUR, HOUR / 2],
  ['perhaps over, where the clock is far ahead', 13 * HOUR, null],
  ['over', -HOUR, null],
])('a session with %s by its naive local time lasts an hour at most, or is left behind', (_what, leftMs, lastsMs) => {
  const { session: imported } = parse({ ...python, session_context: { ...session, expiry_time: sdkTime(NOW + leftMs) } });
  expect(imported === null ? null : imported.expiresAtMs - NOW).toBe(lastsMs);
});

test.each([null, undefined, { ...session, expiry_time: null }, { ...session, expiry_time: 'May 1, 2026 12:00:00 PM' }])(
  'without a session, or one whose end is not told, all else is imported (%#)',
  (session_context) => {
    expect(parse({ ...python, session_context }).session).toBeNull();
  },
);

const changed = (part: Partial<typeof installation>) => ({ ...python, installation_context: { ...installation, ...part } });

test.each<[string, unknown, RegExp]>([
  ['no JSON', 'bunq', /bunq\.conf is not JSON\. Give the file that bunq's SDK saves/],
  ['an array', [], /it missing or wrong/],
  ['no API key', { ...python, api_key: null }, /api_key missing or wrong/],
  ['an unknown environment', { ...python, environment_type: 'STAGING' }, /environment_type missing or wrong/],
  ['no installation', { ...python, installation_context: null }, /installation_context missing or wrong/],
  ['no private key', changed({ private_key_client: 'x' }), /private_key_client is no RSA private key of 2048 bits/],
  ['an encrypted private key', changed({ private_key_client: vector('encrypted-key.pem') }), /private_key_client is no RSA private key/],
  ['a longer private key', changed({ private_key_client: vector('pseudo-key.pem') }), /of 2048 bits/],
  ["another key pair's public key", changed({ public_key_client: publicKey(vector('other-key.pem')) }), /does not belong to private_key/],
  ['no server key', changed({ public_key_server: '' }), /public_key_server is no RSA public key/],
  [
    "an end user's grant",
    { ...python, session_context: { ...session, user_person: null, user_api_key: { id: 9 } } },
    /it is of a UserApiKey, .* Only the context of a provider, or of a person or company/,
  ],
])('%s is said, and nothing of the file', (_what, context, says) => {
  const text = typeof context === 'string' ? context : JSON.stringify(context);
  const read = () => parseBunqContext(text, 'bunq.conf', NOW);
  expect(read).toThrow(UsageError);
  expect(read).toThrow(says);
  for (const secret of [API_KEY, TOKEN, SESSION_TOKEN]) expect(read).not.toThrow(secret);
});

test.each<['SANDBOX' | 'PRODUCTION', string, boolean]>([
  ['SANDBOX', 'sandbox', true],
  ['SANDBOX', 'simulator', true],
  ['SANDBOX', 'bank.example', true],
  ['SANDBOX', 'production', false],
  ['PRODUCTION', 'production', true],
  ['PRODUCTION', 'bank.example', true],
  ['PRODUCTION', 'sandbox', false],
  ['PRODUCTION', 'simulator', false],
])('a context of %s in %s: %j', (environment_type, environment, fits) => {
  const check = () =>
    checkImport({ context: parse({ ...python, environment_type }), credential: null, callbackUrls: [], permittedIps: [] }, environment);
  if (fits) check();
  else expect(check).toThrow(/The context is of (sandbox|production), and the settings say/);
});

test("a provider's context needs its certificate", () => {
  const context = parse({ ...python, session_context: { ...session, user_person: null, user_payment_service_provider: { id: 5 } } });
  const check = () => checkImport({ context, credential: null, callbackUrls: [], permittedIps: [] }, 'sandbox');
  expect(check).toThrow(/give its --certificate and --signer/);
});

test('the state begins at the session: everything below it is there, sealed', async () => {
  const keys = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');
  const connection = 'provider.sandbox.ada';
  const apiKey = await keys.seal('api-key', connection, parse(python).apiKey);
  const request = {
    version: 1,
    name: 'ada',
    environment: 'sandbox',
    egress: 'default',
    credential: { type: 'api-key', apiKey },
    callbackUrls: [],
    permittedIps: [],
  } as const;
  const state = await importedState({ ...request, callbackUrls: [], permittedIps: [] }, parse(python), keys, connection, NOW);
  expect(nextStep(state, NOW, false)).toBe('session');
  expect(state).toMatchObject({ serving: null, candidate: { sessionId: 0, user: { id: 4711 }, openedAtMs: NOW, expiresAtMs: NOW + HOUR } });
  expect((await keys.open('session-token', connection, state.candidate!.sessionToken)).text()).toBe(SESSION_TOKEN);
  expect(JSON.stringify(state)).not.toMatch(new RegExp([API_KEY, TOKEN, SESSION_TOKEN, 'PRIVATE KEY'].join('|')));
});
