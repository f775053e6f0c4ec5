import type { TestConnection } from '../support/connection.ts';
import { askForConsent, comeBack } from '../support/end-user.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** An end user's sessions on the provider's installation: kept there while the bank takes them, and on one of the user's own after that. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';

/** A provider, its first hour over. */
async function aProvider(): Promise<{ acme: TestConnection; ada: TestConnection }> {
  const acme = await keeper.connection('acme', { allowSecondOAuthClient: true });
  await acme.onboard({ callbackUrls: [URL] });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  acme.simulator.resetRequests();
  return { acme, ada: keeper.connectionBeside(acme, 'acme/ada') };
}

/** Asks for consent, and has it. */
async function consent(acme: TestConnection, ada: TestConnection): Promise<void> {
  const { url, state } = await askForConsent(acme, ada, HOUR, 'provider');
  const redirect = acme.simulator.authorize({ clientId: url.searchParams.get('client_id')!, redirectUri: URL, state });
  expect(await comeBack(ada, redirect, ENVIRONMENT)).toMatchObject({ outcome: 'connected' });
}

async function connected() {
  const { acme, ada } = await aProvider();
  await consent(acme, ada);
  const status = await ada.becomes('ACTIVE');
  return { acme, ada, status, session: (await ada.session())! };
}

const made = ({ simulator }: TestConnection) =>
  simulator
    .requests()
    .map(({ endpoint }) => endpoint)
    .filter((endpoint) => endpoint?.startsWith('POST ') && endpoint !== 'POST /token');

const isOwn = async (ada: TestConnection) => {
  const { ladder, serving } = await ada.state();
  return [ladder.installation, serving!.installation].every((installation) => installation!.ofProvider === undefined);
};

test('a session is opened there without an installation and a device, and renewed for two months', async () => {
  const { acme, ada, status, session } = await connected();
  expect(made(acme)).toEqual(['POST /session-server']);
  expect(session).toMatchObject({ ofProvider: true, user: { kind: 'UserApiKey' } });
  expect(status.steps.filter((step) => step.status === 'skipped').map(({ name }) => name)).toEqual(
    expect.arrayContaining(['key-pair', 'installation', 'device']),
  );
  await keeper.time.pass(60 * DAY);
  expect((await ada.state()).counts).toMatchObject({ renewals: expect.any(Number), repairs: 0 });
  expect((await ada.state()).counts.renewals).toBeGreaterThan(5);
  expect(new Set(made(acme))).toEqual(new Set(['POST /session-server']));
  expect(ada.simulator.lapses({ connection: 'acme/ada' })).toEqual([]);
});

test('access granted anew goes on there', async () => {
  const { acme, ada, session } = await connected();
  await keeper.time.pass(MINUTE);
  await consent(acme, ada);
  await ada.until('has another session', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE');
  expect(new Set(made(acme))).toEqual(new Set(['POST /session-server']));
  expect(await isOwn(ada)).toBe(false);
});

test('a bank that wants one session for each installation gets one of the user’s own, with a device', async () => {
  const { acme, ada } = await aProvider();
  acme.simulator.changeSettings({ oneSessionPerInstallation: true });
  await consent(acme, ada);
  await ada.becomes('ACTIVE');
  expect(made(acme)).toEqual(['POST /session-server', 'POST /installation', 'POST /device-server', 'POST /session-server']);
  expect(await isOwn(ada)).toBe(true);
  expect((await ada.session())!.ofProvider).toBeUndefined();
  await keeper.time.pass(30 * DAY);
  expect(await ada.status()).toMatchObject({ state: 'ACTIVE', action: null });
  expect(ada.simulator.lapses({ connection: 'acme/ada' })).toEqual([]);
});

test('a provider’s installation that the bank refuses is left for one of the user’s own', async () => {
  const { acme, ada, session } = await connected();
  const { id } = acme.simulator.state().installations.find(({ status }) => status === 'ACTIVE')!;
  acme.simulator.revokeInstallation(id);
  await ada.report(session.sessionId);
  await ada.until('has another session', (now) => now.session?.openedAt !== session.openedAt && now.state === 'ACTIVE', HOUR);
  expect(await isOwn(ada)).toBe(true);
  expect(ada.states.map(({ state }) => state)).not.toContain('REVOKED');
  expect(ada.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
});

test('access that was revoked is believed when the bank refuses it on an installation of the user’s own too, and granted again there', async () => {
  const { acme, ada, session } = await connected();
  acme.simulator.revokeGrant({ userApiKeyId: session.user.id });
  await ada.report(session.sessionId);
  await ada.becomes('REVOKED', 15 * MINUTE);
  expect(made(acme)).toEqual(expect.arrayContaining(['POST /installation', 'POST /device-server']));
  await ada.until('is told', (now) => now.revoked?.confirmedAt != null, 2 * HOUR);
  await consent(acme, ada);
  await ada.becomes('ACTIVE');
  expect(await isOwn(ada)).toBe(true);
});
