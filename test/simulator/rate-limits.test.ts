import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SettingsChange } from '../../simulator/index.ts';
import { RateLimits } from '../../simulator/rate-limits.ts';
import { bankForEachTest, SECOND_MS } from './bank.ts';
import { bind, errorOf, isSignedByBank, logInUser, newSandboxKey, openSession, type Received, send } from './client.ts';

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

describe('limits by category', () => {
  const only = (limits: SettingsChange['limits']) => bank.simulator.changeSettings({ callRateLimits: false, sessionGapMs: 0, limits });

  test('all endpoints of a category share one count, and the text is in its numbers', async () => {
    only([{ methods: ['GET'], count: 4, perMs: 30_000 }]);
    const { call } = await logInUser(bank.apiUrl);
    expect(await repeat(2, () => call('GET', '/user'))).toEqual([200, 200]);
    expect(await repeat(3, () => call('GET', '/device-server'))).toEqual([200, 200, 429]);
    expect(errorOf(await call('GET', '/user'))).toBe('Too many requests. You can do a maximum of 4 calls per 30 second to this endpoint.');
    expect((await call('POST', '/sandbox-user-person')).status).toBe(200);
    bank.simulator.advanceClock(30 * SECOND_MS);
    expect((await call('GET', '/user')).status).toBe(200);
  });

  test('each endpoint has its own where that is said', async () => {
    only([{ count: 2, perMs: 30_000, eachEndpoint: true }]);
    const { call } = await logInUser(bank.apiUrl);
    expect(await repeat(3, () => call('GET', '/user'))).toEqual([200, 200, 429]);
    expect(await repeat(3, () => call('GET', '/device-server'))).toEqual([200, 200, 429]);
  });

  test('a request must be admitted by all, and counts in none when one refuses it', async () => {
    only([
      { endpoints: ['GET /v1/user'], count: 1, perMs: 3_000 },
      { methods: ['GET'], count: 3, perMs: 60_000 },
    ]);
    const { call } = await logInUser(bank.apiUrl);
    expect(await repeat(5, () => call('GET', '/user'))).toEqual([200, 429, 429, 429, 429]);
    bank.simulator.advanceClock(3 * SECOND_MS);
    expect(await repeat(2, () => call('GET', '/user'))).toEqual([200, 429]);
    expect(await repeat(2, () => call('GET', '/device-server'))).toEqual([200, 429]);
  });

  test.each([
    ['session', [200, 200]],
    ['installation', [429, 200]],
    ['api-key', [200, 200]],
    ['address', [429, 429]],
  ] as const)('by %s: another session of the installation, and another user, are answered %j', async (by, [other, stranger]) => {
    const one = await logInUser(bank.apiUrl);
    const apiKey = await newSandboxKey(bank.apiUrl);
    await bind(one.installed, apiKey);
    bank.simulator.changeSettings({ sessionGapMs: 0 });
    const { json } = await openSession(one.installed, apiKey);
    const two = (method: string, path: string) => one.call(method, path, { token: json.Response[1].Token.token });
    const three = await logInUser(bank.apiUrl);
    only([{ methods: ['GET'], count: 2, perMs: 30_000, by }]);
    expect(await repeat(3, () => one.call('GET', '/user'))).toEqual([200, 200, 429]);
    expect((await two('GET', '/user')).status).toBe(other);
    expect((await three.call('GET', '/user')).status).toBe(stranger);
  });

  test('an API key counts also where it is brought, and with its sessions', async () => {
    only([{ count: 3, perMs: 60_000, by: 'api-key' }]);
    const { installed, apiKey, call } = await logInUser(bank.apiUrl); // installation, which has none; device and session with it
    expect(await repeat(2, () => call('GET', '/user'))).toEqual([200, 429]);
    expect((await openSession(installed, apiKey)).status).toBe(429);
  });

  test('the example of the README is taken', () => {
    const [, example] =
      /```json\n(\{[^`]*"limits"[^`]*\})\n```/.exec(readFileSync(join(import.meta.dirname, '../../simulator/README.md'), 'utf8')) ?? [];
    expect(bank.simulator.changeSettings(JSON.parse(example!)).limits.length).toBeGreaterThan(1);
  });

  test.each([
    [{ count: 0, perMs: 1 }, /count/],
    [{ count: 1, perMs: 1, by: 'moon' }, /by/],
    [{ count: 1, perMs: 1, endpoints: ['GET /moon'] }, /has no endpoint/],
    [{ count: 1, perMs: 1, method: ['GET'] }, /method/],
  ])('what is no limit is refused: %j', (limit, message) => {
    expect(() => only([limit as never])).toThrow(message);
  });

  test('what was refused and what has passed is forgotten: a request costs the same after many', () => {
    const limits = new RateLimits();
    const { limits: _none, ...settings } = bank.simulator.settings();
    const byAddress = { ...settings, limits: [{ count: 5, perMs: 1_000, by: 'address' as const, eachEndpoint: false }] };
    let asked = 0;
    const admit = (nowMs: number) => limits.admit({ endpoint: 'POST /token', who: () => `address ${asked++}` }, nowMs, byAddress);
    for (let nowMs = 0; nowMs < 200_000; nowMs += 20) expect(admit(nowMs)).toBeNull();
    expect(limits.size).toBeLessThan(3_000);
  });
});
