import { readFileSync } from 'node:fs';
import { SEARCH_ATTRIBUTES } from '../../worker/search-attributes.ts';
import { STEP_NAMES } from '../../workflows/codes.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { statusOfMemo } from '../../workflows/status.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { type Haystack, privateKeySecrets, type Secret, searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { readText } from '../support/texts.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { eventsOf, summaryOf, typeOf } from './support/history.ts';
import { leakOnPurpose } from './support/leak.ts';
import { watchProcessArguments } from './support/process-arguments.ts';
import { certificateOfTheGuide, type Scene, scene } from './support/scene.ts';

/**
 * A PSD2 provider from its certificate to its client secret and on, as a person does it: on a real Temporal server, with
 * the bank and the worker as processes. The tests are one story and run in order.
 */

const CALLBACK = 'https://acme.example/callback';
const SECOND_CALLBACK = 'http://localhost:8080/return/';

let temporal: TestTemporal;
let bank: BankProcess;
let here: Scene;
let worker: KeeperProcess;
let certificate: ReturnType<typeof certificateOfTheGuide>;
let processArguments: () => string;
/** What was printed by commands that were not asked to reveal anything. */
const printed: Haystack[] = [];
let workflowId: string;

beforeAll(async () => {
  processArguments = watchProcessArguments();
  [temporal, bank] = await Promise.all([temporalServer(), BankProcess.start()]);
  here = scene(temporal, bank);
  certificate = certificateOfTheGuide(here.folder);
  worker = await here.startWorker();
  workflowId = `provider.${here.environment}.acme`;
});

async function run(...args: string[]): Promise<Ended> {
  const ended = await here.run(...args);
  printed.push({ name: `output of ${args.join(' ')}`, bytes: ended.stdout + ended.stderr });
  return ended;
}

const onboard = (callbackUrl: string, ...more: string[]): Promise<Ended> =>
  run('onboard', 'acme', '--certificate', certificate.certificate, '--signer', certificate.signer, '--callback-url', callbackUrl, ...more);

const json = <Shape>({ stdout }: Ended): Shape => JSON.parse(stdout) as Shape;

test('a provider is onboarded by one command, which tells of each step on stderr and prints what it has on stdout', async () => {
  const onboarded = await onboard(CALLBACK);
  expect(onboarded).toMatchObject({ code: 0 });
  expect(onboarded.stderr).toMatch(
    /^What its certificate allows acme at bunq:\n {2}PISP may .*draft payments.*\n {2}AISP may .*transactions/m,
  );
  for (const step of STEP_NAMES) expect(onboarded.stderr).toMatch(new RegExp(`^✔ ${step}: `, 'm'));
  expect(onboarded.stdout).toMatch(/^state +ACTIVE since /m);
  expect(onboarded.stdout).toContain(CALLBACK);
  expect(onboarded.stdout).not.toContain('✔');
});

test('onboarding again attaches to it and changes nothing', async () => {
  const before = await bank.state();
  const again = await onboard(CALLBACK, '--json');
  expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('acme is there already.') });
  expect(json<ConnectionStatus>(again)).toMatchObject({ schema: 1, name: 'acme', state: 'ACTIVE' });
  const { now: _then, ...held } = before;
  expect(await bank.state()).toMatchObject(held);
  const other = await onboard(SECOND_CALLBACK);
  expect(other).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining(`bunq-keeper callback-urls acme add ${SECOND_CALLBACK}`),
  });
});

test('every activity and timer in the history has a summary, and no step needed a second attempt', async () => {
  const events = await eventsOf(temporal.client, workflowId);
  const shown = events.filter((event) => /^(ActivityTaskScheduled|TimerStarted)$/.test(typeOf(event)));
  expect(shown.map(typeOf)).toEqual(expect.arrayContaining(['ActivityTaskScheduled', 'TimerStarted']));
  for (const event of shown) expect([typeOf(event), summaryOf(event)]).toEqual([typeOf(event), expect.stringMatching(/\S{3,}/)]);
  expect(shown.map(summaryOf)).toEqual(
    expect.arrayContaining(['open session, and prove it by a reading', expect.stringMatching(/^wait for renewal on \d{4}-\d\d-\d\d/)]),
  );
  expect(events.map(typeOf).filter((type) => /Failed|TimedOut/.test(type))).toEqual([]);
});

test('every query of docs/temporal-ui.md is one that Temporal takes', async () => {
  const queries = [...readText('docs/temporal-ui.md').matchAll(/^\| [^|]+ \| `([^`]*(?:=|<|IN)[^`]*)` \|$/gm)].map(([, query]) => query!);
  expect(queries.length).toBeGreaterThan(5);
  for (const query of queries) await temporal.client.workflow.count(query);
  const named = queries.flatMap((query) => query.match(/Keeper\w+/g) ?? []);
  expect([...new Set(named)].filter((name) => !(name in SEARCH_ATTRIBUTES))).toEqual([]);
});

test('a list by KeeperState finds it, and by its other search attributes', async () => {
  for (const query of [
    "KeeperState = 'ACTIVE'",
    `KeeperEnvironment = '${here.environment}'`,
    "KeeperProvider = 'acme'",
    "KeeperRenewAt < '2100-01-01T00:00:00Z'",
  ]) {
    await until(`a list by ${query} finds it`, async () => {
      for await (const found of temporal.client.workflow.list({ query })) if (found.workflowId === workflowId) return true;
      return false;
    });
  }
  const listed = await run('list', '--state', 'ACTIVE', '--json');
  expect(json<ConnectionStatus>(listed)).toMatchObject({ name: 'acme', state: 'ACTIVE' });
});

test('the Temporal UI is given a summary, a table of the steps with their times, and a memo that is the status', async () => {
  const handle = temporal.client.workflow.getHandle(workflowId);
  const { currentDetails } = await handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
  for (const step of STEP_NAMES)
    expect(currentDetails).toMatch(new RegExp(`^\\| ${step} \\| done \\| 20\\d\\d-\\d\\d-\\d\\d [\\d:]+ UTC \\|$`, 'm'));
  const description = await handle.describe();
  expect(await description.staticSummary()).toContain('acme');
  expect(await description.staticDetails()).toContain('CN=My App PISP AISP');
  const { status, wanted } = statusOfMemo(description.memo)!;
  expect(status).toEqual(json<ConnectionStatus>(await run('status', 'acme', '--json')));
  expect(wanted).toMatchObject({ credential: 'qseal', signer: certificate.signer, callbackUrls: [CALLBACK] });
});

test('the bank holds one of each, bound and used, and exactly the callback URL that was asked', async () => {
  const { installations, users, credentials, devices, sessions, oauthClients, callbackUrls } = await bank.state();
  expect(users).toEqual([expect.objectContaining({ type: 'UserPaymentServiceProvider', roles: expect.arrayContaining(['AISP', 'PISP']) })]);
  expect(installations).toEqual([expect.objectContaining({ status: 'ACTIVE', deviceIds: [devices[0]?.id] })]);
  expect(credentials).toEqual([expect.objectContaining({ boundInstallations: [installations[0]?.id] })]);
  expect(devices).toHaveLength(1);
  expect(sessions).toEqual([expect.objectContaining({ status: 'ACTIVE', userId: users[0]?.id })]);
  expect(oauthClients).toEqual([expect.objectContaining({ status: 'ACTIVE', userId: users[0]?.id })]);
  expect(callbackUrls.map(({ url }) => url)).toEqual([CALLBACK]);
});

test('the OAuth client is shown without its secret, and with it by --reveal', async () => {
  const [held] = (await bank.state()).oauthClients;
  const clientSecret = (await bank.secrets()).find(({ kind }) => kind === 'client-secret')?.value;
  const shown = await run('oauth-client', 'acme', '--json');
  expect(json(shown)).toEqual({ schema: 1, name: 'acme', id: held?.id, clientId: held?.clientId, callbackUrls: [CALLBACK] });
  expect(json(await here.run('oauth-client', 'acme', '--reveal', '--json'))).toMatchObject({ clientSecret });
});

test('the session is shown without its token, and with --reveal the token alone is printed', async () => {
  const [held] = (await bank.state()).sessions;
  const token = (await bank.secrets()).find(({ kind }) => kind === 'session-token')?.value;
  const shown = await run('session', 'acme', '--json');
  expect(json(shown)).toMatchObject({ schema: 1, name: 'acme', sessionId: held?.id, userId: held?.userId });
  expect(shown.stdout).not.toContain(token);
  expect(await here.run('session', 'acme', '--reveal', '--quiet')).toEqual({ code: 0, signal: null, stdout: `${token}\n`, stderr: '' });
});

test('callback URLs are added, removed, and with --prune replaced, at the bank', async () => {
  const atTheBank = async () => (await bank.state()).callbackUrls.map(({ url }) => url).sort();
  const added = await run('callback-urls', 'acme', 'add', SECOND_CALLBACK);
  expect(added).toMatchObject({ code: 0 });
  expect(added.stdout.trim().split('\n').sort()).toEqual([SECOND_CALLBACK, CALLBACK].sort());
  expect(await atTheBank()).toEqual([SECOND_CALLBACK, CALLBACK].sort());
  expect(await run('callback-urls', 'acme', 'remove', CALLBACK)).toMatchObject({ code: 0, stdout: `${SECOND_CALLBACK}\n` });
  expect(await atTheBank()).toEqual([SECOND_CALLBACK]);
  expect(await run('callback-urls', 'acme', 'set', CALLBACK, '--prune')).toMatchObject({ code: 0, stdout: `${CALLBACK}\n` });
  expect(await atTheBank()).toEqual([CALLBACK]);
});

/** Of the installation; read while there is a session, since only that view holds it. */
let privateKeys: Secret[];

test('renew opens a new session once the bank allows it, and it is served instead of the former one', async () => {
  const before = await here.keeper.revealSession('acme');
  privateKeys = privateKeySecrets('installation key', pkcs8Pem(before.privateKey.bytes()));
  expect(await run('renew', 'acme', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"ACTIVE"') });
  const after = await here.keeper.revealSession('acme');
  expect(after.sessionId).not.toBe(before.sessionId);
  expect(Date.parse(after.expiresAt)).toBeGreaterThan(Date.parse(before.expiresAt) + 24 * 60 * 60 * 1000); // the first lasts an hour only
  const { sessions, oauthClients, installations } = await bank.state();
  expect([sessions.length, oauthClients.length, installations.length]).toEqual([2, 1, 1]);
  const opened = (await bank.requests()).filter(({ endpoint }) => endpoint === 'POST /session-server').map(({ status }) => status);
  expect(opened).toEqual([200, 200]); // no refusal for coming too soon
});

test('disconnect closes the sessions at the bank and ends the workflow', async () => {
  expect(await run('disconnect', 'acme')).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--yes') });
  const disconnected = await run('disconnect', 'acme', '--yes', '--json');
  expect(disconnected).toMatchObject({ code: 0 });
  expect(json(disconnected)).toMatchObject({ state: 'DISCONNECTED', leftOpen: [] });
  expect((await bank.state()).sessions.map(({ status }) => status)).toEqual(['DELETED', 'DELETED']);
  expect((await temporal.client.workflow.getHandle(workflowId).describe()).status.name).toBe('COMPLETED');
});

/** Everything that is left behind and that others may read. */
const leftBehind = async (workflowIds: string[], logs: string): Promise<Haystack[]> => [
  { path: temporal.dbFile },
  { path: temporal.logFile },
  ...(await decodedPayloads(temporal.client, workflowIds)),
  { name: 'worker', bytes: worker.stdout + worker.stderr },
  { name: 'simulator', bytes: bank.processes.map(({ stdout, stderr }) => stdout + stderr).join('\n') },
  { name: 'process arguments', bytes: processArguments() },
  { name: 'logs', bytes: logs },
  ...printed,
];

async function everySecret(): Promise<Secret[]> {
  const issued = (await bank.secrets()).map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
  const { keys } = JSON.parse(readFileSync(here.sealingKeysFile, 'utf8')) as { keys: { kid: string; k: string }[] };
  const sealing = keys.flatMap(({ kid, k }) => [
    { label: `sealing key ${kid}`, value: Buffer.from(k, 'base64url') },
    { label: `sealing key ${kid} as it is written`, value: k },
  ]);
  return [...issued, ...sealing, ...privateKeys, ...privateKeySecrets('QSEAL key', readFileSync(certificate.key, 'utf8'))];
}

test('no secret is anywhere in what is left behind; one that is sent through on purpose is found everywhere', async () => {
  const secrets = await everySecret();
  expect(secrets.map(({ label }) => label.replace(/ .*/, ''))).toEqual(
    expect.arrayContaining(['installation-token', 'session-token', 'api-key', 'client-secret', 'sealing', 'installation', 'QSEAL']),
  );
  expect(processArguments()).toContain('keeper.mjs worker');
  expect(worker.stderr).toContain('worker is ready');
  expect(searchForSecrets(secrets, await leftBehind([workflowId], ''))).toEqual([]);

  const token = (await bank.secrets()).find(({ kind }) => kind === 'session-token')!.value;
  const leaked = await leakOnPurpose(temporal, token);
  const places = searchForSecrets(secrets, await leftBehind([leaked.workflowId], leaked.log)).map(({ haystack }) => haystack);
  for (const place of [/activityTaskCompleted.*result/, /activityTaskFailed.*message/, /upsertedMemo/, /^logs$/, /temporal\.db/])
    expect(places).toContainEqual(expect.stringMatching(place));
});

const pkcs8Pem = (der: Uint8Array) =>
  `-----BEGIN PRIVATE KEY-----\n${Buffer.from(der).toString('base64').replace(/.{64}/g, '$&\n').trim()}\n-----END PRIVATE KEY-----\n`;
