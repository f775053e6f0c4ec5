import { NativeConnection } from '@temporalio/worker';
import { systemClock } from '../../settings/clock.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { createGateClient } from '../../worker/gate-client.ts';
import { createNeighbours } from '../../worker/neighbours.ts';
import { registeredSearchAttributes } from '../../worker/search-attributes.ts';
import { providerWorkflowId, sessionGateWorkflowId } from '../../workflows/names.ts';
import { isSuspect, type Slots } from '../../workflows/slots.ts';
import { atEnd } from '../support/at-end.ts';
import type { KeeperProcess } from '../support/process.ts';
import { quietRuntime, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { untilActive } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';
import { providerOfItsOwn } from './support/who.ts';

/** A gate in the place of a closed one has met nobody: whoever is refused first asks Temporal who else there is on its address. */

quietRuntime();

const URL = 'https://acme.example/callback';
const SETTINGS = { KEEPER_SESSION_GAP: '1s', KEEPER_CALL_LIMITS: 'off' };

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([
    temporalServer({ registered: true }),
    startSimulator({ sessionGapMs: 1000, callRateLimits: false }),
  ]);
  here = scene(temporal, bank, SETTINGS);
  worker = await here.startWorker();
  for (const name of ['acme', 'zeta']) {
    await here.keeper.onboard(name, await providerOfItsOwn(here.folder, name, [URL]));
    await untilActive(here, name);
  }
});
afterAll(() => bank.close());

const id = (name: string) => providerWorkflowId(here.environment, name);
const gate = () => temporal.client.workflow.getHandle(sessionGateWorkflowId(here.environment, 'default'));

async function serverAt(address: string) {
  const connection = await NativeConnection.connect({ address });
  atEnd(() => connection.close());
  return { connection, namespace: 'default' };
}

test('the gate is terminated, and then one of two is refused: the new gate asks the other, suspects the address, and no API key is made', async () => {
  bank.fault({ endpoint: 'POST /session-server', kind: 'status', status: 400, times: null });
  await gate().terminate('an operator did it');
  await here.keeper.renew('acme');
  const address = async () => (await gate().query<Slots>('slots')).address;
  await until('both were refused', async () => (await address()).refused.length === 2);
  expect(isSuspect(await address())).toBe(true);
  expect(await here.keeper.status('zeta')).toMatchObject({ state: 'DEGRADED', lastError: { code: 'BUNQ_CREDENTIALS_INCORRECT' } });
  expect(bank.state().credentials.map(({ status }) => status)).toEqual(['ACTIVE', 'ACTIVE']);
  bank.clearFaults();
});

test('who else there is on an egress is told by search attribute, and by the memo where that is not registered or not set yet', async () => {
  const server = await serverAt(temporal.address);
  const registered = () => registeredSearchAttributes(server.connection, server.namespace);
  await worker.kill();
  await scene(temporal, bank, { ...SETTINGS, KEEPER_EGRESS: 'other' }).keeper.onboard(
    'elsewhere',
    await providerOfItsOwn(here.folder, 'elsewhere', [URL]),
  );
  const [byAttribute, byMemo] = [registered, async () => []].map((names) => createNeighbours(server, here.environment, names));
  expect(await byAttribute!('default', id('acme'))).toEqual([id('zeta')]);
  expect(await byMemo!('default', id('acme'))).toEqual([id('zeta')]);
  await here.keeper.onboard('new', await providerOfItsOwn(here.folder, 'new', [URL]));
  for (const neighbours of [byAttribute!, byMemo!])
    expect((await neighbours('default', id('acme'))).sort()).toEqual([id('new'), id('zeta')]);
  expect(await byMemo!('other', id('acme'))).toEqual([id('elsewhere')]);
  expect(await createNeighbours(server, 'production', registered)('default', id('acme'))).toEqual([]);
});

test('while Temporal does not list anything nobody knows of others: that is not to be alone', async () => {
  const proxy = await TemporalProxy.start(temporal.address);
  proxy.denies = ({ method }) => method === 'ListWorkflowExecutions';
  await here.startWorker();
  await gate().terminate('an operator did it');
  const clientAt = async (address: string) => {
    const server = await serverAt(address);
    const registered = () => registeredSearchAttributes(server.connection, server.namespace);
    return createGateClient(server, here.environment, systemClock, createNeighbours(server, here.environment, registered));
  };
  expect(await (await clientAt(proxy.address)).consult('default', id('acme'))).toMatchObject({ others: null });
  expect((await (await clientAt(temporal.address)).consult('default', id('acme'))).others).toBeGreaterThan(0);
});
