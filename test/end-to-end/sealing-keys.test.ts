import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UserLink } from '../../client/end-users.ts';
import { newSealingKeys, SealingKeySet } from '../../sealing/key-set.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { sealedValues } from '../../workflows/sealed-values.ts';
import type { ConnectionState } from '../../workflows/state.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { KeeperProcess } from '../support/process.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy, untilStatus } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** The sealing keys are rotated under running connections, by workers that have different ones at a time, until the former is gone. */

const CALLBACK = 'https://acme.example/callback';
const NAMES = ['acme', 'acme/alice', 'ada'];

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let former: string;
let present: string;
/** By which keys it has: the first seals. */
let onlyFormer: KeeperProcess;
let formerFirst: KeeperProcess;
let presentFirst: KeeperProcess;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_CALL_LIMITS: 'off' });
  [former] = keyIds() as [string];
  onlyFormer = await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  await untilStatus(here.keeper, 'acme', ({ state }) => state === 'ACTIVE');
  expect(await here.run('onboard', 'ada', '--sandbox-user')).toMatchObject({ code: 0 });
  await connect('alice');
});
afterAll(() => bank.close());

const keyIds = () => SealingKeySet.parse(readFileSync(here.sealingKeysFile, 'utf8'), 'the test').keyIds;

/** An end user on the provider's installation: what is sealed for the provider stands in its state. */
async function connect(user: string): Promise<void> {
  const { stdout } = await here.run('connect-user', 'acme', user, '--json', '--no-wait', '--installation', 'provider');
  const redirect = askedBy((JSON.parse(stdout) as UserLink).authorizationUrl);
  await here.keeper.completeAuthorization(bank.authorize(redirect), `acme/${user}`);
  await untilStatus(here.keeper, `acme/${user}`, ({ state }) => state === 'ACTIVE');
}

const sealedBy = (name: string) => here.keeper.sealingKeysOf(name);

/** Temporal lists a poller for minutes after it was ended; a server that was started anew does not know it. */
async function stop(worker: KeeperProcess): Promise<void> {
  worker.signal('SIGTERM');
  await worker.ended();
  await temporal.kill();
  await temporal.restart();
  await until('the server answers, and the workers that are left poll again', async () => {
    const pollers = await here.keeper.pollers();
    return pollers.length > 0 || ![onlyFormer, formerFirst, presentFirst].some((other) => other?.running);
  });
}

interface Status {
  readonly keys: {
    keyId: string;
    seals: boolean;
    connections: string[];
    histories: number;
    historiesUntil: string | null;
    neededFor: string[];
  }[];
}

async function status(keyId: string) {
  const { code, stdout, stderr } = await here.run('sealing-keys', 'status', '--json', '--quiet');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as Status).keys.find((key) => key.keyId === keyId)!;
}

const registered = () => {
  const { installations, devices, credentials } = bank.state();
  return [installations.length, devices.length, credentials.length];
};

test('a key is added to the file, and promoted only when every worker has it', async () => {
  const added = await here.run('sealing-keys', 'add', '--json');
  present = (JSON.parse(added.stdout) as { added: string }).added;
  expect(keyIds()).toEqual([former, present]);
  expect((statSync(here.sealingKeysFile).mode & 0o777).toString(8)).toBe('600');
  formerFirst = await here.startWorker();
  const refused = await here.run('sealing-keys', 'promote');
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(new RegExp(`^Nothing was changed: ${onlyFormer.pid}@\\S+ keys ${former} does not have ${present}`)),
  });
  expect(refused.stderr).not.toContain(`${formerFirst.pid}@`);
  expect(keyIds()).toEqual([former, present]);
  await stop(onlyFormer);
  expect(await here.run('sealing-keys', 'promote')).toMatchObject({
    code: 0,
    stdout: '',
    stderr: expect.stringContaining(`${present} seals from now on`),
  });
  expect(keyIds()).toEqual([present, former]);
});

test('connections are sealed anew at their renewal, while one worker seals by the former key and another by the present', async () => {
  presentFirst = await here.startWorker();
  expect(await here.run('sealing-keys', 'reseal')).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      new RegExp(`^Nothing was done: ${formerFirst.pid}@\\S+ keys ${former},${present} seals by another key than ${present}`),
    ),
  });
  for (const _ of [1, 2, 3]) expect(await here.run('renew', 'ada')).toMatchObject({ code: 0 }); // on whichever worker
  await until('it is sealed by one key, whichever', async () => (await sealedBy('ada')).length === 1);
  await stop(formerFirst);
  expect(await here.run('renew', 'ada')).toMatchObject({ code: 0 });
  await until('it is sealed by the present key', async () => String(await sealedBy('ada')) === present);
  expect(await sealedBy('acme/alice')).toEqual([former]);
});

test('the former key may not go while connections are sealed by it, and says so', async () => {
  expect(await status(former)).toMatchObject({
    seals: false,
    connections: ['acme', 'acme/alice'],
    neededFor: [expect.stringContaining('acme, acme/alice are sealed by it')],
  });
  const refused = await here.run('sealing-keys', 'remove', former);
  expect(refused).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining(`${former} may not go yet.\n- acme, acme/alice are sealed by it`),
  });
  expect(await here.run('sealing-keys', 'remove', present)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('is the key that seals'),
  });
});

/** Former sessions are closed in their own time. */
const requests = () => bank.requests().filter(({ endpoint }) => endpoint !== 'DELETE /session/{itemId}');

test('every connection is sealed anew on demand, at no cost to the bank, and again for nothing', async () => {
  const before = requests();
  const once = await here.run('sealing-keys', 'reseal', '--json');
  expect(once).toMatchObject({ code: 0, stderr: expect.stringContaining('2 of 3 connections were sealed anew') });
  expect(JSON.parse(once.stdout)).toEqual({ schema: 1, keyId: present, resealed: 2, left: [] });
  for (const name of NAMES) expect(await sealedBy(name)).toEqual([present]);
  expect(await here.run('sealing-keys', 'reseal')).toMatchObject({
    code: 0,
    stderr: expect.stringContaining('0 of 3 connections were sealed anew'),
  });
  expect(requests()).toEqual(before);
  expect(await status(former)).toMatchObject({ connections: [], histories: 0, neededFor: [] });
});

test('it may not go while a closed run holds values sealed by it, and until when is said', async () => {
  expect(await here.run('disconnect', 'ada', '--yes')).toMatchObject({ code: 0 });
  await until('the closed run is in the list', async () => (await status(former)).histories === 1, { everyMs: 1000 });
  expect(await status(former)).toMatchObject({
    historiesUntil: expect.stringMatching(/^20/),
    neededFor: [expect.stringMatching(/^1 closed run has values sealed by it, until 20/)],
  });
  expect(await here.run('sealing-keys', 'remove', former)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('1 closed run has values'),
  });
  expect(await here.run('disconnect', 'ada', '--forget', '--yes')).toMatchObject({ code: 0 });
  expect(await here.run('sealing-keys', 'remove', former)).toMatchObject({ code: 0 });
  expect(keyIds()).toEqual([present]);
});

test('without the former key everything is opened: each connection renews, and is called', async () => {
  await stop(presentFirst);
  presentFirst = await here.startWorker();
  const before = registered();
  for (const name of ['acme', 'acme/alice']) {
    expect(await here.run('renew', name)).toMatchObject({ code: 0 });
    expect(await here.run('call', name, 'GET', '/user')).toMatchObject({ code: 0 });
  }
  expect(registered()).toEqual(before);
  const state = (await temporal.client.workflow.getHandle(`user.${here.environment}.acme.alice`).query('state')) as ConnectionState;
  expect(sealedValues(state).length).toBeGreaterThan(4);
});

test('a worker with none of the keys makes nothing anew, and all goes on when it has them again', async () => {
  const before = registered();
  await stop(presentFirst);
  const wrongFile = join(here.folder, 'other-keys.json');
  writeFileSync(wrongFile, newSealingKeys(new Date('2020-01-01T00:00:00Z')), { mode: 0o600 });
  const wrong = await here.startWorker({ KEEPER_SEALING_KEYS_FILE: wrongFile });
  await here.keeper.renew('acme');
  const missing = await untilStatus(here.keeper, 'acme', ({ lastError }) => lastError?.code === 'SEALING_KEY_MISSING');
  expect(missing).toMatchObject({ state: 'DEGRADED', action: null, lastError: { text: expect.stringContaining(present) } });
  expect(await here.run('call', 'acme', 'GET', '/user')).toMatchObject({ code: 0 }); // the session is served as ever
  await stop(wrong);
  presentFirst = await here.startWorker();
  expect(await here.run('renew', 'acme')).toMatchObject({ code: 0 });
  expect(await here.keeper.status('acme')).toMatchObject({ state: 'ACTIVE' });
  expect(registered()).toEqual(before);
});

test('nothing of it is in what Temporal stores', async () => {
  const { keys } = JSON.parse(readFileSync(here.sealingKeysFile, 'utf8')) as { keys: { kid: string; k: string }[] };
  const secrets = [
    ...bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value })),
    ...keys.map(({ kid, k }) => ({ label: `sealing key ${kid}`, value: k })),
  ];
  const payloads = await decodedPayloads(temporal.client, [`provider.${here.environment}.acme`, `user.${here.environment}.acme.alice`]);
  expect(searchForSecrets(secrets, [{ path: temporal.dbFile }, ...payloads])).toEqual([]);
});
