import { readFileSync } from 'node:fs';
import { Keeper } from '../../client/keeper.ts';
import type { KnownStatus } from '../../client/known-status.ts';
import { readClientSettings } from '../../client/settings.ts';
import { SealingKeySet } from '../../sealing/key-set.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { sessionGateWorkflowId } from '../../workflows/names.ts';
import type { Slots } from '../../workflows/slots.ts';
import { parseMetrics, sumOf } from '../support/metrics.ts';
import { type KeeperProcess, keeper } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy, untilStatus } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { providerOfItsOwn } from './support/who.ts';

/** Two egresses on one machine, each with an address, a worker and clients of its own; one bank that tells them apart. */

const CALLBACK_URL = 'https://acme.example/callback';

interface Egress {
  readonly name: string;
  readonly address: string;
  readonly provider: string;
  readonly env: Readonly<Record<string, string>>;
  readonly keeper: Keeper;
}

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let ams: Egress;
let fra: Egress;
let metricsUrl: string;
const workers: KeeperProcess[] = [];

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ sessionGapMs: 1000 })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_EGRESS_WORKERS: '2' }); // of each address a worker and the client here
  ams = egress('ams', '127.0.0.2', 'acme');
  fra = egress('fra', '127.0.0.3', 'beta');
  const worker = await startWorker(ams, { KEEPER_METRICS_ADDRESS: '127.0.0.1:0' });
  metricsUrl = (await worker.waitForLine(/"metricsUrl":"([^"]+)"/))[1]!;
});
afterAll(() => bank?.close());

function egress(name: string, address: string, provider: string): Egress {
  const env = { ...here.env, KEEPER_EGRESS: name, KEEPER_EGRESS_VIA: address };
  const keys = SealingKeySet.parse(readFileSync(here.sealingKeysFile, 'utf8'), here.sealingKeysFile);
  return { name, address, provider, env, keeper: new Keeper(temporal.client, readClientSettings(env), () => keys) };
}

async function startWorker({ env }: Egress, more: Record<string, string> = {}): Promise<KeeperProcess> {
  const worker = await here.startWorker({ ...env, ...more });
  workers.push(worker);
  return worker;
}

const queueOf = ({ name }: Egress) => `bunq-keeper.${here.environment}.${name}`;
const missing = (one: Egress) => `No worker polls ${queueOf(one)}. Start one: KEEPER_EGRESS=${one.name} npx bunq-keeper worker`;
const isActive = ({ state }: KnownStatus) => state === 'ACTIVE';
const userOf = ({ provider }: Egress) => `${provider}/ada`;

const onboard = async ({ keeper, provider }: Egress) =>
  keeper.onboard(provider, await providerOfItsOwn(here.folder, provider, [CALLBACK_URL]));

async function connectUser({ keeper, provider }: Egress): Promise<void> {
  const { authorizationUrl } = await keeper.connectUser(provider, 'ada');
  const { id: user } = bank.createEndUser();
  await keeper.completeAuthorization(await bank.authorize({ ...askedBy(authorizationUrl), user }));
}

/** Asks for another session, and waits until it is served. */
async function renew({ keeper }: Egress, name: string): Promise<void> {
  const before = (await until('its session is told', () => keeper.session(name))).sessionId; // a busy worker takes its time
  await keeper.renew(name);
  await until(`${name} has another session`, async () => (await keeper.session(name))!.sessionId !== before);
  await untilStatus(keeper, name, isActive);
}

/** How many workers of an egress the other's worker counts; it lists at most every 30 s. */
async function workersOf({ name }: Egress): Promise<number | null> {
  const samples = parseMetrics(await (await fetch(metricsUrl)).text());
  return sumOf(samples, 'bunq_keeper_egress_workers', { egress: name, task_queue: `bunq-keeper.${here.environment}.${name}` });
}

/** Status, list and doctor of a connection whose egress has no worker, beside one whose egress has. */
async function expectSaid(one: Egress): Promise<void> {
  const run = (...args: string[]) => keeper(args, { env: ams.env });
  const [status, doctor, doctorOfAll, list] = await Promise.all([
    run('status', one.provider, '--json'),
    run('doctor', one.provider),
    run('doctor'),
    run('list'),
  ]);
  expect(JSON.parse(status.stdout)).toMatchObject({ name: one.provider, egress: one.name, egressWorker: false });
  expect(status).toMatchObject({ code: 0, stderr: expect.stringContaining(missing(one)) });
  for (const { code, stderr } of [doctor, doctorOfAll]) {
    expect(code).toBe(1);
    expect(stderr).toMatch(new RegExp(`^✖ workers: .*No worker polls ${queueOf(one)}\\.`, 'm'));
  }
  expect(list.stderr).toContain(`${missing(one)}\n`);
  expect(list.stdout).toMatch(new RegExp(`^${one.provider} .* ${missing(one)}$`, 'm'));
}

test('of an egress that no worker is of it is said at once, where its connections are asked for and in the other’s metrics', async () => {
  await onboard(fra);
  await expectSaid(fra);
  expect([await workersOf(ams), await workersOf(fra)]).toEqual([1, 0]);
});

test('each egress onboards a provider and a user by its own worker, and renews them', async () => {
  await startWorker(fra);
  await onboard(ams);
  await Promise.all(
    [ams, fra].map(async (one) => {
      await untilStatus(one.keeper, one.provider, isActive);
      await connectUser(one);
      await untilStatus(one.keeper, userOf(one), isActive);
    }),
  );
  await Promise.all([ams, fra].flatMap((one) => [one.provider, userOf(one)].map((name) => renew(one, name))));
});

test('the clients of an egress call by its address too, and for none of the other’s connections', async () => {
  for (const one of [ams, fra]) {
    const log = bank.requests().length;
    const answer = await until('its session is told', () => one.keeper.fetch(userOf(one), '/user'));
    expect(answer.status).toBe(200);
    expect(bank.requests().slice(log)).toEqual([expect.objectContaining({ endpoint: 'GET /user', remoteAddress: one.address })]);
  }
  const log = bank.requests().length;
  const isRefused = ({ message }: Error) => /^Nothing was sent: beta is of egress fra/.test(message);
  await until('it is refused', () => ams.keeper.fetch(fra.provider, '/user').then(() => false, isRefused));
  expect(bank.requests()).toHaveLength(log);
});

test('each has a gate of its own, each connection calls by the address of its own egress alone, and no call is refused', async () => {
  for (const one of [ams, fra]) {
    const gate = temporal.client.workflow.getHandle(sessionGateWorkflowId(here.environment, one.name));
    expect((await gate.query<Slots>('slots')).returned).not.toEqual([]);
    const installations = await Promise.all([one.provider, userOf(one)].map((name) => installationOf(one, name)));
    expect(new Set(installations.flatMap(addressesOf))).toEqual(new Set([one.address]));
  }
  const requests = bank.requests();
  expect([...new Set(requests.map(({ remoteAddress }) => remoteAddress))].sort()).toEqual([ams.address, fra.address]);
  expectNoRefusal();
});

/** But of the look at the bank, which has no endpoint. */
const expectNoRefusal = () =>
  expect(bank.requests().filter(({ admitted, endpoint, status }) => endpoint !== null && !(admitted && status === 200))).toEqual([]);

async function installationOf({ keeper }: Egress, name: string): Promise<number> {
  const session = await keeper.session(name);
  return bank.state().sessions.find(({ id }) => id === session!.sessionId)!.installationId;
}

const addressesOf = (installation: number) =>
  bank
    .requests()
    .filter(({ installationId }) => installationId === installation)
    .map(({ remoteAddress }) => remoteAddress);

test('an egress whose worker stops is told of, the other goes on, and with a worker again it does too, without a lapse', async () => {
  const stopped = workers.at(-1)!;
  const sessions = await Promise.all([fra.provider, userOf(fra)].map((name) => fra.keeper.session(name)));
  stopped.signal('SIGTERM');
  expect(await stopped.ended()).toMatchObject({ code: 0 });
  await renew(ams, ams.provider);
  await untilStatus(fra.keeper, fra.provider, ({ egressWorker }) => egressWorker === false);
  const listed = await ams.keeper.list();
  expect(listed.map(({ name, egressWorker }) => [name, egressWorker])).toEqual([
    [ams.provider, undefined],
    [userOf(ams), undefined],
    [fra.provider, false],
    [userOf(fra), false],
  ]);
  expect([await workersOf(ams), await workersOf(fra)]).toEqual([1, 0]);
  await startWorker(fra);
  await Promise.all([fra.provider, userOf(fra)].map((name) => renew(fra, name)));
  expect(await fra.keeper.status(fra.provider)).not.toHaveProperty('egressWorker');
  const former = bank.state().sessions.filter(({ id }) => sessions.some((session) => session!.sessionId === id));
  expect(former.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']); // until its grace is over
  expect(workers.flatMap(({ lines }) => lines).filter((line) => line.includes('"to":"LAPSED"'))).toEqual([]);
  expectNoRefusal();
});
