import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installationKeyPairFromPem } from '../../../bunq/keys.ts';
import type { BunqUser } from '../../../bunq/user.ts';
import { parseBunqContext } from '../../../client/bunq-context.ts';
import { exportedContext } from '../../../client/exported-context.ts';
import { importedState } from '../../../client/imported-state.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { Secret } from '../../../sealing/secret.ts';
import type { Serving } from '../../../workflows/state.ts';
import { ROOT } from '../../support/build.ts';
import { REQUEST } from '../workflows/states.ts';

/** What bunq's SDKs are given to go on with. The SDK itself loads one in `npm run test:sdk`. */

const vector = (name: string) => readFileSync(join(ROOT, 'test/vectors', name), 'utf8');
const HOUR = 3_600_000;
const NOW = Date.parse('2026-05-01T12:00:00Z');
const [TOKEN, SESSION_TOKEN, API_KEY] = ['a1'.repeat(32), 'b2'.repeat(32), `sandbox_${'c3'.repeat(24)}`] as const;
const KEY_PAIR = installationKeyPairFromPem(vector('installation-key.pem'))!;
const SERVER_KEY = installationKeyPairFromPem(vector('installation-key.pem'))!.publicKeyPem;
const PROVIDER: BunqUser = { kind: 'UserPaymentServiceProvider', id: 4711, displayName: 'Acme' };
const GRANT: BunqUser = {
  kind: 'UserApiKey',
  id: 31,
  displayName: null,
  requestedBy: { kind: 'UserPaymentServiceProvider', id: 4711 },
  grantedBy: { kind: 'UserPerson', id: 9 },
};
const keys = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');

async function bundle(connection: string, user: BunqUser, installedBy = connection, expiresAtMs = NOW + 90 * 24 * HOUR) {
  const { publicKeyPem, privateKey } = KEY_PAIR;
  return {
    session: {
      sessionId: 1,
      sessionToken: await keys.seal('session-token', connection, new Secret(SESSION_TOKEN)),
      user,
      openedAtMs: NOW,
      expiresAtMs,
    },
    keyPair: { publicKeyPem, privateKey: await keys.seal('private-key', installedBy, privateKey) },
    installation: {
      installationId: 2,
      installationToken: await keys.seal('installation-token', installedBy, new Secret(TOKEN)),
      serverPublicKeyPem: SERVER_KEY,
      ...(installedBy !== connection && { ofProvider: true as const }),
    },
    apiKey: {
      apiKey: await keys.seal('api-key', connection, new Secret(API_KEY)),
      credentialId: 3,
      bindBeforeMs: null,
      unused: false,
    },
  } satisfies Partial<Serving>;
}

const PROVIDERS_ID = 'provider.sandbox.acme';
const USERS_ID = 'user.sandbox.acme.alice';

test('an exported context has the members that the SDKs write, PEM without a last line break, no null but the proxy', async () => {
  const context = await exportedContext(await bundle(PROVIDERS_ID, PROVIDER), 'sandbox', PROVIDERS_ID, keys);
  const user = { id: 4711, display_name: 'Acme' };
  expect(context).toEqual({
    environment_type: 'SANDBOX',
    api_key: API_KEY,
    installation_context: {
      token: TOKEN,
      private_key_client: vector('installation-key.pem').trim(),
      public_key_client: vector('installation-public-key.pem').trim(),
      public_key_server: SERVER_KEY.trim(),
    },
    session_context: {
      token: SESSION_TOKEN,
      expiry_time: expect.stringMatching(/^2026-0[78]-\d\d \d\d:00:00\.000000$/),
      user_id: 4711,
      user_payment_service_provider: user,
      userPaymentServiceProvider: user,
    },
    proxy_url: null,
  });
});

test.each<[BunqUser['kind'], string, string]>([
  ['UserPaymentServiceProvider', 'user_payment_service_provider', 'userPaymentServiceProvider'],
  ['UserPerson', 'user_person', 'userPerson'],
  ['UserCompany', 'user_company', 'userCompany'],
  ['UserApiKey', 'user_api_key', 'userApiKey'],
])('a %s stands as %s, and as %s for PHP', async (kind, python, php) => {
  const { session_context } = await exportedContext(
    await bundle(PROVIDERS_ID, { kind, id: 5, displayName: null }),
    'sandbox',
    PROVIDERS_ID,
    keys,
  );
  expect(session_context).toMatchObject({ user_id: 5, [python]: { id: 5 }, [php]: { id: 5 } });
  expect(Object.keys(session_context)).toHaveLength(5);
});

test.each([
  ['production', 'PRODUCTION'],
  ['sandbox', 'SANDBOX'],
  ['simulator', 'SANDBOX'],
  ['bank.example', 'SANDBOX'],
])('a connection in %s is of %s', async (environment, type) => {
  const exported = await exportedContext(await bundle(PROVIDERS_ID, PROVIDER), environment, PROVIDERS_ID, keys);
  expect(exported.environment_type).toBe(type);
});

test('the expiry is naive local time with microseconds, as Python’s datetime.now() that it is compared with', async () => {
  const at = new Date(2026, 4, 3, 7, 8, 9, 45); // local
  const exported = await exportedContext(await bundle(PROVIDERS_ID, PROVIDER, PROVIDERS_ID, at.getTime()), 'sandbox', PROVIDERS_ID, keys);
  expect(exported.session_context.expiry_time).toBe('2026-05-03 07:08:09.045000');
});

test('what is exported is imported as the same: installation, key pair, API key, session and user', async () => {
  const exported = await exportedContext(await bundle(PROVIDERS_ID, PROVIDER), 'sandbox', PROVIDERS_ID, keys);
  const context = parseBunqContext(JSON.stringify(exported), 'bunq.conf', NOW);
  expect(context).toMatchObject({ environment: 'sandbox', user: PROVIDER, session: { user: PROVIDER, expiresAtMs: NOW + HOUR } });
  const elsewhere = 'provider.sandbox.again';
  const state = await importedState({ ...REQUEST, name: 'again' }, context, keys, elsewhere, NOW);
  const { ladder, candidate } = state;
  const bundled = { session: candidate!, keyPair: ladder.keyPair!, installation: ladder.installation!, apiKey: ladder.apiKey! };
  const again = await exportedContext(bundled, 'sandbox', elsewhere, keys);
  const { session_context, ...rest } = exported;
  expect(again).toMatchObject({ ...rest, session_context: { token: session_context.token, user_id: session_context.user_id } });
});

test('an end user’s is on the provider’s installation where it is so marked, and says who granted what to whom', async () => {
  const { installation_context, session_context } = await exportedContext(
    await bundle(USERS_ID, GRANT, PROVIDERS_ID),
    'sandbox',
    USERS_ID,
    keys,
  );
  expect(installation_context).toMatchObject({ token: TOKEN, private_key_client: vector('installation-key.pem').trim() });
  expect(session_context.user_api_key).toEqual({
    id: 31,
    requested_by_user: { UserPaymentServiceProvider: { id: 4711 } },
    granted_by_user: { UserPerson: { id: 9 } },
  });
});

test('what is sealed for another connection is not exported', async () => {
  const others = await bundle(USERS_ID, GRANT, 'provider.sandbox.other');
  await expect(exportedContext(others, 'sandbox', USERS_ID, keys)).rejects.toMatchObject({ code: 'SEALED_VALUE_REJECTED' });
});
