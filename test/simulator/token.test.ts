import { bankForEachTest, MINUTE_MS } from './bank.ts';
import { pseudoCertificate } from './certificates.ts';
import { type Received, send } from './client.ts';
import { CALLBACK_URL, consent, exchange, providerWithClient } from './oauth.ts';

const bank = bankForEachTest();
const INVALID_GRANT = { error: 'invalid_grant', error_description: 'The authorization code is invalid or expired.' };
const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
};

function expectError({ status, json }: Received, error: string) {
  expect({ status, json }).toEqual({ status: 400, json: { error, error_description: expect.any(String) } });
}

test('a code becomes an access token, with the state', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const { status, json } = await exchange(bank.apiUrl, client, consent(bank.simulator, client, { state: 'the state' }));
  expect(status).toBe(200);
  expect(json).toEqual({ access_token: expect.stringMatching(/^[0-9a-f]{64}$/), token_type: 'bearer', state: 'the state' });
});

test('its answers are not those of the API: not signed, without ids, and not to be stored', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const { headers } = await exchange(bank.apiUrl, client, consent(bank.simulator, client));
  expect(headers).toMatchObject({ 'content-type': 'application/json', 'cache-control': 'no-store' });
  expect(Object.keys(headers).filter((name) => name.startsWith('x-bunq'))).toEqual(['x-bunq-simulator']);
});

test('a code is good once', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const code = consent(bank.simulator, client);
  expect((await exchange(bank.apiUrl, client, code)).status).toBe(200);
  const again = await exchange(bank.apiUrl, client, code);
  expect(again.status).toBe(400);
  expect(again.json).toEqual(INVALID_GRANT);
  expect(bank.simulator.grants()).toHaveLength(1);
});

test('a code is good for ten minutes, by the clock', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const [first, second] = [consent(bank.simulator, client), consent(bank.simulator, client)];
  bank.simulator.advanceClock(10 * MINUTE_MS - 1);
  expect((await exchange(bank.apiUrl, client, first)).status).toBe(200);
  bank.simulator.advanceClock(1);
  expect((await exchange(bank.apiUrl, client, second)).json).toEqual(INVALID_GRANT);
  bank.simulator.changeSettings({ authorizationCodeLifetimeMs: MINUTE_MS });
  const third = consent(bank.simulator, client);
  bank.simulator.advanceClock(MINUTE_MS);
  expect((await exchange(bank.apiUrl, client, third)).status).toBe(400);
});

test.each([
  ['another redirect URI', { redirect_uri: `${CALLBACK_URL}/` }, 'invalid_grant'],
  ['a code that was never given', { code: 'f'.repeat(64) }, 'invalid_grant'],
  ['a wrong client secret', { client_secret: '0'.repeat(64) }, 'invalid_client'],
  ['an unknown client', { client_id: '0'.repeat(64) }, 'invalid_client'],
  ['another grant type', { grant_type: 'refresh_token' }, 'unsupported_grant_type'],
  ['no code', { code: undefined }, 'invalid_request'],
  ['no client secret', { client_secret: undefined }, 'invalid_request'],
] as const)('%s is refused, and the code is good still', async (_, change, error) => {
  const client = await providerWithClient(bank.apiUrl);
  const code = consent(bank.simulator, client);
  expectError(await exchange(bank.apiUrl, client, code, change), error);
  expect((await exchange(bank.apiUrl, client, code)).status).toBe(200);
});

test('the numeric id of the OAuth client is no client id', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const change = { client_id: String(client.oauthClientId) };
  expectError(await exchange(bank.apiUrl, client, consent(bank.simulator, client), change), 'invalid_client');
});

test("another provider cannot exchange a provider's code", async () => {
  const client = await providerWithClient(bank.apiUrl);
  const other = await providerWithClient(bank.apiUrl, pseudoCertificate('Another App AISP'));
  const code = consent(bank.simulator, client);
  expectError(await exchange(bank.apiUrl, other, code), 'invalid_grant');
  expect((await exchange(bank.apiUrl, client, code)).status).toBe(200);
});

test('a cancelled OAuth client exchanges nothing', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const code = consent(bank.simulator, client);
  const { call, userId } = client.provider;
  await call('PUT', `/user/${userId}/oauth-client/${client.oauthClientId}`, { body: { status: 'CANCELLED' } });
  expectError(await exchange(bank.apiUrl, client, code), 'invalid_client');
});

test('parameters in the body, beside the URL or twice in it are not taken', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const code = consent(bank.simulator, client);
  const parameters = String(
    new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: CALLBACK_URL,
      client_id: client.clientId,
      client_secret: client.secret,
    }),
  );
  expectError(await send(bank.apiUrl, 'POST', '/token', { body: parameters }), 'invalid_request');
  expectError(await send(bank.apiUrl, 'POST', `/token?${parameters}`, { body: '{}' }), 'invalid_request');
  expectError(await send(bank.apiUrl, 'POST', `/token?${parameters}&code=${code}`), 'invalid_request');
  expect((await send(bank.apiUrl, 'GET', `/token?${parameters}`)).status).toBe(405);
  expect((await exchange(bank.apiUrl, client, code)).status).toBe(200);
});

test('a switch says errors with 401', async () => {
  const client = await providerWithClient(bank.apiUrl);
  bank.simulator.changeSettings({ tokenErrorStatus: 401 });
  const refused = await exchange(bank.apiUrl, client, 'f'.repeat(64));
  expect(refused.status).toBe(401);
  expect(refused.json).toEqual(INVALID_GRANT);
});

test('5 exchanges in any 3 seconds', async () => {
  const client = await providerWithClient(bank.apiUrl);
  bank.simulator.changeSettings({ rateLimits: true });
  const statuses: number[] = [];
  for (let call = 0; call < 6; call += 1) statuses.push((await exchange(bank.apiUrl, client, 'f'.repeat(64))).status);
  expect(statuses).toEqual([400, 400, 400, 400, 400, 429]);
});

test('codes, access tokens and what was sent without being given are among the secrets; the log and the state hold none', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const code = consent(bank.simulator, client);
  const { json } = await exchange(bank.apiUrl, client, code);
  await exchange(bank.apiUrl, client, 'a-code-from-elsewhere', { client_secret: client.secret });
  await exchange(bank.apiUrl, client, code, { client_secret: 'a-secret-from-elsewhere' });
  const secrets = bank.simulator.secrets();
  for (const [kind, value] of [
    ['authorization-code', code],
    ['access-token', json.access_token],
    ['received', 'a-code-from-elsewhere'],
    ['received', 'a-secret-from-elsewhere'],
  ])
    expect(secrets).toContainEqual({ kind, id: expect.any(Number), value });
  const shown = JSON.stringify([bank.simulator.state(), bank.simulator.requests(), bank.simulator.grants()]);
  for (const { value } of secrets) expect(shown).not.toContain(value);
  expect(bank.simulator.requests().at(-1)).toMatchObject({ path: '/v1/token', endpoint: 'POST /token', status: 400 });
});

describe('faults', () => {
  const grants = () => bank.simulator.grants().length;
  const set = (options: object) => bank.simulator.fault({ endpoint: 'POST /token', kind: 'status', ...options });
  async function waiting() {
    const client = await providerWithClient(bank.apiUrl);
    const code = consent(bank.simulator, client);
    return { ask: () => exchange(bank.apiUrl, client, code) };
  }

  test.each([
    ['reset', 0],
    ['lose-answer-after-effect', 1],
  ])('%s: no answer, and so many grants: %i', async (kind, expected) => {
    const { ask } = await waiting();
    set({ kind });
    await expect(ask()).rejects.toThrow(/ECONNRESET|hang up/);
    await until(() => bank.simulator.requests().at(-1)?.outcome === 'unanswered');
    expect(grants()).toBe(expected);
    expect((await ask()).status).toBe(expected === 0 ? 200 : 400); // a code whose answer was lost is spent
  });

  test('effect-later: the code is spent only then', async () => {
    const { ask } = await waiting();
    set({ kind: 'effect-later', effectAfterMs: MINUTE_MS });
    await expect(ask()).rejects.toThrow();
    expect(grants()).toBe(0);
    bank.simulator.advanceClock(MINUTE_MS);
    expect(grants()).toBe(1);
    expect((await ask()).json).toEqual(INVALID_GRANT);
  });

  test('a code that expires before its later effect is not exchanged', async () => {
    const { ask } = await waiting();
    set({ kind: 'effect-later', effectAfterMs: 11 * MINUTE_MS });
    await expect(ask()).rejects.toThrow();
    bank.simulator.advanceClock(12 * MINUTE_MS);
    expect(grants()).toBe(0);
  });

  test.each([
    [{ status: 500 }, 500, /Something went wrong/],
    [{ status: 502, html: true }, 502, /<h1>502/],
    [{ status: 429 }, 429, /maximum of 5 calls per 3 second/],
    [{ status: 401 }, 401, /"error":"invalid_grant"/],
    [{ kind: 'garbage' }, 200, /not JSON/],
  ])('%j', async (options, status, text) => {
    const { ask } = await waiting();
    set(options);
    const received = await ask();
    expect(received.status).toBe(status);
    expect(received.text).toMatch(text);
    expect(received.headers).not.toHaveProperty('x-bunq-server-signature');
  });

  test('truncated: the code is spent, and half of the answer arrives', async () => {
    const { ask } = await waiting();
    set({ kind: 'truncated' });
    await expect(ask()).rejects.toThrow();
    expect(grants()).toBe(1);
  });

  test('hold and hold-answer wait for their release', async () => {
    const { ask } = await waiting();
    for (const [kind, during] of [
      ['hold', 0],
      ['hold-answer', 1],
    ] as const) {
      const { id } = set({ kind });
      const asked = ask();
      await until(() => bank.simulator.faults().find((fault) => fault.id === id)?.held === 1);
      if (kind === 'hold') expect(grants()).toBe(during);
      bank.simulator.releaseFaults(id);
      await asked;
      expect(grants()).toBe(1);
    }
  });
});
