import { createBank } from '../../bunq/bank.ts';
import { createOAuthClient } from '../../bunq/oauth-client.ts';
import { systemClock } from '../../settings/clock.ts';
import type { TestConnection } from '../support/connection.ts';
import { sealingKeys } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { HOUR, MINUTE } from '../support/virtual-time.ts';

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';

test('a disconnected connection has closed its sessions, and ends', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  await acme.renew();
  await acme.until('is renewed', (status) => status.session?.openedAt !== session!.openedAt);
  expect(acme.bankHolds().sessions).toBe(2);
  await acme.disconnect();
  expect(await acme.ended()).toEqual({ name: 'acme', disconnectedBy: 'ada@test', leftOpen: [] });
  expect(acme.bankHolds()).toMatchObject({ sessions: 0, oauthClients: 1 });
  expect(await acme.status()).toMatchObject({ state: 'DISCONNECTED', session: null });
  const { memo, searchAttributes } = await acme.handle.describe();
  expect(memo).toMatchObject({ state: 'DISCONNECTED' });
  expect(searchAttributes).toMatchObject({ KeeperState: ['DISCONNECTED'] });
  expect(await acme.currentDetails()).toMatch(/^## DISCONNECTED\n/);
});

test.each([
  ['refuses connections', { kind: 'reset' }],
  ['does not answer', { kind: 'hold' }],
] as const)('a bank that %s holds up a disconnect for two minutes at most, and what is left open is named', async (_, fault) => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  acme.simulator.fault({ endpoint: '*', times: null, ...fault });
  const askedMs = await keeper.time.nowMs();
  await acme.disconnect();
  const [open] = acme.simulator.state().sessions;
  expect(await acme.ended()).toMatchObject({ leftOpen: [{ sessionId: open!.id, expiresAt: session!.expiresAt }] });
  expect((await keeper.time.nowMs()) - askedMs).toBeLessThanOrEqual(2 * MINUTE);
});

test('a connection that is disconnected while it waits to ask for a session does not ask for it', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  await acme.renew();
  await acme.until('wants to', ({ steps }) => steps.some(({ name, status }) => name === 'session' && status === 'running'));
  await acme.disconnect();
  await acme.ended();
  expect(acme.requests('POST /session-server')).toHaveLength(1);
});

test('a connection that is disconnected while a lost answer settles does not send again', async () => {
  const acme = await keeper.connection('acme');
  const endpoint = 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url';
  acme.simulator.fault({ endpoint, kind: 'status', status: 500 });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.until('has no clear answer', ({ lastError }) => lastError?.code === 'BUNQ_UNAVAILABLE');
  await acme.setCallbackUrls([URL, 'https://acme.example/other']);
  await acme.until('settles', ({ steps }) => steps.some(({ name, status }) => name === 'callback-urls' && status === 'running'));
  await acme.disconnect();
  expect(await acme.ended()).toMatchObject({ leftOpen: [] });
  expect(acme.requests(endpoint)).toHaveLength(1);
});

test('the state of a run that was terminated goes on in a new one, without anything done twice', async () => {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  const before = await acme.becomes('ACTIVE');
  await acme.handle.terminate();
  const state = await acme.state();
  const requests = acme.simulator.requests().length;
  await acme.start({ state });
  const after = await acme.becomes('ACTIVE');
  expect(after).toEqual({ ...before, runId: after.runId });
  expect(acme.simulator.requests()).toHaveLength(requests);
  await acme.passUntil(before.session!.renewAt);
  await acme.until('is renewed', ({ session }) => session?.openedAt !== before.session!.openedAt);
  await keeper.time.pass(HOUR);
  expect(acme.bankHolds()).toEqual({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: [URL] });
});

test('a disconnected provider that is onboarded again gets the oldest of its OAuth clients, and none is touched', async () => {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  const { oauthClient } = await acme.becomes('ACTIVE');
  const other = await anotherOAuthClient(acme);
  await acme.disconnect();
  await acme.ended();
  await keeper.time.pass(MINUTE);
  await acme.onboard({ callbackUrls: [URL] });
  expect(await acme.becomes('ACTIVE')).toMatchObject({ oauthClient });
  expect((await acme.state()).oauthClient).toMatchObject({ others: [other] });
  expect(acme.bankHolds()).toMatchObject({ oauthClients: 2, callbackUrls: [URL], sessions: 1 });
});

/** Made by somebody else with the same user. */
async function anotherOAuthClient(connection: TestConnection): Promise<number> {
  const { sessionToken, privateKey, serverPublicKeyPem, user } = (await connection.session())!;
  const caller = {
    sessionToken: await sealingKeys.open('session-token', connection.workflowId, sessionToken),
    privateKey: await sealingKeys.open('private-key', connection.workflowId, privateKey),
    serverPublicKeyPem,
  };
  const bank = createBank({ apiUrl: connection.simulator.apiUrl, clock: systemClock });
  const { oauthClientId } = await createOAuthClient(bank, caller, { userId: user.id });
  await bank.close();
  return oauthClientId;
}
