import type { TestConnection } from '../support/connection.ts';
import { newApiKey, providerCertificate, sealedApiKey } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** What waits for a person holds itself and what stands on it; the session goes on being kept. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';
const SETTINGS = { firstSessionLifetimeMs: 3 * DAY, sessionLifetimeMs: 3 * DAY };

async function expiredCertificate(connection: TestConnection) {
  const nowMs = connection.simulator.nowMs();
  return { ...(await providerCertificate('Other App')), expiresAt: new Date(nowMs - HOUR).toISOString() };
}

async function renewedThreeTimes(connection: TestConnection): Promise<void> {
  const { renewals } = (await connection.state()).counts;
  await keeper.time.pass(7 * DAY);
  expect(await connection.status()).toMatchObject({ state: 'ACTION_REQUIRED', session: { userId: expect.any(Number) } });
  expect((await connection.state()).counts.renewals).toBeGreaterThanOrEqual(renewals + 3);
  expect(connection.simulator.lapses({ connection: connection.name })).toEqual([]);
}

test('while a callback URL waits for a person the session is renewed three times', async () => {
  const acme = await keeper.connection('acme', SETTINGS);
  await acme.onboard({ callbackUrls: [URL, 'https://[acme.example/'] });
  expect((await acme.becomes('ACTION_REQUIRED')).action).toMatchObject({ code: 'CALLBACK_URL_REFUSED' });
  await renewedThreeTimes(acme);
  await acme.setCallbackUrls([URL]);
  expect(await acme.becomes('ACTIVE')).toMatchObject({ recovered: { from: 'ACTION_REQUIRED', code: 'CALLBACK_URL_REFUSED' } });
});

test('while a new API key waits for a certificate that has not expired the session is renewed three times on the former key', async () => {
  const acme = await keeper.connection('acme', SETTINGS);
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  await acme.resume(await expiredCertificate(acme));
  const { action } = await acme.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({
    code: 'CERTIFICATE_EXPIRED',
    remedy: expect.stringMatching(/bunq-keeper resume acme --certificate F --chain F --signer S$/),
  });
  await renewedThreeTimes(acme);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  await acme.resume();
  await acme.becomes('ACTION_REQUIRED');
  await acme.resume(await providerCertificate());
  const { openedAt } = (await acme.session())!;
  await acme.until('stands on a new key', ({ session, state }) => session?.openedAt !== openedAt && state === 'ACTIVE', 5 * MINUTE);
  expect(await acme.status()).toMatchObject({ recovered: { from: 'ACTION_REQUIRED', code: 'CERTIFICATE_EXPIRED' } });
  expect(acme.bankHolds()).toMatchObject({ credentials: 2, oauthClients: 1, callbackUrls: [URL] });
});

test.each([
  ['403', 403, 10 * MINUTE],
  ['400', 400, 2 * HOUR],
] as const)('while a new API key waits for a certificate, %s for everybody at the renewal ends no session', async (_, status, forMs) => {
  const acme = await keeper.connection('acme', SETTINGS);
  await acme.onboard();
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR); // the first session counts as an hour at most
  await acme.resume(await expiredCertificate(acme));
  const { session } = await acme.becomes('ACTION_REQUIRED');
  acme.simulator.fault({ endpoint: '*', kind: 'status', status, fromMs: Date.parse(session!.renewAt) - MINUTE, forMs });
  await acme.passUntil(session!.renewAt);
  await renewedThreeTimes(acme);
});

test('without a session what waits for a person is tried again within the hour', async () => {
  const acme = await keeper.connection('acme', SETTINGS);
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  await acme.resume(await expiredCertificate(acme));
  await acme.becomes('ACTION_REQUIRED');
  acme.simulator.fault({ endpoint: '*', kind: 'status', status: 400, fromMs: Date.parse(session!.renewAt) - MINUTE, forMs: 2 * HOUR });
  await keeper.time.pass(4 * HOUR);
  expect(await acme.status()).toMatchObject({ state: 'ACTION_REQUIRED', session: { userId: session!.userId } });
});

test('a certificate that has expired does not matter while the API key lives, and is asked for when that dies', async () => {
  const acme = await keeper.connection('acme', SETTINGS);
  const expiresAt = new Date(acme.simulator.nowMs() + DAY).toISOString();
  await acme.onboard({ credential: { ...(await providerCertificate()), expiresAt } });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(4 * DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE', action: null });
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.renew();
  expect((await acme.becomes('ACTION_REQUIRED', 10 * MINUTE)).action).toMatchObject({
    code: 'CERTIFICATE_EXPIRED',
    seen: { code: 'BUNQ_CREDENTIALS_INCORRECT', status: 400, responseId: expect.any(String) },
  });
  await acme.resume();
  expect((await acme.becomes('ACTION_REQUIRED', 10 * MINUTE)).action).toMatchObject({ code: 'CERTIFICATE_EXPIRED' });
  const { openedAt } = (await acme.session())!;
  await acme.resume(await providerCertificate());
  await acme.until('is renewed', (now) => now.session?.openedAt !== openedAt && now.state === 'ACTIVE', 5 * MINUTE);
});

test('a session of another user overwrites nothing: it is closed, and what counts is the former credential', async () => {
  const acme = await keeper.connection('acme', SETTINGS);
  await acme.onboard({ callbackUrls: [URL] });
  const before = await acme.becomes('ACTIVE');
  const { ladder, serving } = await acme.state();
  await acme.resume(await providerCertificate('Somebody Else'));
  const { action, ...after } = await acme.becomes('ACTION_REQUIRED', 5 * MINUTE);
  expect(action).toMatchObject({ code: 'DIFFERENT_USER' });
  expect(after).toMatchObject({ session: before.session, certificate: before.certificate, oauthClient: before.oauthClient });
  const state = await acme.state();
  expect(state.serving).toEqual(serving);
  expect(state.ladder).toEqual({ ...ladder, qsealSignature: null });
  await acme.until('has closed it', () => acme.bankHolds().sessions === 1);
  await acme.resume();
  expect(await acme.becomes('ACTIVE')).toMatchObject({ session: before.session, recovered: { code: 'DIFFERENT_USER' } });
  await keeper.time.pass(4 * DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE', certificate: before.certificate });
});

test('an API key that the bank refuses is asked for, and one that it takes goes on', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  await ada.onboard({ credential: await sealedApiKey(ada.workflowId, apiKey) });
  const { session } = await ada.becomes('ACTIVE');
  ada.simulator.revokeCredential(ada.simulator.state().credentials[0]!.id);
  await ada.renew();
  const { action } = await ada.becomes('ACTION_REQUIRED', 10 * MINUTE);
  expect(action).toMatchObject({
    code: 'API_KEY_REJECTED',
    seen: { status: 400, text: expect.stringContaining('Incorrect API key'), responseId: expect.any(String) },
    remedy: expect.stringMatching(/bunq-keeper resume ada --api-key-file F$/),
  });
  const details = (await ada.currentDetails()).replaceAll('`', '');
  for (const told of ['ACTION_REQUIRED', action!.remedy, action!.seen.responseId!, action!.seen.text!]) expect(details).toContain(told);
  expect(ada.states.at(-1)).toMatchObject({ state: 'ACTION_REQUIRED', code: 'API_KEY_REJECTED' });
  expect(await ada.status()).toMatchObject({ session });
  await ada.resume();
  expect((await ada.becomes('ACTION_REQUIRED', 10 * MINUTE)).action).toMatchObject({ code: 'API_KEY_REJECTED', seen: { times: 2 } });
});
