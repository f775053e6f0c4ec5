import { afterEach, describe, expect, test } from '@jest/globals';
import type { Bank } from '../../../bunq/bank.ts';
import { createCallbackUrl, deleteCallbackUrl, listCallbackUrls } from '../../../bunq/callback-url.ts';
import { createDeviceServer, listDeviceServers } from '../../../bunq/device-server.ts';
import { createInstallation, readServerPublicKey } from '../../../bunq/installation.ts';
import { listMonetaryAccounts } from '../../../bunq/monetary-account.ts';
import { createOAuthClient, listOAuthClients, readOAuthClient } from '../../../bunq/oauth-client.ts';
import { createPaymentServiceProviderCredential } from '../../../bunq/payment-service-provider-credential.ts';
import { createSandboxUser } from '../../../bunq/sandbox-user.ts';
import { deleteSession } from '../../../bunq/session.ts';
import { createSessionServer } from '../../../bunq/session-server.ts';
import { readUser } from '../../../bunq/user.ts';
import { Secret } from '../../../sealing/secret.ts';
import {
  bunqErrorOf,
  closeAll,
  httpBank,
  installationCaller,
  type SeenRequest,
  serverPublicKeyPem,
  sessionCaller,
  signedByBank,
  vector,
} from './support.ts';

afterEach(closeAll);

const HEX = 'ab'.repeat(32);
const apiKey = new Secret(HEX);
const CREATED = '2026-11-21 10:00:00.900000';
const DATE = 'Sat, 21 Nov 2026 10:00:02 GMT';
const publicKeyPem = vector('installation-public-key.pem');
const oauthClient = { userId: 7, oauthClientId: 9 };

/** What the call sends, and what it makes of this answer. */
async function exchanged<Result>(items: object[], call: (bank: Bank) => Promise<Result>, headers: Record<string, string> = { Date: DATE }) {
  const { bank, seen } = await httpBank(() => ({ body: { Response: items }, headers }));
  const result = await call(bank);
  return { result, requests: seen.map(({ method, url }) => `${method} ${url}`), sent: seen.map(bodyOf)[0] };
}

const bodyOf = ({ body }: SeenRequest): unknown => (body.length > 0 ? JSON.parse(body.toString()) : undefined);
/** Secrets in plain words, for comparing. */
const plain = (value: object) =>
  Object.fromEntries(Object.entries(value).map(([name, one]) => [name, one instanceof Secret ? one.text() : one]));

describe('POST /installation', () => {
  const items = [{ Id: { id: 1 } }, { Token: { id: 2, token: HEX } }, { ServerPublicKey: { server_public_key: serverPublicKeyPem } }];

  test('sends the public key as it is, without token and signature, and brings id, token and the key of the bank', async () => {
    const { bank, seen } = await httpBank(() => ({ body: { Response: items } }));
    const installation = await createInstallation(bank, { publicKeyPem });
    expect(plain(installation)).toEqual({ installationId: 1, installationToken: HEX, serverPublicKeyPem });
    expect([seen[0]!.method, seen[0]!.url, bodyOf(seen[0]!)]).toEqual(['POST', '/v1/installation', { client_public_key: publicKeyPem }]);
    for (const name of ['x-bunq-client-authentication', 'x-bunq-client-signature']) expect(seen[0]!.headers).not.toHaveProperty(name);
  });

  test('its order of items does not matter, and the key may come with CRLF', async () => {
    const crlf = { ServerPublicKey: { server_public_key: serverPublicKeyPem.replaceAll('\n', '\r\n') } };
    const { result } = await exchanged([crlf, items[1]!, items[0]!], (bank) => createInstallation(bank, { publicKeyPem }));
    expect(plain(result)).toEqual({ installationId: 1, installationToken: HEX, serverPublicKeyPem });
  });

  test.each([
    ['is not signed with the key inside it', { body: { Response: items }, signature: signedByBank('other') }, 'BUNQ_RESPONSE_UNVERIFIED'],
    ['is not signed', { body: { Response: items }, signature: null }, 'BUNQ_RESPONSE_UNVERIFIED'],
    ['holds no key', { body: { Response: items.slice(0, 2) } }, 'BUNQ_RESPONSE_INVALID'],
    [
      'holds a key that is none',
      { body: { Response: [...items.slice(0, 2), { ServerPublicKey: { server_public_key: 'x' } }] } },
      'BUNQ_RESPONSE_INVALID',
    ],
    ['is refused', { status: 400, body: { Error: [{ error_description: 'Bad key.' }] } }, 'BUNQ_BAD_REQUEST'],
  ])('an answer that %s fails', async (_what, answer, code) => {
    const { bank } = await httpBank(() => answer);
    expect((await bunqErrorOf(createInstallation(bank, { publicKeyPem }))).code).toBe(code);
  });
});

test('GET /installation/{id}/server-public-key', async () => {
  const { result, requests } = await exchanged([{ ServerPublicKey: { server_public_key: serverPublicKeyPem } }], (bank) =>
    readServerPublicKey(bank, installationCaller, { installationId: 3 }),
  );
  expect(result).toEqual({ serverPublicKeyPem });
  expect(requests).toEqual(['GET /v1/installation/3/server-public-key']);
});

describe('POST /payment-service-provider-credential', () => {
  const input = { certificatePem: 'CERT', chainPem: 'CHAIN', qsealSignature: 'SEAL' };
  const credential = { id: 4, status: 'PENDING_FIRST_USE', token_value: HEX, permitted_device: null };
  const call = (bank: Bank) => createPaymentServiceProviderCredential(bank, installationCaller, input);

  test('sends certificate, chain and seal, and brings the API key and how long it may be bound, on the clock of the bank', async () => {
    const times = { created: CREATED, expiry_time: '2026-11-21 11:00:00.900000' };
    const { result, requests, sent } = await exchanged([{ CredentialPasswordIp: { ...credential, ...times } }], call);
    expect(plain(result)).toEqual({ credentialId: 4, apiKey: HEX, bindWithinMs: 3_600_000 - 1_100 });
    expect(requests).toEqual(['POST /v1/payment-service-provider-credential']);
    expect(sent).toEqual({
      client_payment_service_provider_certificate: 'CERT',
      client_payment_service_provider_certificate_chain: 'CHAIN',
      client_public_key_signature: 'SEAL',
    });
  });

  test('without an expiry time it is not known how long the API key may be bound', async () => {
    const { result } = await exchanged([{ CredentialPasswordIp: { ...credential, expiry_time: null } }], call);
    expect(result.bindWithinMs).toBeNull();
  });

  test('an answer without API key is invalid', async () => {
    const { bank } = await httpBank(() => ({ body: { Response: [{ Id: { id: 4 } }] } }));
    expect((await bunqErrorOf(call(bank))).code).toBe('BUNQ_RESPONSE_INVALID');
  });
});

describe('/device-server', () => {
  test('POST sends the permitted addresses, and leaves them out when there are none', async () => {
    const items = [{ Id: { id: 5 } }];
    const input = { description: 'keeper', apiKey };
    const bound = await exchanged(items, (bank) =>
      createDeviceServer(bank, installationCaller, { ...input, permittedIps: ['203.0.113.7', '*'] }),
    );
    expect(bound.result).toEqual({ deviceId: 5 });
    expect(bound.sent).toEqual({ description: 'keeper', secret: HEX, permitted_ips: ['203.0.113.7', '*'] });
    const caller = await exchanged(items, (bank) => createDeviceServer(bank, installationCaller, { ...input, permittedIps: [] }));
    expect(caller.sent).toEqual({ description: 'keeper', secret: HEX });
  });

  test('GET lists', async () => {
    const items = [
      { DeviceServer: { id: 5, description: 'keeper', ip: '203.0.113.7', status: 'ACTIVE' } },
      { DeviceServer: { id: 4, ip: null } },
    ];
    const { result, requests } = await exchanged(items, (bank) => listDeviceServers(bank, installationCaller));
    expect(result).toEqual([
      { deviceId: 5, description: 'keeper', ip: '203.0.113.7', status: 'ACTIVE' },
      { deviceId: 4, description: null, ip: null, status: null },
    ]);
    expect(requests).toEqual(['GET /v1/device-server?count=200']);
  });
});

describe('POST /session-server', () => {
  const session = (user: object) => [{ Id: { id: 6 } }, { Token: { id: 7, token: HEX, created: CREATED } }, user];
  const call = (bank: Bank) => createSessionServer(bank, installationCaller, { apiKey });

  test("brings token and user, and what is left of the time-out on the bank's clock", async () => {
    const user = { UserPaymentServiceProvider: { id: 8, display_name: 'My App', session_timeout: 3600 } };
    const { result, requests, sent } = await exchanged(session(user), call);
    expect(plain(result)).toEqual({
      sessionId: 6,
      sessionToken: HEX,
      user: { kind: 'UserPaymentServiceProvider', id: 8, displayName: 'My App' },
      lifetimeMs: 3_600_000 - 1_100,
    });
    expect([requests, sent]).toEqual([['POST /v1/session-server'], { secret: HEX }]);
  });

  test('of an API key that a user granted: who asked, who granted, and the smallest of the time-outs', async () => {
    const user = {
      UserApiKey: {
        id: 11,
        requested_by_user: { UserPaymentServiceProvider: { id: 8, session_timeout: 7200 } },
        granted_by_user: { UserPerson: { id: 12, session_timeout: 5400 }, UserCompany: null },
      },
    };
    const { result } = await exchanged(session(user), call, { Date: 'Sat, 21 Nov 2026 10:00:00 GMT' });
    expect(result.user).toEqual({
      kind: 'UserApiKey',
      id: 11,
      displayName: null,
      requestedBy: { kind: 'UserPaymentServiceProvider', id: 8 },
      grantedBy: { kind: 'UserPerson', id: 12 },
    });
    expect(result.lifetimeMs).toBe(5_400_000);
  });

  test('without a creation time the request itself counts as its age', async () => {
    const items = [{ Id: { id: 6 } }, { Token: { token: HEX, created: null } }, { UserPerson: { id: 8, session_timeout: 604_800 } }];
    const { result } = await exchanged(items, call);
    expect(result.lifetimeMs).toBeLessThan(604_800_000);
    expect(result.lifetimeMs).toBeGreaterThan(604_800_000 - 5_000); // the time-out of a call
  });

  test.each([
    ['no time-out', session({ UserPerson: { id: 8 } })],
    ['a time-out of nothing', session({ UserPerson: { id: 8, session_timeout: 0 } })],
    ['no user', session({ UserLight: { id: 8, session_timeout: 60 } })],
    ['no token', [{ Id: { id: 6 } }, { UserPerson: { id: 8, session_timeout: 60 } }]],
  ])('an answer with %s is invalid', async (_what, items) => {
    const { bank } = await httpBank(() => ({ body: { Response: items } }));
    expect((await bunqErrorOf(call(bank))).code).toBe('BUNQ_RESPONSE_INVALID');
  });
});

test.each(['{"Response":[]}', '{}'])('DELETE /session/{id} takes %s for done', async (body) => {
  const { bank, seen } = await httpBank(() => ({ body }));
  await expect(deleteSession(bank, sessionCaller, { sessionId: 6 })).resolves.toBeUndefined();
  expect(seen.map(({ method, url }) => `${method} ${url}`)).toEqual(['DELETE /v1/session/6']);
});

test('GET /user brings the user, wherever it stands in the list', async () => {
  const { result, requests } = await exchanged([{ Other: {} }, { UserCompany: { id: 8, display_name: 'B.V.' } }], (bank) =>
    readUser(bank, sessionCaller),
  );
  expect(result).toEqual({ kind: 'UserCompany', id: 8, displayName: 'B.V.' });
  expect(requests).toEqual(['GET /v1/user']);
});

describe('/user/{userID}/oauth-client', () => {
  const stored = {
    id: 9,
    status: 'ACTIVE',
    display_name: 'My App',
    client_id: 'cd'.repeat(32),
    secret: HEX,
    callback_url: [{ id: 1, created: CREATED, url: 'https://a.example/' }],
  };

  test('GET of one brings id, secret and callback URLs', async () => {
    const { result, requests } = await exchanged([{ OauthClient: stored }], (bank) => readOAuthClient(bank, sessionCaller, oauthClient));
    expect(plain(result)).toEqual({
      oauthClientId: 9,
      status: 'ACTIVE',
      displayName: 'My App',
      clientId: 'cd'.repeat(32),
      clientSecret: HEX,
      callbackUrls: [{ id: 1, url: 'https://a.example/' }],
    });
    expect(requests).toEqual(['GET /v1/user/7/oauth-client/9']);
  });

  test('GET lists, also where the bank leaves secret and callback URLs out', async () => {
    const { result } = await exchanged([{ OauthClient: { id: 9, status: 'CANCELLED', secret: null } }], (bank) =>
      listOAuthClients(bank, sessionCaller, { userId: 7 }),
    );
    expect(result).toEqual([
      { oauthClientId: 9, status: 'CANCELLED', displayName: null, clientId: null, clientSecret: null, callbackUrls: [] },
    ]);
  });

  test('POST asks for an active one', async () => {
    const { result, requests, sent } = await exchanged([{ Id: { id: 9 } }], (bank) =>
      createOAuthClient(bank, sessionCaller, { userId: 7 }),
    );
    expect([result, requests, sent]).toEqual([{ oauthClientId: 9 }, ['POST /v1/user/7/oauth-client'], { status: 'ACTIVE' }]);
  });
});

describe('…/callback-url', () => {
  const path = '/v1/user/7/oauth-client/9/callback-url';

  test('GET lists', async () => {
    const items = [{ OauthCallbackUrl: { id: 2, created: CREATED, url: 'https://b.example/' } }];
    const { result, requests } = await exchanged(items, (bank) => listCallbackUrls(bank, sessionCaller, oauthClient));
    expect([result, requests]).toEqual([[{ id: 2, url: 'https://b.example/' }], [`GET ${path}?count=200`]]);
  });

  test('POST sends the URL to its last slash', async () => {
    const { result, requests, sent } = await exchanged([{ Id: { id: 2 } }], (bank) =>
      createCallbackUrl(bank, sessionCaller, { ...oauthClient, url: 'https://b.example/' }),
    );
    expect([result, requests, sent]).toEqual([{ callbackUrlId: 2 }, [`POST ${path}`], { url: 'https://b.example/' }]);
  });

  test('DELETE', async () => {
    const { requests } = await exchanged([], (bank) => deleteCallbackUrl(bank, sessionCaller, { ...oauthClient, callbackUrlId: 2 }));
    expect(requests).toEqual([`DELETE ${path}/2`]);
  });
});

test('POST /sandbox-user-person', async () => {
  const { result, requests } = await exchanged([{ ApiKey: { api_key: `sandbox_${HEX}` } }], (bank) =>
    createSandboxUser(bank, { type: 'person' }),
  );
  expect(result.apiKey.text()).toBe(`sandbox_${HEX}`);
  expect(requests).toEqual(['POST /v1/sandbox-user-person']);
});

test('GET /user/{userID}/monetary-account brings accounts of every kind', async () => {
  const items = [
    { MonetaryAccountSavings: { id: 2, status: 'ACTIVE', currency: 'EUR', description: 'Later' } },
    { MonetaryAccountBank: { id: 1 } },
    { Other: { id: 3 } },
  ];
  const { result, requests } = await exchanged(items, (bank) => listMonetaryAccounts(bank, sessionCaller, { userId: 7 }));
  expect(result).toEqual([
    { kind: 'MonetaryAccountSavings', id: 2, status: 'ACTIVE', currency: 'EUR', description: 'Later' },
    { kind: 'MonetaryAccountBank', id: 1, status: null, currency: null, description: null },
  ]);
  expect(requests).toEqual(['GET /v1/user/7/monetary-account?count=200']);
});
