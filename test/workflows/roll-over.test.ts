import type { WantedCredential } from '../../workflows/state.ts';
import type { TestConnection } from '../support/connection.ts';
import { nextCertificate, providerCertificate } from '../support/credentials.ts';
import { askForConsent, comeBack } from '../support/end-user.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** A provider's certificate is rolled over to the next one, and its end is told in time. */

const ENVIRONMENT = 'test';
const keeper = await startKeeper(ENVIRONMENT);

afterEach(() => keeper.finish());

const URL = 'https://acme.example/callback';
const CREDENTIAL = 'POST /payment-service-provider-credential';

const next = async (name = 'My App', days = 400) => nextCertificate(name, { nowMs: await keeper.time.nowMs(), days });

/** A provider, its first hour over. */
async function onboarded(credential?: WantedCredential): Promise<TestConnection> {
  const acme = await keeper.connection('acme', {
    firstSessionLifetimeMs: 3 * DAY,
    sessionLifetimeMs: 3 * DAY,
    allowSecondOAuthClient: true,
  });
  await acme.onboard({ callbackUrls: [URL], ...(credential && { credential }) });
  await acme.becomes('ACTIVE');
  await keeper.time.pass(HOUR);
  return acme;
}

const isServedBy = (acme: TestConnection, credentialId: number) => async () => {
  const { serving } = await acme.state();
  return serving!.apiKey.credentialId === credentialId;
};

/** Waits until the session served came of the credential that the bank made last. */
async function rolledOver(acme: TestConnection, withinMs = 10 * MINUTE): Promise<void> {
  await acme.until('is not rolling over any more', ({ formerCertificate, state }) => !formerCertificate && state === 'ACTIVE', withinMs);
  expect(await isServedBy(acme, acme.simulator.state().credentials.at(-1)!.id)()).toBe(true);
}

const certificateOf = ({ subject, authorizationNumber, roles, expiresAt }: Extract<WantedCredential, { type: 'qseal' }>) => ({
  subject,
  authorizationNumber,
  roles,
  expiresAt,
});

const expiresOn = async ({ handle }: TestConnection) => (await handle.describe()).searchAttributes.KeeperCertificateExpiresOn;
const dayOf = (expiresAt: string) => Number(expiresAt.slice(0, 10).replaceAll('-', ''));

async function said(update: Promise<unknown>): Promise<string | undefined> {
  const error = (await update.then(
    () => null,
    (thrown: unknown) => thrown,
  )) as { cause?: Error } | null;
  return error?.cause?.message;
}

test('the session on the new certificate is the same user’s, the OAuth client and all else stay, and the day of expiry is the new one’s', async () => {
  const acme = await onboarded();
  const before = await acme.status();
  const given = await next();
  await acme.resume(given);
  await rolledOver(acme);
  const after = await acme.status();
  expect(after).toMatchObject({
    certificate: certificateOf(given),
    oauthClient: before.oauthClient,
    session: { userId: before.session!.userId },
  });
  expect(acme.bankHolds()).toMatchObject({ installations: 1, credentials: 2, oauthClients: 1, callbackUrls: [URL] });
  expect(await expiresOn(acme)).toEqual([dayOf(given.expiresAt)]);
  expect(acme.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
  await acme.until('has closed the former', () => acme.bankHolds().sessions === 1, 10 * MINUTE);
});

test('while the bank refuses the new certificate for a week the session is renewed on the former’s chain, and nothing of it is closed before', async () => {
  const acme = await onboarded();
  const former = (await acme.state()).serving!.apiKey.credentialId!;
  acme.simulator.fault({ endpoint: CREDENTIAL, kind: 'status', status: 400, times: null, forMs: 7 * DAY });
  const given = await next();
  await acme.resume(given);
  const rolling = await acme.becomes('ACTION_REQUIRED');
  expect(rolling).toMatchObject({
    action: { code: 'CREDENTIAL_REFUSED' },
    certificate: certificateOf(given),
    formerCertificate: { expiresAt: expect.any(String) },
  });
  expect(await acme.currentDetails()).toContain('is being proven; until then the session of the former is served and renewed');
  await keeper.time.pass(6 * DAY);
  expect((await acme.state()).counts.renewals).toBeGreaterThanOrEqual(3);
  expect(await isServedBy(acme, former)()).toBe(true);
  expect(acme.simulator.state().credentials).toHaveLength(1);
  await rolledOver(acme, 2 * DAY);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
});

test('a renewal that comes due while no session can be opened on the new API key is done on the former’s', async () => {
  const acme = await onboarded();
  const former = (await acme.state()).serving!.apiKey.credentialId!;
  const renewAtMs = Date.parse((await acme.status()).session!.renewAt);
  await acme.passUntil(new Date(renewAtMs - HOUR).toISOString());
  acme.simulator.fault({ endpoint: 'POST /session-server', kind: 'status', status: 503, times: null, untilMs: renewAtMs + HOUR });
  await acme.resume(await next());
  await keeper.time.pass(HOUR / 2);
  expect(await acme.status()).toMatchObject({ state: 'DEGRADED', formerCertificate: { expiresAt: expect.any(String) } });
  await acme.passUntil(new Date(renewAtMs).toISOString());
  await rolledOver(acme, 3 * HOUR);
  const { sessions, credentials } = acme.simulator.state();
  expect(credentials).toHaveLength(2);
  expect(sessions.map(({ credentialId }) => credentialId)).toEqual([former, former, former, credentials[1]!.id]); // of which two before the roll-over
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
});

test('a certificate with fewer roles or of another authorization number is refused without an event, and nothing is changed', async () => {
  const present = { ...(await providerCertificate()), authorizationNumber: 'PSDNL-DNB-1' };
  const acme = await onboarded(present);
  const events = async () => (await acme.events()).filter((event) => event.workflowExecutionUpdateAcceptedEventAttributes).length;
  const before = [await acme.state(), await events()];
  expect(await said(acme.resume({ ...present, roles: ['AISP'] }))).toContain('lacks PISP, which that of acme has; nothing was changed');
  expect(await said(acme.resume({ ...present, authorizationNumber: 'PSDNL-DNB-2' }))).toContain(
    'PSDNL-DNB-2, and that of acme for PSDNL-DNB-1',
  );
  expect([await acme.state(), await events()]).toEqual(before);
});

test('after another user’s certificate the former counts again everywhere, is renewed while that waits for a person, and `resume` ends it', async () => {
  const acme = await onboarded();
  const before = await acme.status();
  await acme.resume(await next('Somebody Else'));
  const status = await acme.becomes('ACTION_REQUIRED', 5 * MINUTE);
  expect(status).toMatchObject({
    action: { code: 'DIFFERENT_USER' },
    certificate: before.certificate,
    formerCertificate: null,
    session: before.session,
  });
  expect(await expiresOn(acme)).toEqual([dayOf(before.certificate!.expiresAt)]);
  expect((await acme.handle.describe()).memo).toMatchObject({ certificate: before.certificate });
  await keeper.time.pass(7 * DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTION_REQUIRED', action: { code: 'DIFFERENT_USER' } });
  expect((await acme.state()).counts.renewals).toBeGreaterThanOrEqual(3);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
  await acme.resume();
  expect(await acme.becomes('ACTIVE')).toMatchObject({ recovered: { code: 'DIFFERENT_USER' }, certificate: before.certificate });
  expect(acme.simulator.state().credentials).toHaveLength(2);
});

test.each(['own', 'provider'] as const)(
  'an end user on %s installation is not touched by the roll-over of its provider',
  async (installation) => {
    const acme = await onboarded();
    const ada = keeper.connectionBeside(acme, 'acme/ada');
    const { url, state } = await askForConsent(acme, ada, HOUR, installation);
    const redirect = acme.simulator.authorize({ clientId: url.searchParams.get('client_id')!, redirectUri: URL, state });
    expect(await comeBack(ada, redirect, ENVIRONMENT)).toMatchObject({ outcome: 'connected' });
    await ada.becomes('ACTIVE');
    const before = {
      session: await ada.session(),
      state: await ada.state(),
      states: ada.states.length,
      events: (await ada.events()).length,
    };
    await acme.resume(await next());
    await rolledOver(acme);
    await acme.until('has closed the former', () => acme.bankHolds().sessions === 2, 10 * MINUTE);
    expect({
      session: await ada.session(),
      state: await ada.state(),
      states: ada.states.length,
      events: (await ada.events()).length,
    }).toEqual(before);
    await keeper.time.pass(20 * DAY);
    expect(await ada.status()).toMatchObject({ state: 'ACTIVE', action: null });
    expect(ada.simulator.lapses({ connection: 'acme/ada' })).toEqual([]);
  },
);

test('for a year it is warned 90, 30, 14, 7 and 1 days before the end and at it, across new runs, and the next certificate starts anew', async () => {
  const acme = await keeper.connection('acme', { sessionLifetimeMs: 7 * DAY, allowSecondOAuthClient: true });
  const first = await next('My App', 365);
  await acme.onboard({ callbackUrls: [URL], credential: first });
  const { runId } = await acme.becomes('ACTIVE');
  const day = dayOf(first.expiresAt);
  expect(await expiresOn(acme)).toEqual([day]);
  await acme.passUntil(first.expiresAt);
  expect((await acme.status()).runId).not.toBe(runId);
  expect(await expiresOn(acme)).toEqual([day]);
  const endsMs = Date.parse(first.expiresAt);
  const warned = [90, 30, 14, 7, 1, 0].map((daysLeft) => ({ daysLeft, atMs: endsMs - daysLeft * DAY }));
  expect(acme.expiring.map(({ daysLeft }) => daysLeft)).toEqual(warned.map(({ daysLeft }) => daysLeft));
  for (const [index, { atMs }] of acme.expiring.entries()) expect(Math.abs(atMs - warned[index]!.atMs)).toBeLessThan(MINUTE);
  expect(await acme.currentDetails()).toMatch(/expired on .*: `bunq-keeper resume acme --certificate F --chain F --signer S`/);
  await keeper.time.pass(20 * DAY);
  expect(await acme.status()).toMatchObject({ state: 'ACTIVE', action: null });
  expect(acme.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
  await acme.resume(await next('My App', 20));
  await rolledOver(acme);
  await keeper.time.pass(7 * DAY);
  expect(acme.expiring.slice(warned.length).map(({ daysLeft }) => daysLeft)).toEqual([20, 14]);
});
