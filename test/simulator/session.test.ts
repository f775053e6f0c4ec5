import { bankForEachTest, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { bind, errorOf, install, logInProvider, logInUser, openSession, send } from './client.ts';

const bank = bankForEachTest();

test('the items come in the order that SDKs index: Id, Token, user', async () => {
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  const { json } = await openSession(installed, apiKey);
  expect(json.Response.map((item: object) => Object.keys(item)[0])).toEqual(['Id', 'Token', 'UserPerson']);
  expect(json.Response[1].Token.token).toMatch(/^[0-9a-f]{64}$/);
});

test('the first session of a new provider lasts an hour, later ones 90 days, also with a new certificate of the same name', async () => {
  const timeout = (received: Awaited<ReturnType<typeof openSession>>) =>
    received.json.Response[2].UserPaymentServiceProvider.session_timeout;
  const { installed, apiKey, call } = await logInProvider(bank.apiUrl);
  expect((await call('GET', '/user')).json.Response[0].UserPaymentServiceProvider.session_timeout).toBe(HOUR_MS / SECOND_MS);
  expect(timeout(await openSession(installed, apiKey))).toBe((90 * DAY_MS) / SECOND_MS);
  const again = await logInProvider(bank.apiUrl, pseudoCertificate());
  expect((await again.call('GET', '/user')).json.Response[0].UserPaymentServiceProvider.session_timeout).toBe((90 * DAY_MS) / SECOND_MS);
});

test.each(['person', 'company'] as const)('every session of a %s lasts a week', async (type) => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl, type);
  const name = type === 'person' ? 'UserPerson' : 'UserCompany';
  expect((await call('GET', '/user')).json.Response[0][name].session_timeout).toBe(604_800);
  expect((await openSession(installed, apiKey)).json.Response[2][name].session_timeout).toBe(604_800);
});

test('lifetimes are settings', async () => {
  bank.simulator.changeSettings({ firstSessionLifetimeMs: 90 * SECOND_MS });
  const { call } = await logInProvider(bank.apiUrl);
  expect((await call('GET', '/user')).json.Response[0].UserPaymentServiceProvider.session_timeout).toBe(90);
});

test('a session ends by the clock', async () => {
  const { call } = await logInProvider(bank.apiUrl);
  bank.simulator.advanceClock(HOUR_MS - 1);
  expect((await call('GET', '/user')).status).toBe(200);
  bank.simulator.advanceClock(1);
  const refused = await call('GET', '/user');
  expect(refused.status).toBe(401);
  expect(errorOf(refused)).toBe('Insufficient authentication.');
  expect(bank.simulator.state().sessions[0]?.status).toBe('EXPIRED');
});

test('a switch refuses tokens with 403', async () => {
  bank.simulator.changeSettings({ refusedTokenStatus: 403 });
  const refused = await send(bank.apiUrl, 'GET', '/user', { token: 'f'.repeat(64) });
  expect(refused.status).toBe(403);
  expect(errorOf(refused)).toBe('Insufficient authorisation.');
});

test('requests do not extend a session, unless the switch lets those of the last half hour', async () => {
  const { call } = await logInProvider(bank.apiUrl);
  bank.simulator.advanceClock(HOUR_MS - MINUTE_MS);
  await call('GET', '/user');
  bank.simulator.changeSettings({ extendSessions: true });
  await call('GET', '/user');
  bank.simulator.advanceClock(5 * MINUTE_MS - 1);
  bank.simulator.changeSettings({ extendSessions: false });
  expect((await call('GET', '/user')).status).toBe(200);
  bank.simulator.advanceClock(1);
  expect((await call('GET', '/user')).status).toBe(401);
});

test('how shortly before its end a session is extended is a setting', async () => {
  bank.simulator.changeSettings({ extendSessions: true, extendSessionsWithinMs: MINUTE_MS });
  const { call } = await logInProvider(bank.apiUrl);
  const endsAt = () => Date.parse(bank.simulator.state().sessions[0]!.expiresAt);
  const stated = endsAt();
  bank.simulator.advanceClock(HOUR_MS - MINUTE_MS - 1);
  await call('GET', '/user');
  expect(endsAt()).toBe(stated);
  bank.simulator.advanceClock(1);
  await call('GET', '/user');
  expect(endsAt()).toBe(stated + 4 * MINUTE_MS);
});

test('a new session leaves the old one alone', async () => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl);
  await openSession(installed, apiKey);
  expect((await call('GET', '/user')).status).toBe(200);
});

test('a switch refuses a second session on one installation', async () => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl);
  bank.simulator.changeSettings({ oneSessionPerInstallation: true });
  const refused = await openSession(installed, apiKey);
  expect(refused.status).toBe(400);
  expect(errorOf(refused)).toBe('Authentication token already has a user session.');
  await call('DELETE', '/session/0');
  expect((await openSession(installed, apiKey)).status).toBe(200);
});

describe('DELETE /session', () => {
  test.each([
    ['its id', (id: number) => id],
    ['0, as SDKs do', () => 0],
  ])('ends the session in use, named by %s', async (_, named) => {
    const { call, sessionId, installed, apiKey } = await logInUser(bank.apiUrl);
    const deleted = await call('DELETE', `/session/${named(sessionId)}`);
    expect([deleted.status, deleted.text]).toEqual([200, '{"Response":[]}']);
    expect((await call('GET', '/user')).status).toBe(401);
    expect(bank.simulator.state().sessions[0]?.status).toBe('DELETED');
    expect((await openSession(installed, apiKey)).status).toBe(200);
  });

  test('may carry a signed body, and answers {} by a switch', async () => {
    bank.simulator.changeSettings({ emptyObjectOnDelete: true });
    const { call } = await logInUser(bank.apiUrl);
    const { status, text } = await call('DELETE', '/session/0', { body: '{}' });
    expect([status, text]).toEqual([200, '{}']);
  });

  test("does not end another's", async () => {
    const [one, other] = [await logInUser(bank.apiUrl), await logInUser(bank.apiUrl)];
    expect((await one.call('DELETE', `/session/${other.sessionId}`)).status).toBe(404);
    expect((await other.call('GET', '/user')).status).toBe(200);
  });
});

describe('kinds of tokens', () => {
  test('calls on a session refuse the installation token with 403, and the other way round', async () => {
    const { installed, call, apiKey, userId } = await logInUser(bank.apiUrl);
    for (const path of ['/user', `/user/${userId}`, `/user/${userId}/oauth-client`, `/user/${userId}/monetary-account`])
      expect([path, (await installed.call('GET', path)).status]).toEqual([path, 403]);
    expect((await installed.call('DELETE', '/session/0')).status).toBe(403);
    expect((await call('POST', '/session-server', { body: { secret: apiKey } })).status).toBe(403);
  });

  test('a call without a token, or with an unknown one, is refused with 401', async () => {
    for (const token of ['', 'f'.repeat(64)])
      expect((await send(bank.apiUrl, 'GET', '/user', { ...(token && { token }) })).status).toBe(401);
  });
});

test('a revoked API key opens no session; one that it opened lives on', async () => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl);
  bank.simulator.revokeCredential(bank.simulator.state().credentials[0]!.id);
  expect((await openSession(installed, apiKey)).status).toBe(400);
  expect((await bind(await install(bank.apiUrl), apiKey)).status).toBe(400);
  expect((await call('GET', '/user')).status).toBe(200);
});
