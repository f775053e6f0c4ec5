import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** The main stories once more with no workflow kept in memory: each task starts from the history's first event, and what is not deterministic fails. */

const keeper = await startKeeper('uncached', { maxCachedWorkflows: 0 });

afterEach(() => keeper.finish());

const URLS = ['https://acme.example/callback', 'https://acme.example/other'];
const LENIENT = { allowSecondOAuthClient: true };
const ONE_OF_EACH = { installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1, callbackUrls: URLS };

test('when the first answers to what may not be done twice are lost, all is there once', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  const endpoint = ['POST /session-server', 'POST /user/{userID}/oauth-client', 'POST /device-server'];
  for (const one of endpoint) acme.simulator.fault({ endpoint: one, kind: 'lose-answer-after-effect' });
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.bankHolds()).toMatchObject({ devices: 1, oauthClients: 1, callbackUrls: URLS });
});

test('renewals go on across two runs with the same state, and the former sessions are closed', async () => {
  const ada = await keeper.connection('ada', LENIENT);
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: URLS });
  const { runId, oauthClient } = await ada.becomes('ACTIVE');
  await keeper.time.pass(125 * DAY); // 7 days live a session of a user, 4.7 days until its renewal
  const status = await ada.becomes('ACTIVE');
  expect(status).toMatchObject({ oauthClient });
  expect(status.runId).not.toBe(runId);
  expect(ada.bankHolds()).toEqual(ONE_OF_EACH);
  expect(ada.simulator.lapses({ connection: 'ada' })).toEqual([]);
}, 300_000); // each of 270 tasks begins with a history of up to 800 events

test('a session and an API key that the bank ends are replaced, and nobody waits longer than a minute for the session', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  const { sessionId } = (await acme.session())!;
  acme.simulator.revokeSession(sessionId);
  expect(await acme.reportRefused(sessionId)).toMatchObject({ outcome: 'replaced', session: { sessionId: expect.any(Number) } });
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.renew();
  await keeper.time.pass(10 * MINUTE);
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, oauthClients: 1, callbackUrls: URLS });
});

test('while the bank is down the session served goes on; what was wished meanwhile is done when it is back', async () => {
  const ada = await keeper.connection('ada', LENIENT);
  await ada.onboard({ credential: { type: 'sandbox-user' }, callbackUrls: [URLS[0]!] });
  const { session } = await ada.becomes('ACTIVE');
  await keeper.time.pass(4 * DAY);
  ada.bankGoesDown();
  await ada.passUntil(session!.renewAt);
  await ada.setCallbackUrls(URLS);
  await keeper.time.pass(2 * HOUR);
  expect(await ada.status()).toMatchObject({ state: 'DEGRADED', session });
  ada.bankComesBack();
  await ada.becomes('ACTIVE', HOUR);
  await keeper.time.pass(HOUR);
  expect(ada.bankHolds()).toEqual(ONE_OF_EACH);
});

test('a disconnected connection has closed its sessions, and ends', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  await acme.disconnect();
  expect(await acme.ended()).toMatchObject({ leftOpen: [] });
  expect(acme.bankHolds()).toMatchObject({ sessions: 0, oauthClients: 1 });
});
