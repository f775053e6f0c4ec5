import type { TestConnection } from '../support/connection.ts';
import { askForConsent, comeBack, type Link } from '../support/end-user.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

/** An end user's connection: from the link to a session that is kept, and to the end of the access. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';

/** A provider, its first hour over, and its first link for an end user. */
async function aProviderAndAda(): Promise<{ acme: TestConnection; ada: TestConnection; link: Link }> {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  const ada = keeper.connectionBeside(acme, 'acme/ada');
  const link = await askForConsent(acme, ada);
  await ada.becomes('AWAITING_AUTHORIZATION');
  acme.simulator.resetRequests();
  return { acme, ada, link };
}

type Choice = { user?: number; deny?: boolean };

/** At the bank's page. */
function consents({ simulator }: TestConnection, { url, state }: Link, choice: Choice = {}): string {
  const clientId = url.searchParams.get('client_id')!;
  return simulator.authorize({ clientId, redirectUri: URL, state, ...choice });
}

const comesBack = (user: TestConnection, redirect: string) => comeBack(user, redirect, ENVIRONMENT);

async function connected() {
  const { acme, ada, link } = await aProviderAndAda();
  expect(await comesBack(ada, consents(acme, link))).toEqual({ outcome: 'connected', name: 'acme/ada' });
  const status = await ada.becomes('ACTIVE');
  return { acme, ada, status };
}

test('nothing is asked of the bank before the end user has granted access', async () => {
  const { acme, ada } = await aProviderAndAda();
  await keeper.time.pass(40 * DAY);
  expect(acme.simulator.requests().filter(({ endpoint }) => /token|installation|device/.test(endpoint ?? ''))).toEqual([]);
  expect(await ada.status()).toMatchObject({ state: 'AWAITING_AUTHORIZATION', authorization: { status: 'expired' }, consentedAt: null });
});

test('a consent becomes an installation, a device and a session of its own, kept like a provider’s', async () => {
  const { acme, ada, status } = await connected();
  expect(status).toMatchObject({
    name: 'acme/ada',
    state: 'ACTIVE',
    consentedAt: expect.any(String),
    oauthClient: null,
    authorization: { status: 'connected' },
    steps: expect.arrayContaining([expect.objectContaining({ name: 'oauth-client', status: 'skipped' })]),
  });
  expect((await ada.session())!.user).toMatchObject({ kind: 'UserApiKey', requestedBy: { kind: 'UserPaymentServiceProvider' } });
  const order = acme.simulator.requests().map(({ endpoint }) => endpoint);
  expect(order.slice(0, 5)).toEqual(['POST /token', 'POST /installation', 'POST /device-server', 'POST /session-server', 'GET /user']);
  const { searchAttributes } = await ada.handle.describe();
  expect(searchAttributes).toMatchObject({ KeeperProvider: ['acme'], KeeperState: ['ACTIVE'] });
  await keeper.time.pass(60 * DAY);
  expect((await ada.state()).counts.renewals).toBeGreaterThan(5);
  expect(ada.simulator.lapses({ connection: 'acme/ada' })).toEqual([]);
  expect(acme.requests('POST /token')).toHaveLength(1);
});

test('denied, expired, repeated and forged redirects are told apart, and none of them is exchanged', async () => {
  const { acme, ada, link } = await aProviderAndAda();
  const denied = consents(acme, link, { deny: true });
  expect(await comesBack(ada, denied)).toEqual({ outcome: 'denied', name: 'acme/ada' });
  expect(await comesBack(ada, denied)).toEqual({ outcome: 'repeated', first: 'denied', name: 'acme/ada' });
  expect(await ada.status()).toMatchObject({ state: 'AWAITING_AUTHORIZATION', authorization: { status: 'denied' } });
  const late = await askForConsent(acme, ada, 10 * MINUTE);
  const redirect = consents(acme, late);
  await keeper.time.pass(10 * MINUTE);
  expect(await comesBack(ada, redirect)).toEqual({ outcome: 'expired', name: 'acme/ada' });
  const events = async () => (await ada.events()).filter(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update).length;
  const before = await events();
  const forged = redirect.replace(/state=./, (start) => (start.endsWith('A') ? 'state=B' : 'state=A'));
  expect(await comesBack(ada, forged)).toEqual({ outcome: 'unknown', name: null });
  expect(await comesBack(ada, `${URL}?code=1&state=nonsense`)).toEqual({ outcome: 'unknown', name: null });
  expect(await events()).toBe(before);
  expect(acme.requests('POST /token')).toEqual([]);
});

test('a code whose answer was lost is not sent again: the end user is asked again, and says so', async () => {
  const { acme, ada, link } = await aProviderAndAda();
  acme.simulator.fault({ endpoint: 'POST /token', kind: 'lose-answer-after-effect' });
  expect(await comesBack(ada, consents(acme, link))).toEqual({ outcome: 'failed', name: 'acme/ada' });
  await keeper.time.pass(HOUR);
  expect(acme.requests('POST /token')).toHaveLength(1);
  expect(await ada.status()).toMatchObject({
    state: 'AWAITING_AUTHORIZATION',
    authorization: { status: 'failed' },
    lastError: { code: 'BUNQ_ANSWER_LOST', endpoint: 'POST /v1/token' },
  });
  const again = await askForConsent(acme, ada);
  expect(await comesBack(ada, consents(acme, again))).toMatchObject({ outcome: 'connected' });
  expect(await ada.becomes('ACTIVE')).toMatchObject({ lastError: null });
});

test.each([
  ['soon enough for the page', 3, 'connected'],
  ['later', 6, 'pending'],
])('a code that the bank has not taken is sent again when the way is free: %s', async (_when, times, outcome) => {
  const { acme, ada, link } = await aProviderAndAda();
  acme.simulator.fault({ endpoint: 'POST /token', kind: 'status', status: 429, description: 'Too many requests.', times });
  const redirect = consents(acme, link);
  let isAnswered = false;
  const answering = comesBack(ada, redirect).finally(() => {
    isAnswered = true;
  });
  while (!isAnswered) await keeper.time.pass(SECOND);
  expect(await answering).toMatchObject({ outcome });
  await ada.becomes('ACTIVE');
  expect(await comesBack(ada, redirect)).toEqual({ outcome: 'repeated', first: 'connected', name: 'acme/ada' });
  expect(acme.requests('POST /token')).toHaveLength(times + 1);
});

test('access granted anew takes the place of the former under the same name, which is served until then', async () => {
  const { acme, ada, status } = await connected();
  const { session } = status;
  const link = await askForConsent(acme, ada);
  expect(await ada.status()).toMatchObject({ state: 'ACTIVE', authorization: { status: 'asked' }, session });
  await keeper.time.pass(MINUTE);
  expect(await comesBack(ada, consents(acme, link))).toMatchObject({ outcome: 'connected' });
  const renewed = await ada.until('has another session', (now) => now.session?.openedAt !== session!.openedAt && now.state === 'ACTIVE');
  expect(Date.parse(renewed.consentedAt!)).toBeGreaterThan(Date.parse(status.consentedAt!));
  expect(ada.simulator.lapses({ connection: 'acme/ada' })).toEqual([]);
  expect(acme.requests('POST /installation')).toHaveLength(1);
});

test('access granted by another bank user is not served: the former goes on', async () => {
  const { acme, ada, status } = await connected();
  const [, other] = acme.simulator.endUsers();
  const link = await askForConsent(acme, ada);
  expect(await comesBack(ada, consents(acme, link, { user: other!.id }))).toMatchObject({ outcome: 'connected' });
  const { action } = await ada.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({ code: 'DIFFERENT_USER', remedy: expect.stringContaining('bunq-keeper connect-user acme ada') });
  expect((await ada.status()).session).toEqual(status.session);
  const again = await askForConsent(acme, ada);
  await comesBack(ada, consents(acme, again));
  await ada.until('is well again', (now) => now.state === 'ACTIVE' && now.session!.openedAt !== status.session!.openedAt);
});

test('access that was revoked is noticed at the next refused call, told after an hour, and granted again in place', async () => {
  const { acme, ada, status } = await connected();
  const { sessionId, user } = (await ada.session())!;
  acme.simulator.revokeGrant({ userApiKeyId: user.id });
  const { answer } = await ada.report(sessionId);
  expect(answer.outcome).toBe('repairing');
  const revoked = await ada.becomes('REVOKED', 5 * MINUTE);
  expect(revoked).toMatchObject({ action: null, revoked: { confirmedAt: null } });
  const { revoked: told } = await ada.until('is told', (now) => now.revoked?.confirmedAt != null, 2 * HOUR);
  expect(Date.parse(told!.confirmedAt!) - Date.parse(told!.since)).toBeGreaterThanOrEqual(HOUR);
  const tries = acme.requests('POST /session-server').length;
  await keeper.time.pass(30 * DAY);
  expect(await ada.status()).toMatchObject({ state: 'REVOKED', session: null });
  expect(acme.requests('POST /session-server').length - tries).toBeLessThan(3); // acme's own renewals
  expect(acme.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
  const link = await askForConsent(acme, ada);
  expect(await comesBack(ada, consents(acme, link))).toMatchObject({ outcome: 'connected' });
  const again = await ada.becomes('ACTIVE');
  expect(again).toMatchObject({ recovered: { from: 'REVOKED' }, lastError: null });
  expect(again.revoked).toBeUndefined();
  expect(again.session!.userId).not.toBe(status.session!.userId); // the bank makes a UserApiKey for each consent
});

test('a refusal that passes within the hour ends the revocation by itself', async () => {
  const { acme, ada, status } = await connected();
  const description = 'User credentials are incorrect. Incorrect API key or IP address.';
  const refuseOnce = () => acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 400, description });
  const before = (await acme.status()).session!.openedAt;
  refuseOnce();
  await ada.renew();
  await acme.until('was asked to open one too', ({ session }) => session!.openedAt !== before, 2 * MINUTE);
  refuseOnce();
  await ada.becomes('REVOKED', 5 * MINUTE);
  const again = await ada.becomes('ACTIVE', 2 * HOUR);
  expect(again.revoked).toBeUndefined();
  expect(again).toMatchObject({ consentedAt: status.consentedAt, recovered: { from: 'REVOKED' } });
});
