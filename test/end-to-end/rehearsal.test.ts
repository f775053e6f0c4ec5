import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { fileWith } from '../support/at-end.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { der, type Issued, qcStatements, TrustServiceProvider } from '../support/qualified-certificates.ts';
import { type Haystack, privateKeySecrets, type Secret, searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { watchProcessArguments } from './support/process-arguments.ts';
import { type Scene, scene } from './support/scene.ts';
import { passphraseSecret, SIGNER_KINDS, signerEntries } from './support/signers-of-every-kind.ts';

/**
 * The life of a licensed provider: with a qualified certificate behind each kind of signer it is onboarded, serves, rolls over to its
 * next certificate, has its sealing keys rotated, goes on elsewhere, and is forgotten here; and nothing secret is left anywhere all along.
 */

const YEARS = ['2026', '2028'] as const;
const CALLBACK_URL = 'https://betaalhulp.example/callback';
const SETTINGS = { KEEPER_SESSION_GAP: '1s', KEEPER_CALL_LIMITS: 'off' };

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
/** Another company's machine, so to say: a Temporal server and sealing keys of its own. */
let elsewhereTemporal: TestTemporal;
let elsewhere: Scene;
let worker: KeeperProcess;
let processArguments: () => string;
const secrets: Secret[] = [passphraseSecret];
/** What workers and commands have said. */
const told: Haystack[] = [];

/** A key for each year: a trust service provider makes all of its certificates with one. */
const issuers = YEARS.map(() => new TrustServiceProvider());

interface Provider {
  readonly name: string;
  /** By year: the same subject, and so the same user of the bank. */
  readonly certificates: Record<string, Issued & { readonly options: string[]; readonly signer: string }>;
}

const providers: Provider[] = SIGNER_KINDS.map((kind, index) => {
  const organizationIdentifier = `PSDNL-DNB-1000000${index}`;
  const certificateOf = (year: string, issuer: TrustServiceProvider) => {
    const issued = issuer.issue({ commonName: `Betaalhulp ${kind}`, organizationIdentifier });
    const [certificate, chain] = [fileWith('cert.pem', issued.certificatePem), fileWith('chain.pem', issued.chainPem)];
    const signer = `${kind}-${year}`;
    return { ...issued, signer, options: ['--certificate', certificate, '--chain', chain, '--signer', signer] };
  };
  return {
    name: `betaalhulp-${kind}`,
    certificates: Object.fromEntries(YEARS.map((year, which) => [year, certificateOf(year, issuers[which]!)])),
  };
});
const byName = providers.map((provider) => [provider.name, provider] as const);

beforeAll(async () => {
  processArguments = watchProcessArguments();
  [temporal, elsewhereTemporal, bank] = await Promise.all([temporalServer(), temporalServer(), startSimulator({ rateLimits: false })]);
  const file = fileWith('signers.json', '');
  here = scene(temporal, bank, { ...SETTINGS, KEEPER_QSEAL_SIGNERS: file });
  elsewhere = scene(elsewhereTemporal, bank, { ...SETTINGS, KEEPER_QSEAL_SIGNERS: file });
  const keys = SIGNER_KINDS.flatMap((kind, index) =>
    Object.values(providers[index]!.certificates).map(({ signer, privateKeyPem }) => ({ name: signer, kind, privateKeyPem })),
  );
  for (const { name, privateKeyPem } of keys) secrets.push(...privateKeySecrets(`QSEAL key ${name}`, privateKeyPem));
  const serves = { environment: here.environment, connections: providers.map(({ name }) => name) };
  const entries = Object.entries(await signerEntries(keys)).map(([name, entry]) => [name, { ...entry, ...serves }]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)), { mode: 0o600 });
  worker = await here.startWorker();
});
afterAll(() => bank.close());

/** A command that succeeds; what it says is searched. */
async function run(at: Scene, ...args: string[]): Promise<Ended> {
  const ended = await at.run(...args);
  told.push({ name: args.slice(0, 2).join(' '), bytes: ended.stderr });
  if (ended.code !== 0) throw new Error(`${args.slice(0, 3).join(' ')} ended with ${ended.code}: ${ended.stderr.slice(-600)}`);
  return ended;
}

const statusOf = async (at: Scene, name: string) => JSON.parse((await run(at, 'status', name, '--json')).stdout) as ConnectionStatus;

async function callsItself(at: Scene, name: string): Promise<void> {
  const { session } = await statusOf(at, name);
  const called = JSON.parse((await run(at, 'call', name, 'GET', '/user/{userId}')).stdout) as { Response: object[] };
  expect(called.Response).toEqual([{ UserPaymentServiceProvider: expect.objectContaining({ id: session!.userId }) }]);
}

/** What the bank has of the provider, which is to stay the same for good. */
function registrationOf(name: string, { session }: ConnectionStatus) {
  const { oauthClients, callbackUrls, users } = bank.state();
  const clients = oauthClients.filter(({ userId }) => userId === session!.userId).map(({ id }) => id);
  const urls = callbackUrls.filter(({ oauthClientId }) => clients.includes(oauthClientId)).map(({ url }) => url);
  expect(users.filter(({ displayName }) => displayName === `Betaalhulp ${name.split('-')[1]}`)).toHaveLength(1);
  return { userId: session!.userId, clients, urls };
}

const registrations = new Map<string, ReturnType<typeof registrationOf>>();

test.each(byName)('%s is onboarded with its certificate of 2026, and serves', async (name, { certificates }) => {
  const { stdout } = await run(here, 'onboard', name, ...certificates['2026']!.options, '--callback-url', CALLBACK_URL, '--json');
  const status = JSON.parse(stdout) as ConnectionStatus;
  expect(status).toMatchObject({ state: 'ACTIVE', certificate: { roles: ['PISP', 'AISP'] } });
  await callsItself(here, name);
  registrations.set(name, registrationOf(name, status));
  expect(registrations.get(name)).toMatchObject({ clients: [expect.any(Number)], urls: [CALLBACK_URL] });
});

test('a next certificate with fewer roles is refused, and nothing is changed', async () => {
  const { name, certificates } = providers[0]!;
  const [registered, before] = [bank.state().credentials.length, await statusOf(here, name)];
  const statements = der.bytes(qcStatements({ roles: ['PSP_AI'], types: ['eseal'] }));
  const subject = { commonName: 'Betaalhulp file', organizationIdentifier: 'PSDNL-DNB-10000000' };
  const { certificatePem, chainPem } = issuers[1]!.issue({ ...subject, statements });
  const narrower = ['--certificate', fileWith('cert.pem', certificatePem), '--chain', fileWith('chain.pem', chainPem)];
  const refused = await here.run('resume', name, ...narrower, '--signer', certificates['2028']!.signer);
  expect(refused).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/lacks PISP, which that of .* has; nothing was changed/),
  });
  expect(await statusOf(here, name)).toEqual(before);
  expect(bank.state().credentials.length).toBe(registered);
});

test.each(byName)('%s rolls over to its certificate of 2028, and is who it was', async (name, { certificates }) => {
  const [credentials, before] = [usedCredentials(), await statusOf(here, name)];
  await run(here, 'resume', name, ...certificates['2028']!.options);
  const after = await statusOf(here, name);
  expect(after.session!.openedAt).not.toBe(before.session!.openedAt);
  expect(after).toMatchObject({ session: { userId: before.session!.userId }, action: null, lastError: null });
  expect(usedCredentials()).toBe(credentials + 1);
  const { wanted } = await here.keeper.client.workflow.getHandle(after.workflowId).query<{ wanted: object }>('state');
  expect(wanted).toMatchObject({ credential: { signer: certificates['2028']!.signer } });
  expect(wanted).not.toHaveProperty('formerCredential');
  await callsItself(here, name);
  expect(registrationOf(name, after)).toEqual(registrations.get(name));
});

/** One whose answer was lost is made once more, and the first is never used. */
const usedCredentials = () => bank.state().credentials.filter(({ boundInstallations }) => boundInstallations.length > 0).length;

async function restartWorker(): Promise<void> {
  worker.signal('SIGTERM');
  const { stdout, stderr } = await worker.ended();
  told.push({ name: 'worker', bytes: stdout + stderr });
  await temporal.kill(); // a server lists a poller for minutes after it was ended; one that was started anew does not know it
  await temporal.restart();
  worker = await here.startWorker();
}

test('the sealing keys are rotated under all of them, and the former key goes', async () => {
  noteSealingKeys(here);
  const former = String((await run(here, 'sealing-keys', 'status', '--json').then(({ stdout }) => JSON.parse(stdout))).keys[0].keyId);
  await run(here, 'sealing-keys', 'add');
  await restartWorker();
  await run(here, 'sealing-keys', 'promote');
  await restartWorker();
  await run(here, 'sealing-keys', 'reseal');
  await run(here, 'sealing-keys', 'remove', former);
  await restartWorker();
  noteSealingKeys(here);
  for (const { name } of providers) await callsItself(here, name);
});

function noteSealingKeys({ sealingKeysFile }: Scene): void {
  const { keys } = JSON.parse(readFileSync(sealingKeysFile, 'utf8')) as { keys: { kid: string; k: string }[] };
  secrets.push(...keys.map(({ kid, k }) => ({ label: `sealing key ${kid}`, value: k })));
}

test('each is exported, and goes on elsewhere with the very session, and nothing made anew', async () => {
  noteSealingKeys(elsewhere);
  const elsewhereWorker = await elsewhere.startWorker();
  for (const { name } of providers) await run(here, 'renew', name); // a first session's hour is shorter than the time zones that a file may be of
  const { installations, credentials, devices, sessions } = bank.state();
  for (const { name, certificates } of providers) {
    const file = join(here.folder, `${name}.conf`);
    await run(here, 'export', 'bunq-context', name, '--out', file);
    expect(searchForSecrets(issuedSecrets(), [{ path: file }]).map(({ label }) => label.split(' ')[0])).toContain('session-token'); // the search finds what is there
    const before = await statusOf(here, name);
    await run(elsewhere, 'import', 'bunq-context', name, file, ...certificates['2028']!.options, '--callback-url', CALLBACK_URL);
    const after = await statusOf(elsewhere, name);
    expect(after).toMatchObject({ state: 'ACTIVE', session: { userId: before.session!.userId } });
    await callsItself(elsewhere, name);
    expect(registrationOf(name, after)).toEqual(registrations.get(name));
  }
  const now = bank.state();
  expect([now.installations.length, now.credentials.length, now.devices.length]).toEqual([
    installations.length,
    credentials.length,
    devices.length,
  ]);
  expect(now.sessions.length).toBe(sessions.length);
  told.push({ name: 'the worker elsewhere', bytes: elsewhereWorker.stdout + elsewhereWorker.stderr });
});

test('each is forgotten here, and is kept elsewhere', async () => {
  for (const { name } of providers) {
    await run(elsewhere, 'renew', name); // onto a session of its own: the one that both know is closed here
    await run(here, 'disconnect', name, '--forget', '--yes');
    await callsItself(elsewhere, name);
    expect(registrationOf(name, await statusOf(elsewhere, name))).toEqual(registrations.get(name));
  }
  expect(await here.keeper.list()).toEqual([]);
  expect(await elsewhere.keeper.list()).toHaveLength(providers.length);
});

const issuedSecrets = () => bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));

async function payloadsOf({ keeper }: Scene): Promise<Haystack[]> {
  const workflowIds = (await keeper.list()).map(({ workflowId }) => workflowId);
  return decodedPayloads(keeper.client, workflowIds);
}

afterEach(async () => {
  const haystacks: Haystack[] = [
    ...[temporal, elsewhereTemporal].flatMap(({ dbFile, logFile }) => [{ path: dbFile }, { path: logFile }]),
    ...(await payloadsOf(here)),
    ...(await payloadsOf(elsewhere)),
    { name: 'worker', bytes: worker.stdout + worker.stderr },
    { name: 'process arguments', bytes: processArguments() },
    ...told,
  ];
  expect(searchForSecrets([...issuedSecrets(), ...secrets], haystacks)).toEqual([]);
});
