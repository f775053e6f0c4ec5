import { createPrivateKey } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Seed, startSimulator } from '../../simulator/index.ts';
import { bankForEachTest, DAY_MS, HOUR_MS } from './bank.ts';
import { install, isSignedByBank, logInProvider, logInUser, newKeyPair, openSession, send } from './client.ts';
import { accountOf, askSugarDaddy, balanceOf, draftBody, paymentBody, pointerTo } from './money.ts';
import { connect, providerWithClient } from './oauth.ts';

/** What is done to all that the bank knows at once: it is noted, restored, forgotten, and made. */

const bank = bankForEachTest();

const withoutNow = () => {
  const { now: _now, ...state } = bank.simulator.state();
  return state;
};

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('a snapshot', () => {
  test('is restored: what was made since is gone, what had ended lives, by the clock of then', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const [state, secrets, requests] = [withoutNow(), bank.simulator.secrets(), bank.simulator.requests()];
    const snapshot = bank.simulator.snapshot();
    const takenAtMs = bank.simulator.nowMs();
    bank.simulator.advanceClock(DAY_MS);
    bank.simulator.revokeSession(provider.sessionId);
    const later = await logInUser(bank.apiUrl);
    expect((await provider.call('GET', '/user')).status).toBe(401);
    const newestId = later.sessionId;

    bank.simulator.restore(JSON.parse(JSON.stringify(snapshot)));
    expect([withoutNow(), bank.simulator.secrets(), bank.simulator.requests()]).toEqual([state, secrets, requests]);
    expect(bank.simulator.nowMs()).toBe(takenAtMs);
    expect((await provider.call('GET', '/user')).status).toBe(200);
    expect((await later.call('GET', '/user')).status).toBe(401);
    expect((await install(bank.apiUrl)).id).toBeGreaterThan(newestId); // no id is given twice
  });

  test('has payments, draft payments and cards, which are found again and move the money that there was', async () => {
    const [payer, payee] = [await logInUser(bank.apiUrl), await logInUser(bank.apiUrl)];
    const [from, to] = [await accountOf(payer), await accountOf(payee)];
    await askSugarDaddy(payer, '10.00');
    const order = { value: '4.00', to: pointerTo(to) };
    await payer.call('POST', `${from.path}/draft-payment`, { body: draftBody(order) });
    const lists = [`${from.path}/payment`, `${from.path}/draft-payment`, `/user/${payer.userId}/card`];
    const shown = async () => await Promise.all(lists.map(async (path) => (await payer.call('GET', path)).json.Response));
    const before = await shown();
    expect(before.map((items) => items.length)).toEqual([1, 1, 1]);
    const snapshot = bank.simulator.snapshot();
    await payer.call('POST', `${from.path}/payment`, { body: paymentBody(order) });
    bank.simulator.reset();
    bank.simulator.restore(snapshot);
    expect(await shown()).toEqual(before);
    await payer.call('POST', `${from.path}/payment`, { body: paymentBody(order) });
    expect([await balanceOf(payer), await balanceOf(payee)]).toEqual(['6.00', '4.00']);
  });

  test('knows which request ids were used, and of the limits what they had admitted', async () => {
    bank.simulator.changeSettings({ rateLimits: true });
    const { installed, apiKey, call } = await logInUser(bank.apiUrl);
    const used = { headers: { 'X-Bunq-Client-Request-Id': 'used' } };
    await call('GET', '/user', used);
    const snapshot = bank.simulator.snapshot();
    bank.simulator.reset();
    bank.simulator.restore(snapshot);
    bank.simulator.changeSettings({ rateLimits: true });
    expect((await openSession(installed, apiKey)).status).toBe(429);
    expect((await call('GET', '/user', used)).status).toBe(400);
    bank.simulator.reset();
    bank.simulator.changeSettings({ rateLimits: true });
    expect((await logInUser(bank.apiUrl)).sessionId).toBeGreaterThan(0); // a new bank has admitted nothing
  });

  test('makes another bank the same one, with its server key', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const other = await startSimulator({ rateLimits: false, nowMs: () => bank.simulator.nowMs() });
    try {
      other.restore(bank.simulator.snapshot());
      const answer = await send(other.apiUrl, 'GET', '/user', { token: provider.token, key: provider.installed.keys.privateKey });
      expect(answer.status).toBe(200);
      expect(isSignedByBank(answer, provider.installed.serverPublicKeyPem)).toBe(true);
    } finally {
      await other.close();
    }
  });

  test('is in the state file once it is restored', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bank-'));
    const stateFile = join(folder, 'bank.state');
    try {
      const provider = await logInProvider(bank.apiUrl);
      bank.simulator.freezeClock();
      const before = await startSimulator({ stateFile, rateLimits: false });
      await logInUser(before.apiUrl);
      before.restore(bank.simulator.snapshot());
      const afterwards = await logInUser(before.apiUrl);
      await before.close();
      const after = await startSimulator({ stateFile });
      expect(after.state().sessions.map(({ id }) => id)).toEqual([provider.sessionId, afterwards.sessionId]);
      expect(after.nowMs()).toBe(bank.simulator.nowMs()); // also that its clock stands still
      await after.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test('ends what is held without an effect, and it is not in the log', async () => {
    const provider = await logInProvider(bank.apiUrl);
    const snapshot = bank.simulator.snapshot();
    const requests = bank.simulator.requests();
    for (const kind of ['hold', 'hold-answer'] as const) {
      bank.simulator.fault({ endpoint: 'POST /user/{userID}/oauth-client', kind });
      const asked = provider.call('POST', `/user/${provider.userId}/oauth-client`, { body: {} });
      await until(() => bank.simulator.faults().at(-1)?.held === 1);
      bank.simulator.restore(snapshot);
      await expect(asked).rejects.toThrow(/ECONNRESET|hang up/);
      expect(bank.simulator.state().oauthClients).toEqual([]);
      expect(bank.simulator.requests()).toEqual(requests);
    }
  });

  test('has callbacks that were still to be sent, which are sent once more', async () => {
    let told = 0;
    const listener = createServer((_incoming, outgoing) => {
      told++;
      outgoing.writeHead(500).end();
    }).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    try {
      const client = await providerWithClient(bank.apiUrl);
      const url = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
      const notification_filters = [{ category: 'OAUTH', notification_target: url }];
      await client.provider.call('POST', `/user/${client.provider.userId}/notification-filter-url`, { body: { notification_filters } });
      const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client);
      bank.simulator.revokeGrant({ userApiKeyId });
      await until(() => bank.simulator.state().notifications[0]?.attempts.length === 1);
      const snapshot = bank.simulator.snapshot();
      bank.simulator.reset();
      bank.simulator.restore(snapshot);
      bank.simulator.advanceClock(HOUR_MS);
      await until(() => bank.simulator.state().notifications[0]?.attempts.length === 2);
      expect(told).toBe(2);
    } finally {
      listener.close();
    }
  });

  test.each([
    [{}, /format/],
    [{ format: 'bunq-simulator-snapshot', version: 1, entities: [] }, /no server key/],
    [{ format: 'bunq-simulator-snapshot', version: 1, entities: [['moons', { id: 1 }]] }, /entities/],
  ])('what is none is refused, and the bank is as it was: %j', async (snapshot, message) => {
    await logInUser(bank.apiUrl);
    const state = withoutNow();
    expect(() => bank.simulator.restore(snapshot as never)).toThrow(message);
    expect(withoutNow()).toEqual(state);
  });
});

describe('reset', () => {
  test('the bank is as it was started: it knows nobody, and clock, settings, faults, ids and log begin anew', async () => {
    const startedWith = bank.simulator.settings();
    const startedAtMs = bank.simulator.nowMs();
    const first = await logInUser(bank.apiUrl);
    bank.simulator.changeSettings({ hostile: true, allowSecondOAuthClient: true });
    bank.simulator.freezeClock();
    bank.simulator.advanceClock(HOUR_MS);
    bank.simulator.fault({ endpoint: '*', kind: 'reset' });
    bank.simulator.reset();
    expect(bank.simulator.state()).toMatchObject({ installations: [], users: [], credentials: [], devices: [], sessions: [] });
    expect(bank.simulator.secrets()).toEqual([]);
    expect([bank.simulator.requests(), bank.simulator.faults()]).toEqual([[], []]);
    expect(bank.simulator.settings()).toEqual(startedWith);
    expect(bank.simulator.nowMs()).toBe(startedAtMs);
    expect((await first.call('GET', '/user')).status).toBe(401);
    bank.simulator.reset();
    const second = await logInUser(bank.apiUrl);
    expect([second.installed.id, second.userId, second.sessionId]).toEqual([first.installed.id, first.userId, first.sessionId]);
  });

  test('a hostile bank does the same again', async () => {
    const misfortunes = async () => {
      bank.simulator.changeSettings({ hostile: true, hostileRates: { slow: 0, tooManyRequests: 0.3 } });
      const statuses: (number | null)[] = [];
      for (let request = 0; request < 20; request++)
        statuses.push(
          await send(bank.apiUrl, 'POST', '/sandbox-user-person').then(
            ({ status }) => status,
            () => null,
          ),
        );
      return statuses;
    };
    const first = await misfortunes();
    expect(first).toContain(429);
    bank.simulator.reset();
    expect(await misfortunes()).toEqual(first);
  });

  test('the server key stays, unless another one is asked for', async () => {
    const { serverPublicKeyPem } = await install(bank.apiUrl);
    bank.simulator.reset();
    expect((await install(bank.apiUrl)).serverPublicKeyPem).toBe(serverPublicKeyPem);
    bank.simulator.reset({ newServerKey: true });
    const installed = await install(bank.apiUrl);
    expect(installed.serverPublicKeyPem).not.toBe(serverPublicKeyPem);
    expect(isSignedByBank(await installed.call('GET', '/device-server'), installed.serverPublicKeyPem)).toBe(true);
    expect(() => bank.simulator.reset({ key: true } as object)).toThrow(/key/);
  });
});

describe('seed', () => {
  test('connections call at once, with the key pair that the bank made for them', async () => {
    const { clientPrivateKey, serverPublicKey, connections } = bank.simulator.seed({ connections: 2 });
    for (const { userId, sessionToken, accountIds, apiKey, installationToken } of connections) {
      const call = (method: string, path: string, token: string, body?: object) =>
        send(bank.apiUrl, method, path, { token, key: createPrivateKey(clientPrivateKey!), ...(body && { body }) });
      const answer = await call('GET', '/user', sessionToken);
      expect(isSignedByBank(answer, serverPublicKey)).toBe(true);
      expect(answer.json.Response[0].UserPerson.id).toBe(userId);
      const accounts = (await call('GET', `/user/${userId}/monetary-account-bank`, sessionToken)).json.Response;
      expect(accounts.map((account: Record<string, { id: number }>) => account.MonetaryAccountBank?.id)).toEqual(accountIds);
      expect((await call('POST', '/session-server', installationToken, { secret: apiKey })).status).toBe(200);
      expect((await call('GET', '/device-server', installationToken)).json.Response).toHaveLength(1);
    }
  });

  test('with a public key of the caller, who has the private one', async () => {
    const { privateKey, publicKeyPem } = newKeyPair();
    const { clientPrivateKey, connections } = bank.simulator.seed({ connections: 1, clientPublicKey: publicKeyPem });
    expect(clientPrivateKey).toBeNull();
    const [{ sessionToken: token }] = connections as [(typeof connections)[number]];
    expect((await send(bank.apiUrl, 'GET', '/user', { token, key: privateKey })).status).toBe(200);
    expect((await send(bank.apiUrl, 'GET', '/user', { token, key: newKeyPair().privateKey })).status).toBe(400);
  });

  test('API keys wait to be bound, and users to consent', async () => {
    const { users, apiKeys, clientPrivateKey } = bank.simulator.seed({ users: 3, apiKeys: 1 });
    expect(clientPrivateKey).toBeNull();
    expect(bank.simulator.endUsers()).toEqual(expect.arrayContaining(users.map(({ accountIds: _ids, ...user }) => user)));
    const [{ apiKey, userId }] = apiKeys as [(typeof apiKeys)[number]];
    const installed = await install(bank.apiUrl);
    await installed.call('POST', '/device-server', { body: { description: 'x', secret: apiKey } });
    const { json } = await openSession(installed, apiKey);
    expect(json.Response[2].UserPerson.id).toBe(userId);
  });

  test('twenty thousand are each of their own', () => {
    const { publicKeyPem } = newKeyPair();
    const { connections } = bank.simulator.seed({ connections: 20_000, clientPublicKey: publicKeyPem });
    const values = connections.flatMap((one) => [one.userId, one.apiKey, one.installationToken, one.sessionToken, ...one.accountIds]);
    expect(new Set(values).size).toBe(5 * 20_000);
  });

  test.each([
    [{ users: -1 }, /users/],
    [{ connections: 1, clientPublicKey: 'no key' }, /RSA 2048/],
    [{ conections: 1 }, /conections/],
  ])('what is no seed is refused, and nothing is made: %j', (options, message) => {
    expect(() => bank.simulator.seed(options as Seed)).toThrow(message);
    expect(bank.simulator.state().users).toEqual([]);
  });
});
