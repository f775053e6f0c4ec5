import { ENDPOINTS, manageSimulator } from '../../simulator/index.ts';
import { bankForEachTest, HOUR_MS } from './bank.ts';
import { logInUser } from './client.ts';
import { CALLBACK_URL, connect, providerWithClient } from './oauth.ts';

/** The typed client of the management port: what it answers is what the bank's own object answers. */

const bank = bankForEachTest();
const remote = () => manageSimulator(bank.simulator.manageUrl);

test('it has every method of the management', () => {
  const notManaged = ['apiUrl', 'authorizeUrl', 'tokenUrl', 'manageUrl', 'port', 'managePort', 'failure', 'close'];
  expect(Object.keys(remote()).sort()).toEqual(
    Object.keys(bank.simulator)
      .filter((name) => !notManaged.includes(name))
      .sort(),
  );
});

test('readings are those of the bank itself', async () => {
  const client = await providerWithClient(bank.apiUrl);
  await connect(bank.simulator, bank.apiUrl, client);
  bank.simulator.fault({ endpoint: '*', kind: 'reset', skip: 5 });
  bank.simulator.published({ connection: 'acme', sessionId: null });
  bank.simulator.advanceClock(HOUR_MS);
  for (const name of ['state', 'secrets', 'requests', 'nowMs', 'settings', 'faults', 'endUsers', 'grants', 'snapshot'] as const)
    expect([name, await remote()[name]()]).toEqual([name, bank.simulator[name]()]);
  for (const query of [{ connection: 'acme' }, { connection: 'acme', untilMs: bank.simulator.nowMs() + 1 }])
    expect(await remote().lapses(query)).toEqual(bank.simulator.lapses(query));
});

test('the clock is moved, frozen and followed, and settings are changed', async () => {
  const startedAtMs = bank.simulator.nowMs();
  await remote().advanceClock(5);
  expect(bank.simulator.nowMs()).toBe(startedAtMs + 5);
  await remote().setClock(7);
  await remote().freezeClock();
  await remote().advanceClock(1);
  expect(await remote().nowMs()).toBe(8);
  await remote().freezeClock(false);
  await remote().followClock();
  expect(bank.simulator.nowMs()).toBe(startedAtMs);
  expect(await remote().changeSettings({ rateLimitStatus: 409 })).toEqual(bank.simulator.settings());
  expect(bank.simulator.settings().rateLimitStatus).toBe(409);
  await remote().reset();
  expect(bank.simulator.settings().rateLimitStatus).toBe(429);
});

test('faults are set, released, settled and cleared', async () => {
  const { id } = await remote().fault({ endpoint: ENDPOINTS[0]!, kind: 'hold' });
  await remote().fault({ endpoint: '*', kind: 'reset' });
  expect([await remote().settle(), await remote().releaseFaults(id), await remote().releaseFaults()]).toEqual([0, 0, 0]);
  await remote().clearFaults(id);
  expect(bank.simulator.faults()).toHaveLength(1);
  await remote().clearFaults();
  expect(bank.simulator.faults()).toEqual([]);
});

test('what the bank issued is ended and blocked, by id', async () => {
  const { sessionId, installed, userId } = await logInUser(bank.apiUrl);
  const credential = () => bank.simulator.state().credentials[0]!;
  await remote().blockCredential(credential().id);
  expect(credential().status).toBe('BLOCKED');
  await remote().unblockCredential(credential().id);
  expect(credential().status).toBe('ACTIVE');
  await remote().expireSession(sessionId);
  expect(bank.simulator.state().sessions[0]?.status).toBe('EXPIRED');
  await remote().revokeSession(sessionId);
  expect(bank.simulator.state().sessions[0]?.status).toBe('REVOKED');
  await remote().revokeUser(userId);
  await remote().revokeCredential(credential().id);
  expect(credential().status).toBe('REVOKED');
  await remote().revokeInstallation(installed.id);
  expect(bank.simulator.state().installations[0]?.status).toBe('REVOKED');
  await remote().resetRequests();
  expect(bank.simulator.requests()).toEqual([]);
});

test('end users are made, consent, and take it back', async () => {
  const client = await providerWithClient(bank.apiUrl);
  const user = await remote().createEndUser({ displayName: 'Ada' });
  expect(bank.simulator.endUsers()).toContainEqual(user);
  const redirectUrl = await remote().authorize({ clientId: client.clientId, redirectUri: CALLBACK_URL, user: user.id });
  expect(redirectUrl).toMatch(new RegExp(`^${CALLBACK_URL}\\?code=`));
  const { userApiKeyId } = await connect(bank.simulator, bank.apiUrl, client, { user: user.id });
  await connect(bank.simulator, bank.apiUrl, client, { user: user.id });
  await remote().revokeGrant({ userApiKeyId });
  expect(bank.simulator.grants().map(({ status }) => status)).toEqual(['REVOKED', 'ACTIVE']);
  await remote().revokeGrantsOf({ user: user.id });
  expect(bank.simulator.grants().map(({ status }) => status)).toEqual(['REVOKED', 'REVOKED']);
});

test('a bank is seeded, noted and restored, and what is published is noted', async () => {
  const { connections } = await remote().seed({ connections: 1 });
  await remote().published({ connection: 'acme', sessionId: connections[0]!.sessionId });
  const [snapshot, secrets] = [await remote().snapshot(), bank.simulator.secrets()];
  await remote().reset({ newServerKey: true });
  expect(bank.simulator.secrets()).toEqual([]);
  await remote().restore(snapshot);
  expect(bank.simulator.secrets()).toEqual(secrets);
  expect(bank.simulator.lapses({ connection: 'acme' })).toEqual([]);
});

test.each<[string, (management: ReturnType<typeof remote>) => Promise<unknown>, RegExp]>([
  [
    'an id that the bank does not have',
    ({ expireSession }) => expireSession(1),
    /POST \/sessions\/1\/expire: The bank has no 1 among its sessions\./,
  ],
  ['a setting that is none', ({ changeSettings }) => changeSettings({ hostil: true } as object), /PATCH \/settings: [\s\S]*hostil/],
  ['nobody who publishes', ({ lapses }) => lapses({ connection: 'nobody' }), /Nothing was published by "nobody"/],
])('its errors are what the server says: %s', async (_what, act, message) => {
  await expect(act(remote())).rejects.toThrow(message);
});
