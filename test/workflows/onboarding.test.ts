import { forPeople } from '../../workflows/markdown.ts';
import { newApiKey, sealedApiKey } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { decodedPayloads } from '../support/payloads.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { HOUR } from '../support/virtual-time.ts';

const keeper = await startKeeper('test');
/** Each workflow task here starts from the history's first event: what is not deterministic fails. */
const uncached = await startKeeper('uncached', { maxCachedWorkflows: 0 });

afterEach(async () => {
  await keeper.finish();
  await uncached.finish();
});

const CALLBACK_URLS = ['https://acme.example/callback', 'https://acme.example/other'];

test.each([
  ['', keeper],
  [', also when every task starts from the history', uncached],
])('a provider is onboarded with one of everything%s', async (_, workers) => {
  const acme = await workers.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: CALLBACK_URLS });
  const status = await acme.becomes('ACTIVE');
  expect(status.steps.map((step) => step.status)).toEqual(Array(8).fill('done'));
  expect(status.certificate).toMatchObject({ subject: '/CN=My App PISP AISP/C=NL', roles: ['PISP', 'AISP'] });
  expect(acme.bankHolds()).toEqual({
    installations: 1,
    credentials: 1,
    devices: 1,
    sessions: 1,
    oauthClients: 1,
    callbackUrls: CALLBACK_URLS,
  });
  const [client] = acme.simulator.state().oauthClients;
  expect(await acme.oauthClient()).toMatchObject({ id: client!.id, clientId: client!.clientId, callbackUrls: CALLBACK_URLS });
  expect(await acme.session()).toMatchObject({
    user: { kind: 'UserPaymentServiceProvider' },
    sessionId: acme.simulator.state().sessions[0]!.id,
  });
});

test('an API-key user without callback URLs has no OAuth client, and gets one when callback URLs are set later', async () => {
  const ada = await keeper.connection('ada');
  await ada.onboard({ credential: await sealedApiKey(ada.workflowId, await newApiKey(ada.simulator.apiUrl)) });
  const status = await ada.becomes('ACTIVE');
  expect(status.steps.filter((step) => step.status === 'skipped').map((step) => step.name)).toEqual([
    'oauth-client',
    'callback-urls',
    'client-credentials',
  ]);
  expect(status.certificate).toBeNull();
  expect(ada.bankHolds()).toMatchObject({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 0 });
  expect(ada.simulator.requests().filter(({ path }) => path.includes('oauth-client'))).toEqual([]);

  await ada.setCallbackUrls(CALLBACK_URLS);
  await ada.until('has a client id', (now) => now.oauthClient?.clientId != null);
  expect(ada.bankHolds()).toMatchObject({ sessions: 1, oauthClients: 1, callbackUrls: CALLBACK_URLS });
});

test('a user of the sandbox is made and onboarded, its API key bound for any address when that is asked', async () => {
  const bob = await keeper.connection('bob');
  await bob.onboard({ credential: { type: 'sandbox-user' }, permittedIps: ['any'] });
  await bob.becomes('ACTIVE');
  expect(bob.simulator.state().users).toHaveLength(1);
  expect(bob.simulator.state().credentials).toMatchObject([{ origin: 'sandbox', status: 'ACTIVE', permittedIps: ['*'] }]);
});

test('no plain secret is in a query, an event, a memo or a description', async () => {
  const acme = await keeper.connection('acme');
  const credential = await sealedApiKey(acme.workflowId, await newApiKey(acme.simulator.apiUrl));
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 500 });
  await acme.onboard({ credential, callbackUrls: CALLBACK_URLS });
  await acme.becomes('ACTIVE');
  const answers = await Promise.all([acme.status(), acme.session(), acme.oauthClient(), acme.state()]);
  const queried = answers.map((answer, index) => ({ name: `query ${index}`, bytes: JSON.stringify(answer) }));
  const secrets = acme.simulator.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
  expect(secrets.map(({ label }) => label.split(' ')[0])).toEqual(['installation-token', 'session-token', 'api-key', 'client-secret']);

  expect(searchForSecrets(secrets, [...queried, ...(await decodedPayloads(acme.client, [acme.workflowId]))])).toEqual([]);
});

test('the Temporal UI tells the story: details with a time for each step, a memo, and search attributes', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: CALLBACK_URLS });
  const status = await acme.becomes('ACTIVE');
  const { currentDetails } = await acme.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  expect(currentDetails).toContain('## ACTIVE');
  for (const { name, at } of status.steps) expect(currentDetails).toContain(forPeople(`| ${name} | done | ${at} |`).trim());
  const { memo, searchAttributes } = await acme.handle.describe();
  expect(memo).toMatchObject({ state: 'ACTIVE', oauthClient: status.oauthClient, wanted: { callbackUrls: CALLBACK_URLS } });
  expect(searchAttributes).toMatchObject({
    KeeperState: ['ACTIVE'],
    KeeperEnvironment: ['test'],
    KeeperProvider: ['acme'],
    KeeperEgress: [acme.egress],
    KeeperRenewAt: [new Date(status.session!.renewAt)],
    KeeperExpiresAt: [new Date(status.session!.expiresAt)],
    KeeperCertificateExpiresOn: [Number(status.certificate!.expiresAt.slice(0, 10).replaceAll('-', ''))],
  });
});

test('while the bank is down for two hours an onboarding waits, and then it goes on where it was', async () => {
  const acme = await keeper.connection('acme');
  acme.simulator.fault({ endpoint: '*', kind: 'reset', times: null, skip: 2 }); // installation and credential succeed
  await acme.onboard({ callbackUrls: CALLBACK_URLS });
  await keeper.time.pass(2 * HOUR);
  expect(await acme.status()).toMatchObject({ state: 'ONBOARDING', session: null, action: null, lastError: { status: null } });
  expect(acme.simulator.requests().length).toBeLessThan(60);
  acme.bankComesBack();
  await acme.becomes('ACTIVE', HOUR);
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 1, devices: 1, sessions: 1, oauthClients: 1 });
});
