import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { decodedPayloads } from '../support/payloads.ts';
import { keeper } from '../support/process.ts';
import { registerAsSdk, type SdkContext } from '../support/sdk-context.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { type Scene, scene } from './support/scene.ts';
import { issuedApiKey } from './support/who.ts';

/** A user of bunq's SDK goes on with its context file: nothing is registered twice. */

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_SETTLE: '2s', KEEPER_CALL_LIMITS: 'off' });
  await here.startWorker();
});
afterAll(() => bank.close());

/** As Python's `json.dumps(…, indent=4)` writes it. */
function fileOf(context: object): string {
  const file = join(temporaryFolder(), 'bunq.conf');
  writeFileSync(file, JSON.stringify(context, null, 4), { mode: 0o600 });
  return file;
}

const held = () => {
  const { installations, devices, credentials, sessions } = bank.state();
  return { installations: installations.length, devices: devices.length, credentials: credentials.length, sessions: sessions.length };
};

describe('a context with a live session', () => {
  let context: SdkContext;
  let file: string;
  let before: ReturnType<typeof held>;

  beforeAll(async () => {
    context = await registerAsSdk(bank.apiUrl, await issuedApiKey(bank));
    file = fileOf(context);
    before = held();
  });

  test('becomes an ACTIVE connection of the same user, with its very session and nothing made anew', async () => {
    const imported = await here.run('import', 'bunq-context', 'ada', file, '--json');
    expect(imported).toMatchObject({ code: 0 });
    const { state, session, steps } = JSON.parse(imported.stdout) as ConnectionStatus;
    expect({ state, userId: session?.userId }).toEqual({ state: 'ACTIVE', userId: context.session_context.user_id });
    expect(steps.slice(0, 5).map(({ status }) => status)).toEqual(Array(5).fill('done'));
    expect(held()).toEqual(before);
    expect((await here.run('session', 'ada', '--reveal')).stdout.trim()).toBe(context.session_context.token);
    const called = await here.run('call', 'ada', 'GET', '/user/{userId}');
    expect(JSON.parse(called.stdout)).toMatchObject({ Response: [{ UserPerson: { id: context.session_context.user_id } }] });
  });

  test('is renewed on the same installation, and the imported session is closed at the bank', async () => {
    expect(await here.run('renew', 'ada')).toMatchObject({ code: 0 });
    expect(held()).toEqual({ ...before, sessions: before.sessions + 1 });
    expect((await here.run('disconnect', 'ada', '--yes')).code).toBe(0);
    expect(new Set(bank.state().sessions.map(({ status }) => status))).toEqual(new Set(['DELETED']));
  });

  test('leaves no secret in Temporal', async () => {
    const payloads = await decodedPayloads(temporal.client, [`provider.${here.environment}.ada`]);
    const { api_key, installation_context: installation, session_context: session } = context;
    const secrets = [
      { label: 'API key', value: api_key },
      { label: 'installation token', value: installation.token },
      { label: 'session token', value: session.token },
    ];
    expect(searchForSecrets(secrets, [{ path: temporal.dbFile }, ...payloads])).toEqual([]);
  });
});

test('a context whose session is over costs one session, from stdin and with an OAuth client', async () => {
  const context = await registerAsSdk(bank.apiUrl, await issuedApiKey(bank));
  context.session_context.expiry_time = '2020-01-01 00:00:00.000000';
  const before = held();
  const text = JSON.stringify(context);
  const imported = await here.runWith(text, 'import', 'bunq-context', 'bob', '-', '--callback-url', 'https://bob.example/', '--json');
  expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"ACTIVE"') });
  expect(held()).toEqual({ ...before, sessions: before.sessions + 1 });
});

describe('an exported context', () => {
  let file: string;
  beforeAll(async () => {
    expect(await here.run('onboard', 'erin', '--sandbox-user')).toMatchObject({ code: 0 });
    file = join(temporaryFolder(), 'exported.conf');
  });

  test('is a file of mode 0600 with the session that is kept, and says until when it is good', async () => {
    const exported = await here.run('export', 'bunq-context', 'erin', '--out', file);
    expect(exported).toMatchObject({
      code: 0,
      stdout: '',
      stderr: expect.stringMatching(/good until the keeper renews it on 20.*export again/),
    });
    expect((statSync(file).mode & 0o777).toString(8)).toBe('600');
    const { session_context } = JSON.parse(readFileSync(file, 'utf8')) as SdkContext;
    expect((await here.run('session', 'erin', '--reveal')).stdout.trim()).toBe(session_context.token);
    expect((await here.run('export', 'bunq-context', 'erin')).stdout).toBe(readFileSync(file, 'utf8'));
    expect(exported.stderr).not.toContain(session_context.token);
  });

  test('is never written over a file, and not without the sealing keys', async () => {
    const before = readFileSync(file, 'utf8');
    const again = await here.run('export', 'bunq-context', 'erin', '--out', file);
    expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/exported\.conf exists and is left as it is/) });
    expect(readFileSync(file, 'utf8')).toBe(before);
    const { KEEPER_SEALING_KEYS_FILE: _, ...env } = here.env;
    const without = await keeper(['export', 'bunq-context', 'erin'], { env });
    expect(without).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(/There are no sealing keys/) });
  });

  test('is imported as the same connection: nothing is registered, and the session is the one', async () => {
    const before = held();
    const imported = await here.run('import', 'bunq-context', 'erin-again', file, '--json');
    expect(imported).toMatchObject({ code: 0, stdout: expect.stringContaining('"state":"ACTIVE"') });
    expect(held()).toEqual(before);
    const [one, other] = await Promise.all(['erin', 'erin-again'].map((name) => here.run('session', name, '--reveal')));
    expect(other!.stdout).toBe(one!.stdout);
  });
});

describe('is refused with nothing changed', () => {
  const refused = (says: RegExp) => ({ code: 2, stdout: '', stderr: expect.stringMatching(says) });
  let context: SdkContext;
  beforeAll(async () => {
    context = await registerAsSdk(bank.apiUrl, await issuedApiKey(bank));
  });

  test('a name that is taken', async () => {
    await here.keeper.onboard('carol', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });
    const { runId } = await here.keeper.status('carol');
    expect(await here.run('import', 'bunq-context', 'carol', fileOf(context))).toMatchObject(
      refused(/There is a connection carol already; nothing was changed/),
    );
    expect((await here.keeper.status('carol')).runId).toBe(runId);
  });

  test('a context of production in the sandbox, before anything connects', async () => {
    const production = fileOf({ ...context, environment_type: 'PRODUCTION' });
    const env = { KEEPER_SEALING_KEYS_FILE: here.sealingKeysFile, BUNQ_ENVIRONMENT: 'sandbox', TEMPORAL_ADDRESS: '127.0.0.1:1' };
    const ended = await keeper(['import', 'bunq-context', 'dave', production], { env });
    expect(ended).toMatchObject(refused(/The context is of production, and the settings say sandbox/));
  });

  test('what is no context', async () => {
    expect(await here.run('import', 'bunq-context', 'dave', fileOf({}))).toMatchObject(
      refused(/bunq\.conf is no API context of bunq's: environment_type, api_key/),
    );
    expect(await here.run('import', 'bunq-context', 'dave', '/nowhere')).toMatchObject(
      refused(/The context \/nowhere cannot be read \(ENOENT\)/),
    );
  });
});
