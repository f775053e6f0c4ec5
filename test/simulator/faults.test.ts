import type { FaultOptions } from '../../simulator/index.ts';
import { bankForEachTest, HOUR_MS, MINUTE_MS } from './bank.ts';
import { bind, errorOf, isSignedByBank, type LoggedIn, logInProvider, openSession } from './client.ts';

const bank = bankForEachTest();
const ENDPOINT = 'POST /user/{userID}/oauth-client';
const fault = (options: Omit<FaultOptions, 'endpoint'>) => bank.simulator.fault({ endpoint: ENDPOINT, ...options });
const create = ({ call, userId }: LoggedIn) => call('POST', `/user/${userId}/oauth-client`, { body: {} });
const clients = () => bank.simulator.state().oauthClients.length;
const lastRequest = () => bank.simulator.requests().at(-1);

/** Polls, as tests of other processes do through the management port. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}
const held = () => bank.simulator.faults()[0]?.held ?? 0;

describe('before the effect', () => {
  test('reset: the connection is cut, nothing happened', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'reset' });
    await expect(create(provider)).rejects.toThrow(/ECONNRESET|hang up/);
    expect(clients()).toBe(0);
    await until(() => lastRequest()?.outcome === 'unanswered');
    expect(lastRequest()).toMatchObject({ endpoint: ENDPOINT, fault: 'reset', status: null });
    expect((await create(provider)).status).toBe(200);
  });

  test('hold: nothing happens until it is released', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'hold' });
    const asked = create(provider);
    await until(() => held() === 1);
    expect(clients()).toBe(0);
    expect(lastRequest()).toMatchObject({ outcome: 'pending', status: null, fault: 'hold' });
    expect(bank.simulator.releaseFaults()).toBe(1);
    expect((await asked).status).toBe(200);
    expect(clients()).toBe(1);
    expect(held()).toBe(0);
  });

  test('hold with holdMs goes on by itself', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'hold', holdMs: 20 });
    expect((await create(provider)).status).toBe(200);
  });

  test.each([
    [false, 0],
    [true, 1],
  ])('hold: when the client goes meanwhile and effectAfterDisconnect is %s, the effects are %i', async (effectAfterDisconnect, effects) => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'hold', effectAfterDisconnect });
    const abort = new AbortController();
    const asked = create({ ...provider, call: (method, path, sent) => provider.call(method, path, { ...sent, signal: abort.signal }) });
    await until(() => held() === 1);
    abort.abort();
    await expect(asked).rejects.toThrow();
    await until(() => lastRequest()?.outcome === 'unanswered');
    bank.simulator.releaseFaults();
    await until(() => held() === 0 && clients() === effects);
    expect(clients()).toBe(effects);
    expect(lastRequest()).toMatchObject({ outcome: 'unanswered', status: effects === 0 ? null : 200 });
  });

  test.each([
    [500, false],
    [502, false],
    [491, false],
    [403, true],
  ])('status %i without effect; signed: %s', async (status, isSigned) => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'status', status, description: 'As asked.' });
    const answer = await create(provider);
    expect([answer.status, errorOf(answer)]).toEqual([status, 'As asked.']);
    expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(isSigned);
    expect('x-bunq-server-signature' in answer.headers).toBe(isSigned);
    expect(clients()).toBe(0);
  });

  test.each([
    [400, 'User credentials are incorrect. Incorrect API key or IP address.'],
    [401, 'Insufficient authentication.'],
    [403, 'Insufficient authorisation.'],
    [409, 'Too many requests. You can do a maximum of 5 calls per 3 second to this endpoint.'],
    [429, 'Too many requests. You can do a maximum of 5 calls per 3 second to this endpoint.'],
    [466, 'For this operation a request signature is required. Check the urls for more information.'],
    [491, 'Something went wrong at bunq.'],
  ])('status %i says by itself: %s', async (status, text) => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'status', status });
    expect(errorOf(await create(provider))).toBe(text);
  });

  test('a 429 on session-server names the gap that is set', async () => {
    bank.simulator.changeSettings({ sessionGapMs: 3000 });
    const { installed, apiKey } = await logInProvider(bank.apiUrl);
    bank.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 429 });
    expect(errorOf(await openSession(installed, apiKey))).toMatch(/maximum of 1 calls per 3 second/);
  });

  test('a 502 may carry HTML', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'status', status: 502, html: true });
    const answer = await create(provider);
    expect(answer.status).toBe(502);
    expect(answer.headers['content-type']).toBe('text/html');
    expect(answer.text).toMatch(/^<html>/);
  });
});

describe('after the effect', () => {
  test('lose-answer-after-effect: it happened, and the connection is cut', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'lose-answer-after-effect' });
    await expect(create(provider)).rejects.toThrow(/ECONNRESET|hang up/);
    expect(clients()).toBe(1);
    expect(lastRequest()).toMatchObject({ outcome: 'unanswered', status: 200, fault: 'lose-answer-after-effect' });
  });

  test('hold-answer: it happened, and the answer comes with the release', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'hold-answer' });
    const asked = create(provider);
    await until(() => held() === 1);
    expect(clients()).toBe(1);
    expect(lastRequest()).toMatchObject({ outcome: 'pending', status: 200 });
    bank.simulator.releaseFaults();
    expect((await asked).status).toBe(200);
    expect(lastRequest()?.outcome).toBe('answered');
  });

  test('truncated: the answer ends early', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'truncated' });
    await expect(create(provider)).rejects.toThrow(/aborted|ECONNRESET/);
    expect(clients()).toBe(1);
  });

  test.each(['wrong-signature', 'no-signature'] as const)('%s', async (kind) => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind });
    const answer = await create(provider);
    expect(answer.status).toBe(200);
    expect('x-bunq-server-signature' in answer.headers).toBe(kind === 'wrong-signature');
    expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(false);
    expect(clients()).toBe(1);
  });

  test('garbage: signed, and not JSON', async () => {
    const provider = await logInProvider(bank.apiUrl);
    fault({ kind: 'garbage' });
    const answer = await create(provider);
    expect(answer.json).toBeNull();
    expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(true);
  });
});

describe('which requests are hit', () => {
  const statuses = async (provider: LoggedIn, times: number) => {
    const seen: number[] = [];
    for (let call = 0; call < times; call += 1) seen.push((await provider.call('GET', '/user')).status);
    return seen;
  };
  const failing = (options: Partial<FaultOptions>) => bank.simulator.fault({ endpoint: 'GET /user', kind: 'status', ...options });

  test('the first only, when nothing is said', async () => {
    const provider = await logInProvider(bank.apiUrl);
    failing({});
    expect(await statuses(provider, 3)).toEqual([500, 200, 200]);
  });

  test('so many, after so many that pass; both are counted', async () => {
    const provider = await logInProvider(bank.apiUrl);
    failing({ skip: 1, times: 2 });
    expect(await statuses(provider, 4)).toEqual([200, 500, 500, 200]);
    expect(bank.simulator.faults()).toMatchObject([{ seen: 4, hits: 2, held: 0 }]);
  });

  test('all with times null, until it is cleared', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const { id } = failing({ times: null });
    expect(await statuses(provider, 3)).toEqual([500, 500, 500]);
    bank.simulator.clearFaults(id);
    expect(await statuses(provider, 1)).toEqual([200]);
  });

  test('with a probability, repeatably by its seed', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const run = async (seed: string) => {
      bank.simulator.clearFaults();
      failing({ probability: 0.5, seed });
      return statuses(provider, 20);
    };
    const first = await run('a');
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await run('a')).toEqual(first);
    expect(await run('b')).not.toEqual(first);
  });

  test('all endpoints with *, one by the first fault only', async () => {
    const provider = await logInProvider(bank.apiUrl);
    bank.simulator.fault({ endpoint: '*', kind: 'status', status: 503 });
    failing({});
    expect(await statuses(provider, 3)).toEqual([503, 500, 200]);
  });

  test('several endpoints by a list', async () => {
    const { installed, apiKey, call } = await logInProvider(bank.apiUrl);
    const endpoint = ['POST /device-server', 'POST /v1/session-server'];
    bank.simulator.fault({ endpoint, kind: 'status', status: 400, times: null });
    expect([(await bind(installed, apiKey)).status, (await openSession(installed, apiKey)).status]).toEqual([400, 400]);
    expect((await call('GET', '/user')).status).toBe(200);
    expect(() => bank.simulator.fault({ endpoint: ['*', 'GET /session-server'], kind: 'reset' })).toThrow(/has no endpoint/);
  });

  test('all for two hours of the clock, without being cleared', async () => {
    bank.simulator.changeSettings({ firstSessionLifetimeMs: 24 * HOUR_MS });
    const provider = await logInProvider(bank.apiUrl);
    failing({ forMs: 2 * HOUR_MS });
    expect(await statuses(provider, 2)).toEqual([500, 500]);
    bank.simulator.advanceClock(2 * HOUR_MS - 1);
    expect(await statuses(provider, 1)).toEqual([500]);
    bank.simulator.advanceClock(1);
    expect(await statuses(provider, 1)).toEqual([200]);
    expect(bank.simulator.faults()).toMatchObject([{ seen: 3, hits: 3, times: null }]); // what comes after its time it does not see
  });

  test('from one instant until another, skipping and counting within', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const nowMs = bank.simulator.nowMs();
    failing({ fromMs: nowMs + MINUTE_MS, untilMs: nowMs + 2 * MINUTE_MS, skip: 1, times: 1 });
    expect(await statuses(provider, 2)).toEqual([200, 200]);
    bank.simulator.advanceClock(MINUTE_MS);
    expect(await statuses(provider, 3)).toEqual([200, 500, 200]);
    bank.simulator.advanceClock(MINUTE_MS);
    expect(await statuses(provider, 1)).toEqual([200]);
  });

  test('forMs counts from fromMs, and does not go with untilMs', () => {
    const nowMs = bank.simulator.nowMs();
    expect(failing({ fromMs: nowMs + 5, forMs: 10 })).toMatchObject({ fromMs: nowMs + 5, untilMs: nowMs + 15, times: null });
    expect(() => failing({ untilMs: nowMs + 5, forMs: 10 })).toThrow(/Only one of/);
  });

  test('an endpoint may be written with /v1 and with other names of its ids; one that the bank does not have is refused', () => {
    expect(bank.simulator.fault({ endpoint: 'GET /v1/user/{id}', kind: 'reset' }).endpoint).toBe('GET /user/{itemId}');
    expect(() => bank.simulator.fault({ endpoint: 'GET /session-server', kind: 'reset' })).toThrow(/has no endpoint/);
  });

  test('none that the rate limit refuses', async () => {
    bank.simulator.changeSettings({ rateLimits: true });
    const provider = await logInProvider(bank.apiUrl);
    await statuses(provider, 3);
    failing({});
    expect(await statuses(provider, 1)).toEqual([429]);
    expect(bank.simulator.faults()).toMatchObject([{ seen: 0, hits: 0 }]);
  });
});

test('what is held when the bank closes has no effect, and the bank closes', async () => {
  const provider = await logInProvider(bank.apiUrl);
  fault({ kind: 'hold', effectAfterDisconnect: true });
  const asked = create(provider);
  await until(() => held() === 1);
  const closed = bank.simulator.close();
  await expect(asked).rejects.toThrow();
  await closed;
  expect(clients()).toBe(0);
});
