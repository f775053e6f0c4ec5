import { startKeeper } from '../support/keeper.ts';
import { until } from '../support/until.ts';
import { HOUR, MINUTE } from '../support/virtual-time.ts';

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const URLS = ['https://acme.example/callback', 'https://acme.example/other'];

/** A bank that lets everything through that may not be done twice, so that it can be seen. */
const LENIENT = { allowSecondOAuthClient: true };

const IN_USE = { devices: 1, oauthClients: 1, callbackUrls: URLS };

const STEPS = [
  'POST /installation',
  'POST /payment-service-provider-credential',
  'POST /device-server',
  'POST /session-server',
  'GET /user',
  'GET /user/{userID}/oauth-client',
  'POST /user/{userID}/oauth-client',
  'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url',
  'GET /user/{userID}/oauth-client/{itemId}',
];

test.each([
  ['the connection is cut', 'lose-answer-after-effect'],
  ['half of it arrives', 'truncated'],
  ['its signature is wrong', 'wrong-signature'],
  ['it is not JSON', 'garbage'],
] as const)('when the first answer to every step is lost because %s, all is there once', async (_, kind) => {
  const acme = await keeper.connection('acme', LENIENT);
  for (const endpoint of STEPS) acme.simulator.fault({ endpoint, kind });
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.bankHolds()).toMatchObject(IN_USE);
  expect(acme.bankHolds().sessions).toBeLessThanOrEqual(2);
});

test('when every answer but the third to each step is lost, all is there once', async () => {
  const acme = await keeper.connection('acme', { ...LENIENT, refuseRebinding: true, refuseRepeatedPublicKey: true });
  for (const endpoint of STEPS.filter((step) => step.startsWith('POST')))
    acme.simulator.fault({ endpoint, kind: 'lose-answer-after-effect', times: 2 });
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE', 2 * HOUR);
  const { oauthClients, callbackUrls } = acme.bankHolds();
  expect({ oauthClients, callbackUrls }).toEqual({ oauthClients: 1, callbackUrls: URLS });
});

test('an OAuth client whose creation failed without an effect is created after the settling time, and not before', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  acme.simulator.fault({ endpoint: 'POST /user/{userID}/oauth-client', kind: 'status', status: 500, times: 2 });
  await acme.onboard();
  await acme.becomes('ACTIVE', HOUR);
  const asked = acme.requests('POST /user/{userID}/oauth-client').map(({ at }) => at);
  expect(asked).toHaveLength(3);
  for (const [index, at] of asked.slice(1).entries()) expect(at - asked[index]!).toBeGreaterThanOrEqual(MINUTE);
  expect(acme.bankHolds().oauthClients).toBe(1);
});

test('an OAuth client that the bank makes only after we have given up is found, not made again', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  const endpoint = 'POST /user/{userID}/oauth-client';
  acme.simulator.fault({ endpoint, kind: 'hold', effectAfterDisconnect: true });
  await acme.onboard();
  await acme.until('has lost the answer', (status) => status.lastError?.code === 'BUNQ_ANSWER_LOST');
  acme.simulator.releaseFaults();
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.requests(endpoint)).toHaveLength(1);
  expect(acme.bankHolds().oauthClients).toBe(1);
});

test('callback URLs are exactly those that were asked for: repeated ones go, unknown ones stay until that is asked', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE');
  await acme.setCallbackUrls(['https://acme.example/new']);
  await acme.until('has the new one', ({ oauthClient }) => oauthClient!.callbackUrls.includes('https://acme.example/new'));
  expect(acme.bankHolds().callbackUrls).toEqual([...URLS, 'https://acme.example/new'].sort());
  await acme.setCallbackUrls(['https://acme.example/new'], { unwanted: [URLS[0]!] });
  await acme.until('is without the unwanted', ({ oauthClient }) => oauthClient!.callbackUrls.length === 2);
  await acme.setCallbackUrls(['https://acme.example/new'], { prune: true });
  await acme.until('is pruned', ({ oauthClient }) => oauthClient!.callbackUrls.length === 1);
  expect(acme.bankHolds().callbackUrls).toEqual(['https://acme.example/new']);
});

test('wishes for callback URLs that come while others are being set are all granted', async () => {
  const acme = await keeper.connection('acme', LENIENT);
  await acme.onboard({ callbackUrls: URLS });
  await acme.becomes('ACTIVE');
  const held = { endpoint: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url' } as const;
  acme.simulator.fault({ ...held, kind: 'hold' });
  await acme.setCallbackUrls([...URLS, 'https://acme.example/3']);
  await until('the bank holds it', () => acme.simulator.faults()[0]?.held === 1);
  await acme.setCallbackUrls(['https://acme.example/4'], { unwanted: URLS });
  acme.simulator.releaseFaults();
  await acme.until(
    'has them',
    ({ oauthClient }) => oauthClient!.callbackUrls.toSorted().join() === 'https://acme.example/3,https://acme.example/4',
  );
  expect(acme.bankHolds().callbackUrls).toEqual(['https://acme.example/3', 'https://acme.example/4']);
});
