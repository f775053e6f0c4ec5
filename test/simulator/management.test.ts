import { createServer } from 'node:net';
import { startSimulator } from '../../simulator/index.ts';
import { bankForEachTest, HOUR_MS } from './bank.ts';
import { bind, errorOf, install, logInProvider, logInUser, newKeyPair, openSession, send } from './client.ts';

const bank = bankForEachTest();
const manage = async (method: string, path: string, body?: object) => {
  const received = await send(bank.simulator.manageUrl, method, path, body && { body });
  return { status: received.status, ...received.json };
};

test('GET /state shows the bank without a secret, GET /secrets every secret', async () => {
  const { installed, apiKey, token, call, userId } = await logInProvider(bank.apiUrl);
  await call('POST', `/user/${userId}/oauth-client`, { body: {} });
  const [client] = (await call('GET', `/user/${userId}/oauth-client`)).json.Response;
  await installed.call('POST', '/device-server', { body: { description: 'x', secret: 'a-key-from-elsewhere' } });

  const { secrets } = await manage('GET', '/secrets');
  expect(Object.fromEntries(secrets.map(({ kind, value }: { kind: string; value: string }) => [kind, value]))).toEqual({
    'installation-token': installed.token,
    'session-token': token,
    'api-key': apiKey,
    'client-secret': client.OauthClient.secret,
    received: 'a-key-from-elsewhere',
  });
  const state = JSON.stringify(await manage('GET', '/state'));
  const requests = JSON.stringify(await manage('GET', '/requests'));
  for (const { value } of secrets) for (const shown of [state, requests]) expect(shown).not.toContain(value);
});

test('GET /requests is the log, by both clocks, and is emptied by POST /requests/reset', async () => {
  bank.simulator.advanceClock(HOUR_MS);
  const { call, userId, sessionId, installed } = await logInUser(bank.apiUrl);
  const { headers } = await call('GET', `/user/${userId}/oauth-client/77?x=1`, { headers: { 'X-Bunq-Client-Request-Id': 'one' } });
  const { requests } = await manage('GET', '/requests');
  expect(requests.at(-1)).toMatchObject({
    at: bank.simulator.nowMs(),
    realAtMs: expect.any(Number),
    method: 'GET',
    path: `/v1/user/${userId}/oauth-client/77`,
    endpoint: 'GET /user/{userID}/oauth-client/{itemId}',
    remoteAddress: '127.0.0.1',
    status: 404,
    error: 'OauthClient not found.',
    outcome: 'answered',
    installationId: installed.id,
    userId,
    sessionId,
    requestId: 'one',
    responseId: headers['x-bunq-client-response-id'],
    signed: true,
    fault: null,
  });
  await manage('POST', '/requests/reset');
  expect((await manage('GET', '/requests')).requests).toEqual([]);
  expect((await call('GET', '/user', { headers: { 'X-Bunq-Client-Request-Id': 'one' } })).status).toBe(400); // still used
});

test('the clock is read, advanced and set', async () => {
  const { nowMs } = await manage('GET', '/clock');
  expect((await manage('POST', '/clock', { advanceMs: 5 })).nowMs).toBe(nowMs + 5);
  expect((await manage('POST', '/clock', { setMs: 1_900_000_000_000 })).nowMs).toBe(1_900_000_000_000);
  expect(bank.simulator.nowMs()).toBe(1_900_000_000_000);
  expect(await manage('POST', '/clock', { advance: 5 })).toMatchObject({ status: 400, error: expect.any(String) });
});

test('the clock stands still until it is told to go on, and is moved meanwhile', async () => {
  let sourceMs = Date.UTC(2030, 0, 1);
  const simulator = await startSimulator({ nowMs: () => sourceMs });
  try {
    simulator.freezeClock();
    const frozenAtMs = simulator.nowMs();
    sourceMs += HOUR_MS;
    expect(simulator.nowMs()).toBe(frozenAtMs);
    simulator.advanceClock(5);
    expect(simulator.nowMs()).toBe(frozenAtMs + 5);
    simulator.setClock(frozenAtMs + 7);
    simulator.freezeClock(); // it is already
    simulator.freezeClock(false);
    expect(simulator.nowMs()).toBe(frozenAtMs + 7);
    sourceMs += HOUR_MS;
    expect(simulator.nowMs()).toBe(frozenAtMs + 7 + HOUR_MS);
    simulator.freezeClock();
    simulator.followClock();
    expect(simulator.nowMs()).toBe(sourceMs);
  } finally {
    await simulator.close();
  }
});

test('the clock is frozen, let go and set to follow over HTTP too', async () => {
  expect(await manage('POST', '/clock', { freeze: true })).toMatchObject({ status: 200 });
  const { nowMs } = await manage('POST', '/clock', { advanceMs: 5 });
  expect(await manage('POST', '/clock', { freeze: false })).toEqual({ status: 200, nowMs });
  expect(await manage('POST', '/clock', { follow: true })).toEqual({ status: 200, nowMs: nowMs - 5 });
  expect(await manage('POST', '/clock', { follow: false })).toMatchObject({ status: 400, error: expect.stringContaining('Give one of') });
});

test('a pulled clock is asked at each request', async () => {
  let nowMs = Date.UTC(2030, 0, 1);
  const simulator = await startSimulator({ nowMs: () => nowMs });
  try {
    const dates = [];
    for (const _ of [1, 2]) {
      dates.push((await send(simulator.apiUrl, 'GET', '/user')).headers.date);
      nowMs += HOUR_MS;
    }
    expect(dates).toEqual(['Tue, 01 Jan 2030 00:00:00 GMT', 'Tue, 01 Jan 2030 01:00:00 GMT']);
  } finally {
    await simulator.close();
  }
});

test('settings are read and changed, unknown ones refused', async () => {
  expect(await manage('PATCH', '/settings', { allowSecondOAuthClient: true })).toMatchObject({ status: 200, allowSecondOAuthClient: true });
  expect(await manage('GET', '/settings')).toMatchObject({ allowSecondOAuthClient: true, rateLimits: false });
  expect(await manage('PATCH', '/settings', { allowSecondOauthClient: true })).toMatchObject({
    status: 400,
    error: expect.stringMatching(/allowSecondOauthClient/),
  });
});

test('faults are set, listed, released and cleared', async () => {
  const { id } = await manage('POST', '/faults', { endpoint: 'POST /installation', kind: 'hold' });
  expect((await manage('GET', '/faults')).faults).toMatchObject([{ id, kind: 'hold', times: 1, hits: 0, held: 0 }]);
  expect(await manage('POST', '/faults/release')).toMatchObject({ released: 0 });
  expect((await manage('DELETE', `/faults/${id}`)).faults).toEqual([]);
  await manage('POST', '/faults', { endpoint: '*', kind: 'reset' });
  expect((await manage('DELETE', '/faults')).faults).toEqual([]);
  for (const bad of [
    { endpoint: 'POST /instalation', kind: 'hold' },
    { endpoint: '*', kind: 'hang' },
    { endpoint: '*', kind: 'hold', time: 1 },
  ])
    expect((await manage('POST', '/faults', bad)).status).toBe(400);
});

test('a session is revoked; what ended stays ended at that instant', async () => {
  const { call, installed, sessionId } = await logInUser(bank.apiUrl);
  const revokedAt = new Date(bank.simulator.nowMs()).toISOString();
  await manage('POST', `/sessions/${sessionId}/revoke`);
  await manage('POST', `/installations/${installed.id}/revoke`);
  bank.simulator.advanceClock(HOUR_MS);
  expect((await call('GET', '/user')).status).toBe(401);
  bank.simulator.revokeSession(sessionId);
  bank.simulator.revokeInstallation(installed.id);
  const { sessions, installations } = bank.simulator.state();
  expect(sessions).toMatchObject([{ status: 'REVOKED', revokedAt, deletedAt: null }]);
  expect(installations).toMatchObject([{ status: 'REVOKED', revokedAt }]);
});

test('a session that is over is not made to live until now by being expired', async () => {
  const { sessionId } = await logInUser(bank.apiUrl);
  const { expiresAt } = bank.simulator.state().sessions[0]!;
  bank.simulator.advanceClock(30 * 24 * HOUR_MS);
  bank.simulator.expireSession(sessionId);
  expect(bank.simulator.state().sessions).toMatchObject([{ status: 'EXPIRED', expiresAt }]);
});

test('requests seem to come from another address for as long as that is set', async () => {
  const { installed, apiKey, call } = await logInUser(bank.apiUrl);
  const open = async () => (await openSession(installed, apiKey)).status;
  bank.simulator.changeSettings({ callerAddress: '198.51.100.7' });
  expect(await open()).toBe(400);
  expect((await call('GET', '/user')).status).toBe(200); // sessions are tied to none
  expect(bank.simulator.requests().at(-1)?.remoteAddress).toBe('198.51.100.7');
  bank.simulator.changeSettings({ callerAddress: null });
  expect(await open()).toBe(200);
  expect(() => bank.simulator.changeSettings({ callerAddress: 'elsewhere' })).toThrow(/not an IP address/);
});

test('single clients seem to come from other addresses, real to seen', async () => {
  const { installed, apiKey } = await logInUser(bank.apiUrl);
  bank.simulator.changeSettings({
    callerAddress: '198.51.100.7',
    callerAddresses: { '127.0.0.1': '203.0.113.9', '127.0.0.2': '127.0.0.1' },
  });
  const from = async (address: string) => {
    const { status } = await openSession(installed, apiKey, { from: address });
    return [status, bank.simulator.requests().at(-1)?.remoteAddress];
  };
  expect(await from('127.0.0.1')).toEqual([400, '203.0.113.9']);
  expect(await from('127.0.0.2')).toEqual([200, '127.0.0.1']);
  expect(await from('127.0.0.3')).toEqual([400, '198.51.100.7']);
  expect(() => bank.simulator.changeSettings({ callerAddresses: { here: '127.0.0.1' } })).toThrow(/not an IP address/);
});

test('a blocked API key is refused like a dead one, on its devices too, and good again when it is unblocked', async () => {
  const { call, installed, apiKey } = await logInProvider(bank.apiUrl);
  const { id } = bank.simulator.state().credentials[0]!;
  const deviceStatus = async () => (await installed.call('GET', '/device-server')).json.Response[0].DeviceServer.status;
  const tried = async () => [(await openSession(installed, apiKey)).status, (await bind(installed, apiKey)).status];
  await manage('POST', `/credentials/${id}/block`);
  expect(await tried()).toEqual([400, 400]);
  expect(errorOf(await openSession(installed, apiKey))).toBe('User credentials are incorrect. Incorrect API key or IP address.');
  expect([await deviceStatus(), bank.simulator.state().credentials[0]?.status]).toEqual(['BLOCKED', 'BLOCKED']);
  expect((await call('GET', `/payment-service-provider-credential/${id}`)).json.Response[0].CredentialPasswordIp.status).toBe('BLOCKED');
  expect((await call('GET', '/user')).status).toBe(200); // its sessions live on
  await manage('POST', `/credentials/${id}/unblock`);
  expect(await tried()).toEqual([200, 200]);
  expect(await deviceStatus()).toBe('ACTIVE');
  bank.simulator.revokeCredential(id);
  bank.simulator.blockCredential(id);
  bank.simulator.unblockCredential(id);
  expect(bank.simulator.state().credentials[0]?.status).toBe('REVOKED'); // for good
});

test('a bank may be given its key; what is no RSA key is refused and not shown', async () => {
  const { privateKey, publicKeyPem } = newKeyPair();
  const serverPrivateKeyPem = privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
  const simulator = await startSimulator({ serverPrivateKeyPem });
  expect((await install(simulator.apiUrl)).serverPublicKeyPem).toBe(publicKeyPem);
  await simulator.close();
  const refused = startSimulator({ serverPrivateKeyPem: 'a secret' });
  await expect(refused).rejects.toThrow(/serverPrivateKeyPem/);
  await expect(refused).rejects.not.toThrow(/a secret/);
});

test('sessions are expired; API keys, users and installations are revoked', async () => {
  const { call, installed, sessionId, userId } = await logInUser(bank.apiUrl);
  await manage('POST', `/sessions/${sessionId}/expire`);
  expect((await call('GET', '/user')).status).toBe(401);
  await manage('POST', `/credentials/${bank.simulator.state().credentials[0]?.id}/revoke`);
  await manage('POST', `/users/${userId}/revoke`);
  expect(bank.simulator.state().credentials[0]?.status).toBe('REVOKED');
  await manage('POST', `/installations/${installed.id}/revoke`);
  expect((await installed.call('GET', '/device-server')).status).toBe(401);
  expect(await manage('POST', '/sessions/1/expire')).toMatchObject({
    status: 400,
    error: expect.stringMatching(/no 1 among its sessions/),
  });
});

describe('a bank that cannot start says why', () => {
  test.each(['port', 'managePort'] as const)('%s is taken', async (name) => {
    const taken = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => taken.once('listening', resolve));
    const { port } = taken.address() as { port: number };
    await expect(startSimulator({ [name]: port })).rejects.toThrow(new RegExp(`port ${port} on 127.0.0.1 cannot be opened: it is taken`));
    taken.close();
  });

  test('an option is unknown or unfit', async () => {
    await expect(startSimulator({ sessionLifetimeMs: 1, prot: 8080 } as object)).rejects.toThrow(
      /prot[\s\S]*sessionLifetimeMs|sessionLifetimeMs[\s\S]*prot/,
    );
  });
});
