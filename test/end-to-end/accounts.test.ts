import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { STEP_NAMES } from '../../workflows/codes.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { ROOT } from '../support/build.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { aftermathAt, oneOfEach } from './support/aftermath.ts';
import { BankProcess } from './support/bank-process.ts';
import { watchProcessArguments } from './support/process-arguments.ts';
import { type Scene, scene } from './support/scene.ts';
import { issuedApiKey } from './support/who.ts';

/** Users who are no providers: with an API key of their own, and one whom the sandbox makes. As a person does it. */

const CALLBACK = 'https://ada.example/callback';
const SECOND_CALLBACK = 'http://localhost:8080/return/';

let temporal: TestTemporal;
let processArguments: () => string;
beforeAll(async () => {
  processArguments = watchProcessArguments();
  temporal = await temporalServer();
});

const json = <Shape>({ stdout }: Ended): Shape => JSON.parse(stdout) as Shape;

/** A bank, and sealing keys made as a person makes them. */
async function begin(more: Record<string, string> = {}): Promise<{ bank: BankProcess; here: Scene }> {
  const bank = await BankProcess.start();
  const KEEPER_SEALING_KEYS_FILE = join(temporaryFolder(), 'keys.json');
  const here = scene(temporal, bank, { KEEPER_SEALING_KEYS_FILE, KEEPER_EGRESS_ADDRESS: '127.0.0.1', ...more });
  const made = await here.run('sealing-keys', 'new', '--json');
  expect(made).toMatchObject({ code: 0, stderr: expect.stringContaining('keep a copy where secrets are kept') });
  expect(json(made)).toMatchObject({ schema: 1, file: KEEPER_SEALING_KEYS_FILE });
  expect(statSync(KEEPER_SEALING_KEYS_FILE).mode & 0o777).toBe(0o600);
  return { bank, here };
}

/** With what each is onboarded. */
const ACCOUNTS: Record<string, (bank: BankProcess) => Promise<string[]>> = {
  '--api-key-file': async (bank) => {
    const file = join(temporaryFolder(), 'api-key');
    writeFileSync(file, `${(await issuedApiKey(bank)).text()}\n`, { mode: 0o600 });
    return ['--api-key-file', file];
  },
  '--sandbox-user': async () => ['--sandbox-user'],
};

describe.each(Object.entries(ACCOUNTS))('a user by %s', (option, accountOf) => {
  let bank: BankProcess;
  let here: Scene;
  let worker: KeeperProcess;
  let account: string[];
  const printed: string[] = [];

  beforeAll(async () => {
    ({ bank, here } = await begin());
    account = await accountOf(bank);
    worker = await here.startWorker();
  });

  async function run(...args: string[]): Promise<Ended> {
    const ended = await here.run(...args);
    printed.push(ended.stdout, ended.stderr);
    return ended;
  }

  const onboard = (...more: string[]) => run('onboard', 'ada', ...account, '--callback-url', CALLBACK, '--permitted-ip', 'any', ...more);

  test('is onboarded by one command, without the credential step of providers', async () => {
    const onboarded = await onboard('--json');
    expect(onboarded).toMatchObject({ code: 0 });
    expect(/may need a licence/.test(onboarded.stderr)).toBe(option === '--api-key-file');
    const status = json<ConnectionStatus>(onboarded);
    expect(status).toMatchObject({ schema: 1, name: 'ada', state: 'ACTIVE', certificate: null });
    expect(status.steps).toEqual(STEP_NAMES.map((name) => ({ name, status: 'done', at: expect.stringMatching(/^20/) })));
    const calls = (await bank.requests()).map(({ endpoint }) => endpoint);
    expect(calls).not.toContain('POST /payment-service-provider-credential');
    expect(await onboard()).toMatchObject({ code: 0, stderr: expect.stringContaining('ada is there already.') });
  });

  test('has one of each at the bank, and its API key bound with the wildcard as asked', async () => {
    const { sessionId, token } = json<{ sessionId: number; token: string }>(await here.run('session', 'ada', '--reveal', '--json'));
    expect(await bank.secrets()).toContainEqual({ kind: 'session-token', id: sessionId, value: token });
    const state = await bank.state();
    expect(aftermathAt(state, sessionId)).toEqual(oneOfEach([CALLBACK]));
    expect(state.credentials[0]?.permittedIps).toEqual(['127.0.0.1', '*']);
    expect(await run('doctor', 'ada')).toMatchObject({ code: 0, stdout: '', stderr: expect.stringMatching(/^✔ ada: ACTIVE since /m) });
    const [client] = state.oauthClients;
    const shown = await here.run('oauth-client', 'ada', '--reveal', '--json');
    expect(json(shown)).toMatchObject({ id: client?.id, clientId: client?.clientId });
    const { clientSecret } = json<{ clientSecret: string }>(shown);
    expect(await bank.secrets()).toContainEqual({ kind: 'client-secret', id: client?.id, value: clientSecret });
  });

  test('gets more callback URLs by set, and loses others only with --prune', async () => {
    const atTheBank = async () => (await bank.state()).callbackUrls.map(({ url }) => url).sort();
    expect(await run('callback-urls', 'ada', 'set', SECOND_CALLBACK)).toMatchObject({ code: 0 });
    expect(await atTheBank()).toEqual([SECOND_CALLBACK, CALLBACK].sort());
    const pruned = await run('callback-urls', 'ada', 'set', SECOND_CALLBACK, '--prune');
    expect(pruned).toMatchObject({ code: 0, stdout: `${SECOND_CALLBACK}\n` });
    expect(await atTheBank()).toEqual([SECOND_CALLBACK]);
  });

  test('is renewed, disconnected and forgotten, and no secret is left behind', async () => {
    const before = await bank.state();
    expect(await run('renew', 'ada', '--json')).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"ACTIVE"') });
    expect((await bank.state()).sessions).toHaveLength(before.sessions.length + 1);
    const workflowId = `provider.${here.environment}.ada`;
    const payloads = await decodedPayloads(temporal.client, [workflowId]);
    const disconnected = await run('disconnect', 'ada', '--forget', '--yes', '--json');
    expect(disconnected).toMatchObject({ code: 0, stderr: expect.stringContaining('1 histories were deleted') });
    expect(json(disconnected)).toMatchObject({ state: 'DISCONNECTED', leftOpen: [] });
    expect((await bank.state()).sessions.map(({ status }) => status)).toEqual(['DELETED', 'DELETED']);
    const secrets = (await bank.secrets()).map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
    const logs = [worker.stderr, ...bank.processes.map(({ stdout, stderr }) => stdout + stderr), ...printed, processArguments()].join('\n');
    const haystacks = [{ path: temporal.dbFile }, { path: temporal.logFile }, ...payloads, { name: 'output', bytes: logs }];
    expect(searchForSecrets(secrets, haystacks)).toEqual([]);
  });
});

test('an API key is also taken from stdin, and never shown', async () => {
  const { bank, here } = await begin();
  await here.startWorker();
  const apiKey = (await issuedApiKey(bank)).text();
  const onboarded = await here.runWith(`${apiKey}\n`, 'onboard', 'ada', '--api-key-file', '-', '--json');
  expect(onboarded).toMatchObject({ code: 0 });
  const { steps } = json<ConnectionStatus>(onboarded);
  expect(steps.filter(({ status }) => status === 'skipped').map(({ name }) => name)).toEqual(STEP_NAMES.slice(-3)); // nobody asked for an OAuth client
  expect(onboarded.stdout + onboarded.stderr).not.toContain(apiKey);
});

test('a provider is onboarded by the name of a signer that the worker has', async () => {
  const signers = join(temporaryFolder(), 'signers.json');
  const { bank, here } = await begin();
  const signer = `file:${join(ROOT, 'test/vectors/pseudo-key.pem')}`;
  writeFileSync(signers, JSON.stringify({ 'acme-hsm': { signer, environment: here.environment, connections: ['acme'] } }));
  const worker = await here.startWorker({ KEEPER_QSEAL_SIGNERS: signers });
  const certificate = join(ROOT, 'test/vectors/pseudo-cert.pem');
  const provider = ['--certificate', certificate, '--signer', 'acme-hsm', '--callback-url', CALLBACK];
  const onboarded = await here.run('onboard', 'acme', ...provider, '--json');
  expect(json(onboarded)).toMatchObject({ state: 'ACTIVE' });
  expect(aftermathAt(await bank.state(), (await here.keeper.session('acme'))!.sessionId)).toEqual(oneOfEach([CALLBACK]));
  const stranger = await here.run('onboard', 'stranger', ...provider, '--json');
  expect(stranger).toMatchObject({ code: 3, stderr: expect.stringContaining('bunq-keeper resume stranger') });
  const { action } = json<ConnectionStatus>(stranger);
  expect(json(stranger)).toMatchObject({ state: 'ACTION_REQUIRED', action: { code: 'SIGNER_REFUSED' } });
  expect(changesOfState(worker, 'acme')).toContainEqual(
    expect.objectContaining({ level: 30, from: 'ONBOARDING', to: 'ACTIVE', action: null }),
  );
  const parked = changesOfState(worker, 'stranger');
  expect(parked).toEqual([expect.objectContaining({ level: 50, from: 'ONBOARDING', to: 'ACTION_REQUIRED', action })]);
  expect(parked[0]!.msg).toBe(`stranger waits for a person: SIGNER_REFUSED: ${action!.remedy}`);
});

/** What a worker has told of a connection on stderr, one line of JSON a change. */
function changesOfState({ stderr }: KeeperProcess, name: string): Record<string, unknown>[] {
  const lines = stderr.split('\n').filter((line) => line.includes('"event":"state changed"'));
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ connection }) => connection === name);
}
