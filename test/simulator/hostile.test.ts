import { misfortuneOf } from '../../simulator/hostility.ts';
import { type HostileRates, type Simulator, startSimulator } from '../../simulator/index.ts';
import { bankForEachTest } from './bank.ts';
import { errorOf, isSignedByBank, type LoggedIn, logInProvider, responseId } from './client.ts';
import { providerWithClient } from './oauth.ts';

const bank = bankForEachTest();

const NEVER: HostileRates = { slow: 0, tooManyRequests: 0, cutBeforeEffect: 0, cutAfterEffect: 0, unavailable: 0, reordered: 0 };
const becomeHostile = (rates: Partial<HostileRates>) =>
  bank.simulator.changeSettings({ hostile: true, hostileRates: { ...NEVER, ...rates } });

const OFTEN = { ...NEVER, tooManyRequests: 0.2, cutBeforeEffect: 0.1, cutAfterEffect: 0.1, unavailable: 0.2, reordered: 0.1 };
const lastRequest = () => bank.simulator.requests().at(-1);
const clients = () => bank.simulator.state().oauthClients.length;
const createClient = ({ call, userId }: LoggedIn) => call('POST', `/user/${userId}/oauth-client`, { body: {} });

/** What happened to a bank's requests, in their order. */
const story = (simulator: Simulator) =>
  simulator.requests().map(({ endpoint, fault, status, outcome, hostile }) => ({ endpoint, fault, status, outcome, hostile }));

async function storyOf(seed: string, act: (provider: LoggedIn, simulator: Simulator) => Promise<unknown>) {
  const simulator = await startSimulator({ rateLimits: false, seed });
  try {
    const provider = await logInProvider(simulator.apiUrl);
    simulator.resetRequests();
    simulator.changeSettings({ hostile: true, hostileRates: OFTEN });
    await act(provider, simulator);
    return story(simulator);
  } finally {
    await simulator.close();
  }
}

const readUser = ({ call }: LoggedIn) => call('GET', '/user').catch(() => null);
const readDevices = ({ call }: LoggedIn) => call('GET', '/device-server').catch(() => null);

async function readUsers(provider: LoggedIn, times: number) {
  for (let request = 0; request < times; request++) await readUser(provider);
}

test('the same seed and the same requests bring the same misfortunes, another seed brings others', async () => {
  const forty = (provider: LoggedIn) => readUsers(provider, 40);
  const first = await storyOf('7', forty);
  expect(new Set(first.map(({ fault }) => fault))).toEqual(new Set([null, 'status', 'reset', 'lose-answer-after-effect', 'reordered']));
  expect(await storyOf('7', forty)).toEqual(first);
  expect(await storyOf('8', forty)).not.toEqual(first);
});

test('what an endpoint meets does not hang on what is asked of others, nor on faults that are set', async () => {
  const users = await storyOf('7', (provider) => readUsers(provider, 20));
  const mixed = await storyOf('7', async (provider, simulator) => {
    simulator.fault({ endpoint: 'GET /user', kind: 'status', status: 403, skip: 4, times: 3 });
    for (let request = 0; request < 20; request++) {
      await readDevices(provider);
      await readUser(provider);
    }
  });
  const usersOfMixed = mixed.filter(({ endpoint }) => endpoint === 'GET /user');
  for (const [index, seen] of usersOfMixed.entries())
    if (index >= 4 && index < 7) expect(seen).toMatchObject({ fault: 'status', status: 403, hostile: false });
    else expect(seen).toEqual(users[index]);
});

test('how often each happens is its rate', () => {
  const rates = bank.simulator.settings().hostileRates;
  const seen = new Map<string, number>();
  const requests = 50_000;
  for (let number = 1; number <= requests; number++) {
    const misfortune = misfortuneOf('rates', 'GET /user', number, rates);
    const name = misfortune === null ? 'none' : `${misfortune.kind} ${misfortune.status === 429 ? 429 : ''}`.trim();
    seen.set(name, (seen.get(name) ?? 0) + 1 / requests);
  }
  expect(seen.get('hold-answer')).toBeCloseTo(rates.slow, 2);
  expect(seen.get('status 429')).toBeCloseTo(rates.tooManyRequests, 2);
  expect(seen.get('reset')).toBeCloseTo(rates.cutBeforeEffect, 2);
  expect(seen.get('lose-answer-after-effect')).toBeCloseTo(rates.cutAfterEffect, 2);
  expect(seen.get('status')).toBeCloseTo(rates.unavailable, 2);
  expect(seen.get('reordered')).toBeCloseTo(rates.reordered, 2);
});

test('a bank is strict unless it is asked to be hostile, and again when it is no more', async () => {
  const provider = await logInProvider(bank.apiUrl);
  await readUsers(provider, 100);
  expect(bank.simulator.requests().filter(({ fault }) => fault !== null)).toEqual([]);
  becomeHostile({ tooManyRequests: 1 });
  expect((await readUser(provider))?.status).toBe(429);
  bank.simulator.changeSettings({ hostile: false });
  expect((await readUser(provider))?.status).toBe(200);
});

test('rates that are more than one together are refused', () => {
  expect(() => becomeHostile({ tooManyRequests: 0.7, unavailable: 0.4 })).toThrow(/more than 1 together/);
});

describe('what happens', () => {
  test('too many requests, within the limits, in the words of the limit', async () => {
    const provider = await logInProvider(bank.apiUrl);
    becomeHostile({ tooManyRequests: 1 });
    const refused = await createClient(provider);
    expect([refused.status, errorOf(refused)]).toEqual([
      429,
      'Too many requests. You can do a maximum of 5 calls per 3 second to this endpoint.',
    ]);
    expect(isSignedByBank(refused, provider.installed.serverPublicKeyPem)).toBe(true);
    expect(clients()).toBe(0);
  });

  test.each([
    ['cutBeforeEffect', 0],
    ['cutAfterEffect', 1],
  ] as const)('%s: the connection is cut, and the effects are %i', async (name, effects) => {
    const provider = await logInProvider(bank.apiUrl);
    becomeHostile({ [name]: 1 });
    await expect(createClient(provider)).rejects.toThrow(/ECONNRESET|hang up/);
    expect(clients()).toBe(effects);
    expect(lastRequest()).toMatchObject({ hostile: true });
  });

  test('unavailable: one of its ways of being so, unsigned and without an effect', async () => {
    const provider = await logInProvider(bank.apiUrl);
    becomeHostile({ unavailable: 1 });
    const statuses = new Set<number>();
    for (let request = 0; request < 30; request++) {
      const answer = await createClient(provider);
      statuses.add(answer.status);
      expect(answer.headers).not.toHaveProperty('x-bunq-server-signature');
      expect(answer.headers['content-type']).toBe(answer.status === 502 ? 'text/html' : 'application/json');
    }
    expect([...statuses].sort()).toEqual([491, 500, 502, 503]);
    expect(clients()).toBe(0);
  });

  test('slow: the answer comes late, and a bank that closes does not wait for it', async () => {
    const provider = await logInProvider(bank.apiUrl);
    becomeHostile({ slow: 1 });
    expect((await createClient(provider)).status).toBe(200);
    expect(lastRequest()).toMatchObject({ fault: 'hold-answer', hostile: true, outcome: 'answered' });
    expect(bank.simulator.faults()).toEqual([]);
    const asked = createClient(provider);
    while (bank.simulator.requests().at(-1)?.outcome !== 'pending') await new Promise((resolve) => setTimeout(resolve, 1));
    await Promise.all([expect(asked).rejects.toThrow(), bank.simulator.close()]);
  });

  test('reordered: lists within an object, and not the page, which is newest first', async () => {
    const { provider, oauthClientId } = await providerWithClient(bank.apiUrl);
    const path = `/user/${provider.userId}/oauth-client/${oauthClientId}`;
    const second = responseId(await provider.call('POST', `${path}/callback-url`, { body: { url: 'https://app.example/second' } }));
    const urls = async () => {
      const { OauthClient } = (await provider.call('GET', path)).json.Response[0];
      return OauthClient.callback_url.map(({ id }: { id: number }) => id);
    };
    const page = async () => {
      const answer = await provider.call('GET', `${path}/callback-url`);
      expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(true);
      return answer.json;
    };
    const [strictUrls, strictPage] = [await urls(), await page()];
    expect(strictUrls).toEqual([expect.any(Number), second]);
    becomeHostile({ reordered: 1 });
    expect(await urls()).toEqual(strictUrls.toReversed());
    expect(await page()).toEqual(strictPage);
  });
});
