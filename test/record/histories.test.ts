import { SignerError, signerFromPrivateKey } from '../../bunq/qseal.ts';
import { parseBunqContext } from '../../client/bunq-context.ts';
import { importedState } from '../../client/imported-state.ts';
import { reportRefusedUpdate, resealUpdate } from '../../workflows/messages.ts';
import { sessionGateWorkflowId } from '../../workflows/names.ts';
import type { TestConnection } from '../support/connection.ts';
import {
  formerSealingKeys,
  newApiKey,
  nextCertificate,
  privateKeyOf,
  providerCertificate,
  sealedApiKey,
  sealingKeys,
  takeSigner,
} from '../support/credentials.ts';
import { askForConsent, comeBack } from '../support/end-user.ts';
import { startKeeper } from '../support/keeper.ts';
import { forgetRecordedOfThisVersion, record } from '../support/recorded-histories.ts';
import { registerAsSdk } from '../support/sdk-context.ts';
import { until } from '../support/until.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';
import { attemptsOf, goAway, setWebhook, takenOf } from '../support/webhook.ts';

/** `npm run histories`: records afresh, from real runs against the simulator, what later versions have to replay. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);
const URL = 'https://acme.example/callback';

beforeAll(forgetRecordedOfThisVersion);
afterEach(() => keeper.finish());

async function recordRuns(shape: string, connection: TestConnection): Promise<void> {
  const runs = await connection.histories();
  for (const [index, history] of runs.entries()) record(runs.length > 1 ? `${shape}-run-${index + 1}` : shape, history);
}

const gateOf = ({ client, egress }: TestConnection) => client.workflow.getHandle(sessionGateWorkflowId(ENVIRONMENT, egress));

test('a provider is onboarded, renewed, and disconnected', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: [URL] });
  const { session } = await acme.becomes('ACTIVE');
  await acme.passUntil(session!.renewAt);
  await acme.until(
    'has closed the former session',
    () => acme.bankHolds().sessions === 1 && acme.requests('POST /session-server').length === 2,
    HOUR,
  );
  await acme.disconnect();
  await acme.ended();
  await recordRuns('provider', acme);
});

test('the API key and the installation are repaired', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  acme.simulator.revokeCredential(acme.simulator.state().credentials[0]!.id);
  await acme.renew();
  await acme.until('has a new API key', ({ state }) => state === 'ACTIVE' && acme.simulator.state().credentials.length === 2, 10 * MINUTE);
  await keeper.time.pass(2 * HOUR);
  for (const { id } of acme.simulator.state().installations) acme.simulator.revokeInstallation(id);
  await acme.renew();
  await acme.until('has a new installation', ({ state }) => state === 'ACTIVE' && acme.bankHolds().sessions === 1, 10 * MINUTE);
  await recordRuns('repairs', acme);
});

test('a credential is refused, and resumed with another', async () => {
  const acme = await keeper.connection('acme');
  const refused = { ...(await providerCertificate()), chainPem: (await providerCertificate('Other App')).certificatePem };
  await acme.onboard({ credential: refused });
  await acme.becomes('ACTION_REQUIRED');
  await keeper.time.pass(DAY + HOUR);
  await acme.resume(await providerCertificate('Other App'));
  await acme.becomes('ACTIVE');
  await recordRuns('action-required-and-resume', acme);
});

test('a signer is unreachable for an hour, and a person signs in its place: wrongly, then rightly', async () => {
  const acme = await keeper.connection('acme');
  const signer = `file:/down for ${acme.egress}.pem`;
  takeSigner(signer, 'My App', new SignerError('SIGNER_UNAVAILABLE', 'the HSM is locked'));
  await acme.onboard({ credential: { ...(await providerCertificate()), signer } });
  await acme.becomes('ACTION_REQUIRED', 2 * HOUR);
  const { sha256Hex } = (await acme.state()).ladder.installation!.qsealDigest!;
  await acme.giveSignature(Buffer.alloc(256, 7).toString('base64'));
  await acme.until('the signature was checked', ({ action }) => action?.seen.text?.includes('does not verify') === true);
  const signature = await signerFromPrivateKey(privateKeyOf('My App')).sign(Buffer.from(sha256Hex, 'hex'));
  await acme.giveSignature(Buffer.from(signature).toString('base64'));
  await acme.becomes('ACTIVE', 5 * MINUTE);
  await recordRuns('signed-by-hand', acme);
});

test('a certificate is warned of, by a webhook whose receiver is away at first, and is rolled over after the next one was refused', async () => {
  setWebhook(true);
  const acme = await keeper.connection('acme', { sessionLifetimeMs: 60 * DAY, allowSecondOAuthClient: true });
  const certificate = (days: number) => nextCertificate('My App', { nowMs: acme.simulator.nowMs(), days });
  await acme.onboard({ callbackUrls: [URL], credential: await certificate(91) });
  await acme.becomes('ACTIVE');
  const comeBackToIt = goAway(acme.egress);
  await acme.until('was to be told of the certificate', () => attemptsOf(acme.egress) > 0, 2 * DAY);
  comeBackToIt();
  await acme.until('was told of the certificate', () => takenOf(acme.egress).length > 0, HOUR);
  acme.simulator.fault({
    endpoint: 'POST /payment-service-provider-credential',
    kind: 'status',
    status: 403,
    description: 'Not for you.',
    times: 1,
  });
  await acme.resume(await certificate(365));
  await acme.becomes('ACTION_REQUIRED');
  await acme.resume(await certificate(365));
  await acme.until('stands on the next', ({ state, formerCertificate }) => state === 'ACTIVE' && formerCertificate === null, HOUR);
  await acme.until('has told it', () => takenOf(acme.egress).length === 3, HOUR);
  await recordRuns('certificate-rolled-over', acme);
  setWebhook(false);
});

test('a refused call is reported: once of a good session, once of one that has ended', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  const { sessionId } = (await acme.session())!;
  const report = () => acme.handle.executeUpdate(reportRefusedUpdate, { args: [{ by: 'ada@test', sessionId }] });
  expect(await report()).toMatchObject({ outcome: 'good' });
  await keeper.time.pass(MINUTE);
  acme.simulator.expireSession(sessionId);
  const [answer] = await Promise.all([report(), keeper.time.pass(MINUTE)]);
  expect(answer).toMatchObject({ outcome: 'replaced' });
  await acme.becomes('ACTIVE', 5 * MINUTE);
  await recordRuns('refusal-reported', acme);
});

test('callback URLs are added and removed, and an answer is lost', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  const other = 'https://acme.example/other';
  acme.simulator.fault({ endpoint: 'POST /user/{userID}/oauth-client/{oauth-clientID}/callback-url', kind: 'lose-answer-after-effect' });
  await acme.setCallbackUrls([URL, other]);
  await acme.until('has both', ({ state }) => state === 'ACTIVE' && acme.bankHolds().callbackUrls.length === 2, 10 * MINUTE);
  await acme.setCallbackUrls([other], { unwanted: [URL] });
  await acme.until('has one', ({ state }) => state === 'ACTIVE' && acme.bankHolds().callbackUrls.length === 1, 10 * MINUTE);
  await recordRuns('callback-urls', acme);
});

test('after 25 renewals a user goes on in a new run', async () => {
  const ada = await keeper.connection('ada');
  await ada.onboard({ credential: { type: 'sandbox-user' } });
  const { runId } = await ada.becomes('ACTIVE');
  await keeper.time.pass(130 * DAY);
  expect((await ada.becomes('ACTIVE')).runId).not.toBe(runId);
  await recordRuns('continued-as-new', ada);
});

test('what an SDK registered is imported', async () => {
  const ada = await keeper.connection('ada');
  const apiKey = await newApiKey(ada.simulator.apiUrl);
  const now = await keeper.time.nowMs();
  const context = parseBunqContext(JSON.stringify(await registerAsSdk(ada.simulator.apiUrl, apiKey, now)), 'bunq.conf', now);
  const { name, egress, workflowId } = ada;
  const credential = await sealedApiKey(workflowId, apiKey);
  const request = { version: 1 as const, name, environment: ENVIRONMENT, egress, credential, callbackUrls: [], permittedIps: [] };
  await keeper.time.pass(MINUTE);
  await ada.start({ state: await importedState(request, context, sealingKeys, workflowId, now) });
  await ada.becomes('ACTIVE', 10 * MINUTE);
  await recordRuns('import', ada);
});

test('the sealing keys were rotated: a connection is sealed anew after its first session, and on demand', async () => {
  const ada = await keeper.connection('ada');
  const credential = await sealedApiKey(ada.workflowId, await newApiKey(ada.simulator.apiUrl), formerSealingKeys);
  const { name, egress } = ada;
  await ada.start({ request: { version: 1, name, environment: ENVIRONMENT, egress, credential, callbackUrls: [], permittedIps: [] } });
  await ada.becomes('ACTIVE');
  await ada.handle.executeUpdate(resealUpdate, { args: [{ by: 'ada@test' }] });
  await recordRuns('sealed-anew', ada);
});

test('a gate goes on in a new run after 1,000 signals', async () => {
  const acme = await keeper.connection('acme');
  await acme.onboard();
  await acme.becomes('ACTIVE');
  const gate = gateOf(acme);
  const { runId } = await gate.describe();
  for (let sent = 0; sent < 1000; sent += 100)
    await Promise.all(
      Array.from({ length: 100 }, () =>
        gate.signal('giveBack', { workflowId: acme.workflowId, requestId: 'none', sent: false, outcome: 'other' }),
      ),
    );
  await until('the gate goes on in a new run', async () => (await gate.describe()).runId !== runId);
  const runs = [acme.client.workflow.getHandle(gate.workflowId, runId), gate];
  await acme.renew();
  await acme.until('is renewed', ({ state }) => state === 'ACTIVE' && acme.requests('POST /session-server').length === 2, 5 * MINUTE);
  for (const [index, run] of runs.entries()) record(`gate-continued-as-new-run-${index + 1}`, await run.fetchHistory());
});

test('a gate in the place of a closed one is told of another connection, and asks it for a second opinion', async () => {
  const acme = await keeper.connection('acme', { callerAddress: '203.0.113.7' });
  const zeta = keeper.connectionBeside(acme, 'zeta');
  for (const connection of [acme, zeta]) {
    await connection.onboard();
    await connection.becomes('ACTIVE', 5 * MINUTE);
  }
  acme.simulator.changeSettings({ callerAddress: '198.51.100.4' });
  await gateOf(acme).terminate('an operator did it');
  await acme.renew();
  await acme.until('suspects the address', ({ lastError }) => lastError?.code === 'ADDRESS_SUSPECT', 15 * MINUTE);
  acme.simulator.changeSettings({ callerAddress: '203.0.113.7' });
  for (const connection of [acme, zeta]) await connection.becomes('ACTIVE', 15 * MINUTE);
  await recordRuns('address-suspect', acme);
  record('gate-second-opinion', await gateOf(acme).fetchHistory());
});

/** A provider, its first hour over, and an end user who has a link. */
async function aProviderAndAda() {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  const ada = keeper.connectionBeside(acme, 'acme/ada');
  const answerLink = async (choice: { deny?: boolean } = {}) => {
    const { url, state } = await askForConsent(acme, ada);
    await keeper.time.pass(MINUTE);
    const clientId = url.searchParams.get('client_id')!;
    return (await comeBack(ada, acme.simulator.authorize({ clientId, redirectUri: URL, state, ...choice }), ENVIRONMENT)).outcome;
  };
  return { acme, ada, answerLink };
}

test('an end user is asked, connected, and renewed', async () => {
  const { ada, answerLink } = await aProviderAndAda();
  await answerLink();
  const { session } = await ada.becomes('ACTIVE');
  await ada.passUntil(session!.renewAt);
  await ada.until('is renewed', ({ state, session: now }) => state === 'ACTIVE' && now!.openedAt !== session!.openedAt, HOUR);
  await recordRuns('user', ada);
});

test('an end user is connected on the provider’s installation', async () => {
  const { acme, ada } = await aProviderAndAda();
  const { url, state } = await askForConsent(acme, ada, HOUR, 'provider');
  await comeBack(ada, acme.simulator.authorize({ clientId: url.searchParams.get('client_id')!, redirectUri: URL, state }), ENVIRONMENT);
  const { session } = await ada.becomes('ACTIVE');
  await ada.passUntil(session!.renewAt);
  await ada.until('is renewed', ({ state: now, session: other }) => now === 'ACTIVE' && other!.openedAt !== session!.openedAt, HOUR);
  await recordRuns('user-on-providers-installation', ada);
});

test('an end user denies, and is connected by another link', async () => {
  const { ada, answerLink } = await aProviderAndAda();
  expect(await answerLink({ deny: true })).toBe('denied');
  expect(await answerLink()).toBe('connected');
  await ada.becomes('ACTIVE');
  await recordRuns('user-denied', ada);
});

test('the answer to a code is lost, and the end user is connected by another link', async () => {
  const { acme, ada, answerLink } = await aProviderAndAda();
  acme.simulator.fault({ endpoint: 'POST /token', kind: 'lose-answer-after-effect' });
  expect(await answerLink()).toBe('failed');
  expect(await answerLink()).toBe('connected');
  await ada.becomes('ACTIVE');
  await recordRuns('user-lost-code', ada);
});

test('an end user grants access again in place', async () => {
  const { ada, answerLink } = await aProviderAndAda();
  await answerLink();
  const { consentedAt, session } = await ada.becomes('ACTIVE');
  await answerLink();
  await ada.until('has another session', (now) => now.state === 'ACTIVE' && now.session!.openedAt !== session!.openedAt, 10 * MINUTE);
  expect((await ada.status()).consentedAt).not.toBe(consentedAt);
  await recordRuns('user-consent-again', ada);
});

test('an access is revoked, given up after an hour, and granted again', async () => {
  const { acme, ada, answerLink } = await aProviderAndAda();
  await answerLink();
  await ada.becomes('ACTIVE');
  const { sessionId, user } = (await ada.session())!;
  acme.simulator.revokeGrant({ userApiKeyId: user.id });
  await ada.report(sessionId);
  await ada.becomes('REVOKED', 5 * MINUTE);
  await ada.until('is given up', ({ revoked }) => revoked?.confirmedAt != null, 2 * HOUR);
  await answerLink();
  await ada.becomes('ACTIVE', 10 * MINUTE);
  await recordRuns('user-revoked', ada);
});

test('an end user is disconnected', async () => {
  const { ada, answerLink } = await aProviderAndAda();
  await answerLink();
  await ada.becomes('ACTIVE');
  await ada.disconnect();
  await ada.ended();
  await recordRuns('user-disconnected', ada);
});

// The last: a workflow that is terminated while its activity runs stops time skipping, so the lease takes its 30 real seconds.
test('a gate hands out slots to several, and the lease of one that died ends', async () => {
  const acme = await keeper.connection('acme');
  const [ada, eve] = ['ada', 'eve'].map((name) => keeper.connectionBeside(acme, name));
  const gate = gateOf(acme);
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'hold-answer' });
  await ada!.onboard({ credential: { type: 'sandbox-user' } });
  await until('ada opens a session', () => acme.simulator.faults()[0]?.held === 1);
  await ada!.handle.terminate('dies while it has a slot');
  acme.simulator.clearFaults();
  await Promise.all([acme.onboard(), eve!.onboard({ credential: { type: 'sandbox-user' } })]);
  await acme.becomes('ACTIVE', 5 * MINUTE);
  await eve!.becomes('ACTIVE', 5 * MINUTE);
  record('gate', await gate.fetchHistory());
});
