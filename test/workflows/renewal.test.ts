import type { FaultOptions } from '../../simulator/index.ts';
import { type ConnectionInput, type ConnectionStatus, renewUpdate, stateQuery } from '../../workflows/messages.ts';
import type { TestConnection } from '../support/connection.ts';
import { sealingKeys } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';

test('over three years the first hour is renewed at its half, and each 90 days at about two thirds', async () => {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(3 * 365 * DAY);
  const [first, second, ...later] = acme.requests('POST /session-server').map(({ at }) => at);
  expect((second! - first!) / MINUTE).toBeCloseTo(30, 0);
  const shares = later.map((at, index) => (at - [second!, ...later][index]!) / (90 * DAY));
  expect(shares.length).toBeGreaterThanOrEqual(16);
  for (const share of shares) {
    expect(share).toBeGreaterThan(2 / 3 - 0.051);
    expect(share).toBeLessThan(2 / 3 + 0.051);
  }
  expect(acme.bankHolds()).toEqual({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: [URL] });
  expect((await acme.state()).counts).toEqual({ renewals: later.length + 1, repairs: 0 });
});

test('the former session goes on for its grace and is then closed at the bank, and client id and secret are read again', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  await acme.passUntil(session!.renewAt);
  await acme.until('is renewed', (status) => status.session?.openedAt !== session!.openedAt);
  expect(acme.bankHolds().sessions).toBe(2);
  await acme.until('has closed the former', () => acme.bankHolds().sessions === 1, 4 * MINUTE);
  const [successor] = acme.requests('POST /session-server').slice(1);
  const [closing] = acme.requests('DELETE /session/{itemId}');
  expect((closing!.at - successor!.at) / MINUTE).toBeCloseTo(3, 0); // a tenth of the half hour that was left
  expect(acme.simulator.state().sessions.map(({ status }) => status)).toEqual(['DELETED', 'ACTIVE']);
  expect(acme.requests('GET /user/{userID}/oauth-client/{itemId}')).toHaveLength(2);
});

test('after 25 renewals the connection goes on in a new run with the same state', async () => {
  const ada = await keeper.connection('ada', { allowSecondOAuthClient: true });
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URL] });
  const before = await ada.becomes('ACTIVE');
  await keeper.time.pass(125 * DAY); // 7 days live a session of a user, 4.7 days until its renewal
  const status = await ada.becomes('ACTIVE');
  expect(status.runId).not.toBe(before.runId);
  expect(status.oauthClient).toEqual(before.oauthClient);
  expect(ada.bankHolds()).toEqual({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: [URL] });

  const former = ada.client.workflow.getHandle(ada.workflowId, before.runId);
  const [started] = (await ada.handle.fetchHistory()).events!;
  const [input] = ada.decoded<ConnectionInput>(started!.workflowExecutionStartedEventAttributes!.input);
  const moved = 'state' in input! ? input.state : null;
  // A closed run is replayed to be asked, and the test server then tells its first task another time.
  expect({ ...(await former.query(stateQuery)), startedAtMs: moved!.startedAtMs }).toEqual(moved);
  expect(moved).toMatchObject({ slot: null, counts: { renewals: 25 } });
  const { memo, searchAttributes } = await ada.handle.describe();
  expect(memo).toMatchObject({ state: 'ACTIVE', wanted: { credential: 'sandbox-user', callbackUrls: [URL] } });
  expect(searchAttributes).toMatchObject({ KeeperState: ['ACTIVE'], KeeperProvider: ['ada'] });
});

test('while the bank is down for two hours at the renewal the former session goes on being served', async () => {
  const ada = await keeper.connection('ada');
  await ada.onboard({ credential: { type: 'sandbox-user' } });
  const { session } = await ada.becomes('ACTIVE');
  await keeper.time.pass(4 * DAY);
  ada.bankGoesDown();
  await ada.passUntil(session!.renewAt);
  await keeper.time.pass(2 * HOUR);
  expect(await ada.status()).toMatchObject({ state: 'DEGRADED', session, lastError: { endpoint: 'POST /v1/session-server' } });
  expect(await ada.session()).toMatchObject({ openedAt: session!.openedAt });
  ada.bankComesBack();
  await ada.becomes('ACTIVE', 40 * MINUTE);
  expect((await ada.state()).counts.renewals).toBe(1);
});

test('when the bank is down beyond the expiry nothing is served, and a session is opened when it is back', async () => {
  const ada = await keeper.connection('ada', { allowSecondOAuthClient: true, userSessionLifetimeMs: 12 * HOUR });
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URL] });
  const { session, oauthClient } = await ada.becomes('ACTIVE');
  ada.bankGoesDown();
  await ada.passUntil(session!.expiresAt);
  const lapsed = await ada.becomes('LAPSED');
  expect(lapsed).toMatchObject({ session: null, action: null });
  expect(await ada.session()).toBeNull();
  await keeper.time.pass(3 * HOUR);
  ada.bankComesBack();
  expect(await ada.becomes('ACTIVE', 40 * MINUTE)).toMatchObject({ oauthClient });
  expect(ada.bankHolds()).toEqual({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: [URL] });
});

test('too many requests are waited out, also for the session', async () => {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  const text = 'Too many requests. You can do a maximum of 1 calls per 30 second to this endpoint.';
  for (const endpoint of [
    'POST /installation',
    'POST /session-server',
    'POST /session-server',
    'POST /user/{userID}/oauth-client',
    'GET /user',
  ])
    acme.simulator.fault({ endpoint, kind: 'status', status: 429, description: text });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE', 10 * MINUTE);
  expect(acme.bankHolds()).toEqual({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: [URL] });
});

test('a session that the bank has ended is noticed at the next call of our own, and by `renew`', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  acme.simulator.expireSession((await acme.session())!.sessionId);
  await acme.setCallbackUrls([URL]);
  const noticed = await acme.until(
    'has the callback URL',
    (status) => status.oauthClient?.callbackUrls.length === 1 && status.state === 'ACTIVE',
  );
  expect(noticed.session!.openedAt).not.toBe(session!.openedAt);
  expect(acme.bankHolds()).toMatchObject({ sessions: 1, callbackUrls: [URL] });

  acme.simulator.expireSession((await acme.session())!.sessionId);
  await acme.renew();
  await acme.until('is renewed', (status) => status.session?.openedAt !== noticed.session!.openedAt && status.state === 'ACTIVE');
  await keeper.time.pass(10 * MINUTE);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, sessions: 1 });
});

test('sessions that are asked for one after the other keep their distance', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  for (const renewals of [1, 2, 3]) {
    await acme.renew();
    await acme.until(
      `is renewed ${renewals} times`,
      (status) => status.state === 'ACTIVE' && acme.requests('POST /session-server').length === renewals + 1,
    );
  }
  const askedAt = acme.requests('POST /session-server').map(({ at }) => at);
  for (const [index, at] of askedAt.slice(1).entries()) expect((at - askedAt[index]!) / SECOND).toBeCloseTo(31, -1);
});

test('a bank that allows one session per installation gets a new installation for each renewal, and one API key', async () => {
  const acme = await keeper.connection('acme', { oneSessionPerInstallation: true });
  await acme.onboard();
  await acme.becomes('ACTIVE');
  await keeper.time.pass(130 * DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE', lastError: null });
  expect(acme.bankHolds()).toMatchObject({ credentials: 1, sessions: 1, oauthClients: 1 });
});

test('two connections at one address keep the distance between their sessions', async () => {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  const ada = keeper.connectionBeside(acme, 'ada');
  await acme.onboard();
  await ada.onboard({ credential: { type: 'sandbox-user' } });
  await acme.becomes('ACTIVE', 5 * MINUTE);
  await ada.becomes('ACTIVE', 5 * MINUTE);
  await Promise.all([acme.renew(), ada.renew()]);
  await keeper.time.pass(5 * MINUTE);
  const askedAtMs = acme.requests('POST /session-server').map(({ at }) => at);
  expect(askedAtMs).toHaveLength(4);
  for (const [index, at] of askedAtMs.slice(1).entries()) expect(at - askedAtMs[index]!).toBeGreaterThanOrEqual(30 * SECOND);
});

test('of many former sessions the oldest are closed before their grace is over, but not before calls under way have their answers', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: DAY });
  await acme.onboard();
  await acme.becomes('ACTIVE');
  for (let renewals = 0; renewals < 3; renewals++) {
    const { openedAt } = (await acme.session())!;
    await acme.renew();
    await acme.until('is renewed', ({ session }) => session!.openedAt !== openedAt);
  }
  const replacedAtMs = acme.requests('POST /session-server').at(-1)!.at;
  await acme.until('has closed the first', () => acme.bankHolds().sessions === 3);
  const [closing, ...more] = acme.requests('DELETE /session/{itemId}');
  expect(more).toEqual([]);
  expect((closing!.at - replacedAtMs) / SECOND).toBeGreaterThanOrEqual(9.9);
  expect((closing!.at - replacedAtMs) / SECOND).toBeLessThan(20);
  expect((await acme.state()).retiring).toHaveLength(2);
});

test('one of too many former sessions that cannot be closed is given up, and those that have their grace are not', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: DAY });
  await acme.onboard();
  await acme.becomes('ACTIVE');
  acme.simulator.fault({ endpoint: 'DELETE /session/{itemId}', kind: 'status', status: 503, times: null });
  for (let renewals = 0; renewals < 4; renewals++) {
    const { openedAt } = (await acme.session())!;
    await acme.renew();
    await acme.until('is renewed', ({ session }) => session!.openedAt !== openedAt);
  }
  await keeper.time.pass(MINUTE);
  const former = acme.simulator.state().sessions.map(({ id }) => id);
  expect((await acme.state()).retiring.map(({ sessionId }) => sessionId)).toEqual(former.slice(2, 4));
});

const PARKED = 'bunq wants to talk to you.';

test('who renews a connection whose session step waits for a person has it tried at once; one of many does not', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: DAY });
  await acme.onboard();
  await acme.becomes('ACTIVE');
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 403, description: PARKED, times: 2 });
  await acme.renew();
  expect((await acme.becomes('ACTION_REQUIRED')).action).toMatchObject({ code: 'BANK_REFUSED', seen: { text: PARKED, times: 1 } });
  const opened = () => acme.requests('POST /session-server').length - 1;
  await acme.handle.executeUpdate(renewUpdate, { args: [{ by: 'ada@test', bulk: true }] });
  await keeper.time.pass(10 * MINUTE);
  expect(opened()).toBe(1);
  await acme.renew();
  expect(await acme.status()).toMatchObject({ state: 'ACTION_REQUIRED', action: { code: 'BANK_REFUSED' } });
  await acme.until('has tried', () => opened() === 2);
  expect((await acme.becomes('ACTION_REQUIRED')).action).toMatchObject({ code: 'BANK_REFUSED', seen: { times: 2 } });
  await acme.renew();
  expect(await acme.becomes('ACTIVE')).toMatchObject({ action: null, recovered: { code: 'BANK_REFUSED' } });
});

const READ = 'GET /user/{userID}/oauth-client/{itemId}';

/** How often client id and secret were read by an activity of its own. */
const readByItself = async (connection: TestConnection) =>
  (await connection.events()).filter((event) => event.activityTaskScheduledEventAttributes?.activityType?.name === 'readOAuthClient')
    .length;

async function renewed(connection: TestConnection): Promise<ConnectionStatus> {
  const { openedAt } = (await connection.session())!;
  await connection.renew();
  await connection.until('is renewed', ({ session }) => session!.openedAt !== openedAt);
  return connection.becomes('ACTIVE');
}

test('client id, secret and callback URLs are read together with the proof of the new session', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: DAY });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  const before = (await acme.oauthClient())!;
  expect(await readByItself(acme)).toBe(1);
  const { steps, oauthClient } = await renewed(acme);
  expect(acme.requests(READ)).toHaveLength(2);
  expect(await readByItself(acme)).toBe(1);
  expect(oauthClient).toEqual({ id: before.id, clientId: before.clientId, callbackUrls: [URL] });
  const atOf = (name: string) => steps.find((step) => step.name === name)!.at;
  expect(atOf('client-credentials')).toBe(atOf('session'));
  const after = (await acme.oauthClient())!;
  expect(after.clientSecret).not.toBe(before.clientSecret); // sealed anew
  const opened = await Promise.all(
    [before, after].map(({ clientSecret }) => sealingKeys.open('client-secret', acme.workflowId, clientSecret!)),
  );
  expect(opened[1]!.bytes()).toEqual(opened[0]!.bytes());
});

test.each<[string, Partial<FaultOptions>]>([
  ['is refused', { kind: 'status', status: 403 }],
  ['meets a bank in trouble', { kind: 'status', status: 503 }],
  ['has no answer', { kind: 'lose-answer-after-effect' }],
  ['is answered by somebody else', { kind: 'wrong-signature' }],
])('a reading with the proof that %s costs no session: it is done again by itself', async (_what, fault) => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: DAY });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  acme.simulator.fault({ endpoint: READ, kind: 'status', ...fault });
  expect(await renewed(acme)).toMatchObject({ lastError: null, oauthClient: { callbackUrls: [URL] } });
  expect(await readByItself(acme)).toBe(2);
  expect(acme.requests('POST /session-server')).toHaveLength(2);
});
