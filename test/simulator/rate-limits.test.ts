import { bankForEachTest, SECOND_MS } from './bank.ts';
import { errorOf, isSignedByBank, logInUser, openSession, type Received, send } from './client.ts';

const bank = bankForEachTest({ rateLimits: true });

const repeat = async (times: number, act: () => Promise<Received>): Promise<number[]> => {
  const statuses: number[] = [];
  for (let call = 0; call < times; call += 1) statuses.push((await act()).status);
  return statuses;
};

test('GET: 3 in any 3 seconds, and the text says so', async () => {
  const { call, installed } = await logInUser(bank.apiUrl);
  expect(await repeat(4, () => call('GET', '/user'))).toEqual([200, 200, 200, 429]);
  const refused = await call('GET', '/user');
  expect(errorOf(refused)).toBe('Too many requests. You can do a maximum of 3 calls per 3 second to this endpoint.');
  expect(isSignedByBank(refused, installed.serverPublicKeyPem)).toBe(true);
  expect(refused.headers).not.toHaveProperty('retry-after');
});

test('the window slides, and refused requests do not fill it', async () => {
  const { call } = await logInUser(bank.apiUrl);
  const get = () => call('GET', '/user');
  await get();
  bank.simulator.advanceClock(2 * SECOND_MS);
  expect(await repeat(5, get)).toEqual([200, 200, 429, 429, 429]);
  bank.simulator.advanceClock(SECOND_MS - 1);
  expect((await get()).status).toBe(429);
  bank.simulator.advanceClock(1);
  expect(await repeat(2, get)).toEqual([200, 429]);
});

test('POST: 5 in any 3 seconds', async () => {
  expect(await repeat(6, () => send(bank.apiUrl, 'POST', '/sandbox-user-person'))).toEqual([200, 200, 200, 200, 200, 429]);
  expect(bank.simulator.state().users).toHaveLength(5);
});

test('PUT: 2 in any 3 seconds, per endpoint and not per id', async () => {
  const { call, userId } = await logInUser(bank.apiUrl);
  const ids = ['1', '2', '3'];
  expect(await repeat(3, () => call('PUT', `/user/${userId}/oauth-client/${ids.pop()}`, { body: { status: 'ACTIVE' } }))).toEqual([
    404, 404, 429,
  ]);
  expect((await call('GET', `/user/${userId}/oauth-client/1`)).status).toBe(404);
});

test('POST /session-server: 1 in any 30 seconds, also a refused one counts', async () => {
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  const refused = await openSession(installed, apiKey);
  expect(refused.status).toBe(429);
  expect(errorOf(refused)).toBe('Too many requests. You can do a maximum of 1 calls per 30 second to this endpoint.');
  bank.simulator.advanceClock(30 * SECOND_MS);
  expect((await openSession(installed, 'wrong')).status).toBe(400);
  bank.simulator.advanceClock(30 * SECOND_MS - 1);
  expect((await openSession(installed, apiKey)).status).toBe(429);
  bank.simulator.advanceClock(1);
  expect((await openSession(installed, apiKey)).status).toBe(200);
});

test('the gap between two sessions is a setting, and its text is in whole seconds', async () => {
  bank.simulator.changeSettings({ sessionGapMs: 2500 });
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  bank.simulator.advanceClock(2500 - 1);
  expect(errorOf(await openSession(installed, apiKey))).toBe(
    'Too many requests. You can do a maximum of 1 calls per 3 second to this endpoint.',
  );
  bank.simulator.advanceClock(1);
  expect((await openSession(installed, apiKey)).status).toBe(200);
  bank.simulator.changeSettings({ sessionGapMs: 0 });
  expect(await repeat(3, () => openSession(installed, apiKey))).toEqual([200, 200, 200]);
});

test('the limits of calls can be lifted while sessions stay limited, and the other way round', async () => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl);
  bank.simulator.changeSettings({ callRateLimits: false });
  expect(await repeat(5, () => call('GET', '/user'))).toEqual([200, 200, 200, 200, 200]);
  expect((await openSession(installed, apiKey)).status).toBe(429);
  bank.simulator.changeSettings({ callRateLimits: true, sessionGapMs: 0 });
  expect((await openSession(installed, apiKey)).status).toBe(200);
  expect(await repeat(4, () => call('GET', '/user'))).toEqual([200, 200, 200, 429]);
});

test('another address has limits of its own', async () => {
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  expect((await openSession(installed, apiKey, { from: '127.0.0.2' })).status).toBe(400); // refused for its address, not for its number
});

test('a switch answers 409 as the sandbox is said to, another lifts the limits', async () => {
  bank.simulator.changeSettings({ rateLimitStatus: 409 });
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  expect((await openSession(installed, apiKey)).status).toBe(409);
  bank.simulator.changeSettings({ rateLimits: false });
  expect((await openSession(installed, apiKey)).status).toBe(200);
});
