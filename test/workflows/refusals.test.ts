import { Secret } from '../../sealing/secret.ts';
import { newApiKey, providerCertificate, sealedApiKey } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';

test('a certificate that the bank refuses waits for a person, is tried once a day, and another one goes on', async () => {
  const acme = await keeper.connection('acme');
  const refused = { ...(await providerCertificate()), chainPem: (await providerCertificate('Other App')).certificatePem };
  await acme.onboard({ credential: refused });
  const { action } = await acme.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({
    code: 'CREDENTIAL_REFUSED',
    seen: { code: 'BUNQ_BAD_REQUEST', endpoint: 'POST /v1/payment-service-provider-credential', status: 400, times: 1 },
    remedy: expect.stringContaining('bunq-keeper resume acme --certificate F --chain F --signer S'),
  });
  const asked = () => acme.requests('POST /payment-service-provider-credential').length;
  await keeper.time.pass(3 * DAY + HOUR);
  expect(asked()).toBe(4);
  await acme.resume(await providerCertificate('Other App'));
  const status = await acme.becomes('ACTIVE');
  expect(status).toMatchObject({ action: null, lastError: null, certificate: { subject: '/CN=Other App PISP AISP/C=NL' } });
  expect(asked()).toBe(5);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, sessions: 1, oauthClients: 1 });
});

test('a wrong API key waits for a person after it was refused twice, half a minute apart', async () => {
  const ada = await keeper.connection('ada');
  await ada.onboard({ credential: await sealedApiKey(ada.workflowId, new Secret('f0'.repeat(32))) });
  const { action } = await ada.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({
    code: 'API_KEY_REJECTED',
    seen: { code: 'BUNQ_CREDENTIALS_INCORRECT', times: 2 },
    remedy: expect.stringContaining('bunq-keeper resume ada --api-key-file F'),
  });
  const [first, second, ...more] = ada.requests('POST /device-server').map(({ at }) => at);
  expect(second! - first!).toBeGreaterThanOrEqual(30 * SECOND);
  expect(more).toEqual([]);
  await ada.resume(await sealedApiKey(ada.workflowId, await newApiKey(ada.simulator.apiUrl)));
  expect(await ada.becomes('ACTIVE')).toMatchObject({ action: null, lastError: null });
  expect(ada.bankHolds()).toMatchObject({ installations: 1, devices: 1, sessions: 1 });
});

test('a callback URL that the bank refuses waits for a person, and the session is renewed meanwhile', async () => {
  const acme = await keeper.connection('acme', { sessionLifetimeMs: 3 * DAY });
  await acme.onboard({ callbackUrls: [URL, 'https://[acme.example/'] });
  const { action } = await acme.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({ code: 'CALLBACK_URL_REFUSED', remedy: expect.stringContaining('bunq-keeper callback-urls acme set U') });
  await keeper.time.pass(5 * DAY + HOUR);
  expect(await acme.status()).toMatchObject({ state: 'ACTION_REQUIRED', session: { userId: expect.any(Number) } });
  expect((await acme.state()).counts.renewals).toBe(3);
  expect(acme.bankHolds()).toMatchObject({ sessions: 1, oauthClients: 1, callbackUrls: [URL] });
  expect(acme.requests('POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url')).toHaveLength(2 + 5); // once a day
  await acme.setCallbackUrls([URL]);
  expect(await acme.becomes('ACTIVE')).toMatchObject({ action: null, oauthClient: { callbackUrls: [URL] } });
});

test('an API key that could not be bound within its hour is replaced by itself', async () => {
  const acme = await keeper.connection('acme');
  acme.simulator.fault({ endpoint: 'POST /device-server', kind: 'reset', times: null });
  await acme.onboard();
  await keeper.time.pass(HOUR + MINUTE);
  acme.bankComesBack();
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.simulator.state().credentials.map(({ status }) => status)).toEqual(['EXPIRED', 'ACTIVE']);
  expect((await acme.state()).counts.repairs).toBe(0);
});

test('an installation that the bank has forgotten is replaced once an hour, and beyond that a person looks at it', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: [URL] });
  const { oauthClient } = await acme.becomes('ACTIVE');
  await keeper.time.pass(2 * HOUR);
  const forget = async () => {
    for (const { id } of acme.simulator.state().installations) acme.simulator.revokeInstallation(id);
    await acme.renew();
  };
  await forget();
  await acme.until('is repaired', ({ state }) => state === 'ACTIVE' && acme.bankHolds().sessions === 1, 5 * MINUTE);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  await forget();
  await acme.becomes('DEGRADED', 5 * MINUTE);
  const { action } = await acme.becomes('ACTION_REQUIRED', 30 * MINUTE); // a bank in trouble for a quarter of an hour wakes nobody
  expect(action).toMatchObject({ code: 'REPAIR_LOOP', seen: { code: 'BUNQ_TOKEN_REJECTED' } });
  await acme.resume();
  expect(await acme.becomes('ACTIVE', 5 * MINUTE)).toMatchObject({ oauthClient });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, sessions: 1, oauthClients: 1 });
});

test('an API key that died is made anew for a provider, from its certificate', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: [URL] });
  const { oauthClient } = await acme.becomes('ACTIVE');
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.renew();
  await acme.until('is repaired', ({ state }) => state === 'ACTIVE' && acme.bankHolds().credentials === 1, 5 * MINUTE);
  expect(await acme.status()).toMatchObject({ oauthClient, lastError: null });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, oauthClients: 1 });
});

test('a session and an API key that die together while something is asked for are not asked again and again', async () => {
  const ada = await keeper.connection('ada');
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URL] });
  await ada.becomes('ACTIVE');
  ada.simulator.revokeCredential(ada.simulator.state().credentials[0]!.id);
  ada.simulator.expireSession((await ada.session())!.sessionId);
  ada.simulator.resetRequests();
  await ada.setCallbackUrls([URL, 'https://acme.example/other']);
  expect((await ada.becomes('ACTION_REQUIRED')).action).toMatchObject({ code: 'API_KEY_REJECTED' });
  expect(ada.simulator.requests().length).toBeLessThan(12);
  await keeper.time.pass(DAY);
});

test('a call that the bank refuses on a good session waits for a person: a role may be missing', async () => {
  const acme = await keeper.connection('acme');
  const text = 'Insufficient authorisation.';
  acme.simulator.fault({ endpoint: 'POST /user/{userID}/oauth-client', kind: 'status', status: 403, description: text, times: null });
  await acme.onboard();
  const { action } = await acme.becomes('ACTION_REQUIRED', 5 * MINUTE);
  expect(action).toMatchObject({ code: 'OAUTH_CLIENT_REFUSED', seen: { text, times: 2 } });
  expect(acme.bankHolds().sessions).toBe(1);
});

test('a session of another user is closed, and the former one goes on being served', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  await ada.onboard({ credential: await sealedApiKey(ada.workflowId, apiKey) });
  const { session } = await ada.becomes('ACTIVE');
  await ada.resume(await sealedApiKey(ada.workflowId, await newApiKey(ada.simulator.apiUrl)));
  const { action } = await ada.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({ code: 'DIFFERENT_USER', remedy: expect.stringContaining('bunq-keeper resume ada') });
  expect(await ada.session()).toMatchObject({ user: { id: session!.userId }, openedAt: session!.openedAt });
  await ada.until('has closed it', () => ada.bankHolds().sessions === 1);
  expect(ada.simulator.state().sessions.map(({ status }) => status)).toEqual(['ACTIVE', 'DELETED']);
  await ada.resume(await sealedApiKey(ada.workflowId, apiKey));
  const status = await ada.until('is renewed', (now) => now.session?.openedAt !== session!.openedAt && now.state === 'ACTIVE');
  expect(status.session).toMatchObject({ userId: session!.userId });
});

test('a new credential that is given while the former is being tried is the one that counts', async () => {
  const acme = await keeper.connection('acme');
  const endpoint = 'POST /payment-service-provider-credential';
  acme.simulator.fault({ endpoint, kind: 'status', status: 503 });
  await acme.onboard();
  await acme.resume(await providerCertificate('Other App'));
  expect(await acme.becomes('ACTIVE')).toMatchObject({ certificate: { subject: '/CN=Other App PISP AISP/C=NL' } });
  expect(acme.simulator.state().users.at(-1)).toMatchObject({ displayName: 'Other App PISP AISP' });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, sessions: 1, oauthClients: 1 });
});

test('what is wrong with an update is said, and nothing is changed', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  const said = async (update: Promise<unknown>) => {
    const error = (await update.then(
      () => null,
      (thrown: unknown) => thrown,
    )) as { cause?: Error } | null;
    return error?.cause?.message;
  };
  expect(await said(acme.setCallbackUrls(['http://acme.example/']))).toContain('http://acme.example/ is not a callback URL');
  expect(await said(acme.resume({ type: 'sandbox-user' }))).toContain('credential of type qseal, not sandbox-user');
  expect((await acme.state()).wanted.callbackUrls).toEqual([]);
});
