import { sessionGateWorkflowId } from '../../workflows/names.ts';
import type { TestConnection } from '../support/connection.ts';
import { providerCertificate } from '../support/credentials.ts';
import { startKeeper } from '../support/keeper.ts';
import { HOUR, MINUTE, SECOND } from '../support/virtual-time.ts';

/** bunq says the same of a dead API key and of a call from another address: what becomes of the others on the same address tells. */

const keeper = await startKeeper('test');

afterEach(() => keeper.finish());

const HOME = '203.0.113.7';
const ELSEWHERE = '198.51.100.4';

/** Two providers on one address, their first hour over: their sessions are good for 90 days. */
async function two(names: readonly [string, string] = ['acme', 'zeta']): Promise<[TestConnection, TestConnection]> {
  const acme = await keeper.connection(names[0], { callerAddress: HOME });
  const zeta = keeper.connectionBeside(acme, names[1]);
  for (const connection of [acme, zeta]) {
    await connection.onboard();
    await connection.becomes('ACTIVE', 5 * MINUTE);
  }
  await keeper.time.pass(HOUR);
  acme.simulator.resetRequests();
  return [acme, zeta];
}

/** Nothing was given up: the same API keys, the same sessions, none deleted, none lapsed, and nobody was called. */
function expectNothingGivenUp(connections: readonly TestConnection[]) {
  const { simulator } = connections[0]!;
  expect(simulator.state().credentials.map(({ status }) => status)).toEqual(connections.map(() => 'ACTIVE'));
  for (const connection of connections) {
    expect(simulator.lapses({ connection: connection.name })).toEqual([]);
    expect(connection.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
  }
}

const suspected = ({ lastError }: { lastError: { code: string } | null }) => lastError?.code === 'ADDRESS_SUSPECT';

test('an address that changes and changes back: no session is dropped and no API key made', async () => {
  const [acme, zeta] = await two();
  const before = await Promise.all([acme.session(), zeta.session()]);
  acme.simulator.changeSettings({ callerAddress: ELSEWHERE });
  await acme.renew();
  await acme.until('suspects the address', suspected, 10 * MINUTE);
  await zeta.until('suspects it too', suspected, 10 * MINUTE); // it was asked for a second opinion
  expect(await acme.status()).toMatchObject({ state: 'DEGRADED', lastError: { code: 'ADDRESS_SUSPECT', status: 400 } });
  expect(await acme.currentDetails()).toContain('ADDRESS_SUSPECT');
  await keeper.time.pass(2 * HOUR);
  expect(await Promise.all([acme.session(), zeta.session()])).toEqual(before);
  expect(acme.bankHolds().sessions).toBe(2);
  acme.simulator.changeSettings({ callerAddress: HOME });
  for (const connection of [acme, zeta])
    expect(await connection.becomes('ACTIVE', 10 * MINUTE)).toMatchObject({ recovered: { from: 'DEGRADED', code: 'ADDRESS_SUSPECT' } });
  expectNothingGivenUp([acme, zeta]);
});

test('400 for everybody for two hours: one try in five minutes, no session is dropped and no API key made', async () => {
  const [acme, zeta] = await two();
  acme.simulator.fault({ endpoint: '*', kind: 'status', status: 400, forMs: 2 * HOUR });
  await acme.renew();
  await keeper.time.pass(20 * MINUTE);
  acme.simulator.resetRequests();
  await keeper.time.pass(HOUR);
  const tried = acme.requests('POST /session-server');
  expect(tried.length).toBeGreaterThanOrEqual(10);
  expect(tried.length).toBeLessThanOrEqual(13);
  await keeper.time.pass(40 * MINUTE);
  for (const connection of [acme, zeta]) await connection.becomes('ACTIVE', 15 * MINUTE);
  expectNothingGivenUp([acme, zeta]);
});

test('403 for everybody for ten minutes, on two connections: no session is dropped and no API key made', async () => {
  const [acme, zeta] = await two();
  const before = await Promise.all([acme.session(), zeta.session()]);
  acme.simulator.fault({ endpoint: '*', kind: 'status', status: 403, forMs: 10 * MINUTE });
  await Promise.all([acme.renew(), zeta.renew()]);
  await keeper.time.pass(9 * MINUTE + 30 * SECOND);
  expect(await Promise.all([acme.session(), zeta.session()])).toEqual(before);
  for (const connection of [acme, zeta]) await connection.becomes('ACTIVE', 35 * MINUTE);
  expectNothingGivenUp([acme, zeta]);
});

test('an API key that died while others idle: one of them is asked to open a session, and the key is replaced within minutes', async () => {
  const [acme, zeta] = await two();
  const [credential] = acme.simulator.state().credentials;
  acme.simulator.revokeCredential(credential!.id);
  const { openedAt } = (await acme.session())!;
  await acme.renew();
  await acme.until('is renewed', ({ session, state }) => session?.openedAt !== openedAt && state === 'ACTIVE', 8 * MINUTE);
  expect(acme.requests('POST /payment-service-provider-credential')).toHaveLength(1);
  expect(acme.simulator.state().credentials.map(({ status }) => status)).toEqual(['REVOKED', 'ACTIVE', 'ACTIVE']);
  expect((await zeta.state()).counts).toMatchObject({ renewals: 2, repairs: 0 });
});

test('where the gate was terminated, the first that is refused does not count as alone: no API key is made', async () => {
  const [acme, zeta] = await two();
  acme.simulator.changeSettings({ callerAddress: ELSEWHERE });
  await acme.client.workflow.getHandle(sessionGateWorkflowId('test', acme.egress)).terminate('an operator did it');
  await acme.renew();
  await acme.until('suspects the address', suspected, 10 * MINUTE);
  await zeta.until('suspects it too', suspected, 15 * MINUTE); // the new gate was told of it, and asked it
  await keeper.time.pass(HOUR);
  acme.simulator.changeSettings({ callerAddress: HOME });
  for (const connection of [acme, zeta]) await connection.becomes('ACTIVE', 10 * MINUTE);
  expectNothingGivenUp([acme, zeta]);
});

test('400 for everybody while a new certificate is tried: it is not the certificate, and no person is called', async () => {
  const [acme, zeta] = await two();
  acme.simulator.fault({ endpoint: '*', kind: 'status', status: 400, forMs: 2 * HOUR });
  await acme.resume(await providerCertificate());
  await acme.until('suspects the address', suspected, 10 * MINUTE);
  expect((await acme.status()).lastError).toMatchObject({ endpoint: 'POST /v1/payment-service-provider-credential' });
  await keeper.time.pass(2 * HOUR);
  for (const connection of [acme, zeta]) {
    await connection.becomes('ACTIVE', 40 * MINUTE);
    expect(connection.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
  }
});

test('a connection that is alone on its egress makes a new API key on its new address', async () => {
  const acme = await keeper.connection('acme', { callerAddress: HOME });
  await acme.onboard();
  const { session } = await acme.becomes('ACTIVE');
  await keeper.time.pass(MINUTE);
  acme.simulator.changeSettings({ callerAddress: ELSEWHERE });
  await acme.renew();
  await acme.until('is renewed', (now) => now.session?.openedAt !== session!.openedAt && now.state === 'ACTIVE', 10 * MINUTE);
  expect(acme.simulator.state().credentials).toHaveLength(2);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
});
