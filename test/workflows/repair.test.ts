import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

/** Whom an answer blames, line by line, for a connection that is alone on its egress. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';
const OTHER_URL = 'https://acme.example/other';

async function onboarded(name: string, settings: Parameters<typeof keeper.connection>[1] = {}) {
  const connection = await keeper.connection(name, settings);
  await connection.onboard({ callbackUrls: [URL] });
  const status = await connection.becomes('ACTIVE');
  await keeper.time.pass(MINUTE);
  connection.simulator.resetRequests();
  return { connection, status, session: (await connection.session())! };
}

/** From the first to the second of the requests, in seconds. */
const apart = ([first, second]: readonly { at: number }[]) => (second!.at - first!.at) / SECOND;

test('a call that is refused, as is our own reading: the session is replaced, and nothing else', async () => {
  const { connection: acme, session } = await onboarded('acme');
  acme.simulator.revokeSession(session.sessionId);
  await acme.setCallbackUrls([URL, OTHER_URL]);
  const status = await acme.until('has both', ({ oauthClient, state }) => oauthClient!.callbackUrls.length === 2 && state === 'ACTIVE');
  expect(status.session!.openedAt).not.toBe(session.openedAt);
  expect(acme.requests('POST /session-server')).toHaveLength(1);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, devices: 1, oauthClients: 1, callbackUrls: [URL, OTHER_URL] });
});

test('a call that is refused while our own reading passes: the session is kept, and the refusal told', async () => {
  const { connection: acme, session } = await onboarded('acme');
  const text = 'Insufficient authorisation.';
  const endpoint = 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url';
  acme.simulator.fault({ endpoint, kind: 'status', status: 403, description: text, times: null });
  await acme.setCallbackUrls([URL, OTHER_URL]);
  const { action } = await acme.becomes('ACTION_REQUIRED');
  expect(action).toMatchObject({
    code: 'CALLBACK_URL_REFUSED',
    seen: { status: 403, text, times: 2, endpoint: expect.stringMatching(/callback-url$/) },
  });
  expect(await acme.session()).toMatchObject({ sessionId: session.sessionId, doubtful: false });
  expect(acme.requests('POST /session-server')).toEqual([]);
});

test('a session-server that refuses the installation once is asked again, and nothing is made', async () => {
  const { connection: acme } = await onboarded('acme');
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 401 });
  await acme.renew();
  await acme.until('is renewed', () => acme.requests('POST /session-server').length === 2 && acme.bankHolds().sessions >= 1, 5 * MINUTE);
  expect(await acme.becomes('ACTIVE')).toMatchObject({ recovered: { from: 'DEGRADED', code: 'BUNQ_TOKEN_REJECTED' } });
  expect(acme.requests('POST /installation')).toEqual([]);
});

test('a session-server that refuses the installation again half a minute later: a new installation, with the same API key', async () => {
  const { connection: acme, session } = await onboarded('acme');
  for (const { id } of acme.simulator.state().installations) acme.simulator.revokeInstallation(id);
  await acme.renew();
  await acme.until('is renewed', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE', 10 * MINUTE);
  expect(apart(acme.requests('POST /session-server'))).toBeGreaterThanOrEqual(30);
  expect(acme.requests('POST /session-server')).toHaveLength(3);
  expect(acme.requests('POST /installation')).toHaveLength(1);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, oauthClients: 1, callbackUrls: [URL] });
});

test('a device-server that refuses the installation again half a minute later: a new installation, with the same API key', async () => {
  const acme = await keeper.connection('acme');
  acme.simulator.fault({ endpoint: 'POST /device-server', kind: 'status', status: 503, times: 3 });
  await acme.onboard();
  await acme.until('has an API key', () => acme.requests('POST /device-server').length > 0);
  acme.simulator.revokeInstallation(acme.simulator.state().installations[0]!.id);
  await acme.becomes('ACTIVE', 10 * MINUTE);
  expect(apart(acme.requests('POST /device-server').filter(({ status }) => status === 401))).toBeGreaterThanOrEqual(30);
  expect(acme.requests('POST /installation')).toHaveLength(2);
  expect(acme.simulator.state().credentials).toHaveLength(1);
});

test('a device-server that refuses the API key again half a minute later, within its hour: a new API key', async () => {
  const acme = await keeper.connection('acme');
  acme.simulator.fault({ endpoint: 'POST /device-server', kind: 'status', status: 429, times: 3 });
  await acme.onboard();
  await acme.until('has an API key', () => acme.requests('POST /device-server').length > 0);
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.becomes('ACTIVE', 10 * MINUTE);
  expect(acme.simulator.state().credentials.map(({ status }) => status)).toEqual(['REVOKED', 'ACTIVE']);
  expect(acme.requests('POST /installation')).toHaveLength(1);
  expect((await acme.state()).counts.repairs).toBe(1);
});

test('a session-server that refuses the API key: twice, half a minute apart, and the only connection of its egress makes a new one', async () => {
  const { connection: acme, session, status } = await onboarded('acme');
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.renew();
  const after = await acme.until('is renewed', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE', 10 * MINUTE);
  expect(apart(acme.requests('POST /session-server'))).toBeGreaterThanOrEqual(30);
  expect(acme.requests('POST /payment-service-provider-credential')).toHaveLength(1);
  expect(acme.requests('POST /installation')).toEqual([]);
  expect(after).toMatchObject({ oauthClient: status.oauthClient, recovered: { from: 'DEGRADED', code: 'BUNQ_CREDENTIALS_INCORRECT' } });
});

test('a device whose binding was answered unclearly is bound once more before the API key is blamed', async () => {
  const acme = await keeper.connection('acme', { refuseRebinding: true });
  acme.simulator.fault({ endpoint: 'POST /device-server', kind: 'lose-answer-after-effect' });
  await acme.onboard();
  await acme.becomes('ACTIVE', 10 * MINUTE);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  expect((await acme.state()).counts.repairs).toBe(0);
});

test('a bank that wants one session for each installation gets a new key pair for each, and the former session is served on', async () => {
  const { connection: acme, session } = await onboarded('acme', { oneSessionPerInstallation: true });
  await acme.renew();
  const renewing = await acme.until('makes a new one', () => acme.requests('POST /installation').length === 1);
  expect(renewing.session).toMatchObject({ openedAt: session.openedAt });
  await acme.until('is renewed', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE', 5 * MINUTE);
  await acme.until('has closed the former', () => acme.bankHolds().sessions === 1, 10 * MINUTE);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
});

test('403 for everybody for ten minutes: the session is served on, and no API key is made', async () => {
  const { connection: acme, session } = await onboarded('acme', { firstSessionLifetimeMs: 12 * HOUR });
  acme.simulator.fault({ endpoint: '*', kind: 'status', status: 403, forMs: 10 * MINUTE });
  await acme.renew();
  const { answer } = await acme.report(session.sessionId);
  expect(answer).toMatchObject({ outcome: 'repairing', session: { sessionId: session.sessionId, doubtful: true } });
  await keeper.time.pass(9 * MINUTE);
  expect(await acme.session()).toMatchObject({ sessionId: session.sessionId });
  expect(acme.simulator.state().sessions.map(({ status }) => status)).toEqual(['ACTIVE']);
  await acme.until('is renewed', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE', 30 * MINUTE);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
  expect(acme.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
});

test('an API key that is not bound within its hour, as the bank is down, is replaced by itself', async () => {
  const acme = await keeper.connection('acme');
  acme.simulator.fault({ endpoint: 'POST /device-server', kind: 'status', status: 503, forMs: HOUR + 10 * MINUTE });
  await acme.onboard();
  await acme.becomes('ACTIVE', 3 * HOUR);
  expect(acme.simulator.state().credentials.map(({ status }) => status)).toEqual(['EXPIRED', 'ACTIVE']);
  expect((await acme.state()).counts.repairs).toBe(0);
  await keeper.time.pass(DAY);
});
