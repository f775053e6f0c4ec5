import type { HostileRates } from '../../simulator/index.ts';
import type { TestConnection } from '../support/connection.ts';
import { askForConsent, comeBack } from '../support/end-user.ts';
import { startKeeper } from '../support/keeper.ts';
import { seed } from '../support/seed.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';

/** Banks as they are on a bad day: each slow, refusing, failing and cutting connections by a seed of its own, all the time. */

const ENVIRONMENT = 'hostile';
const URL = 'https://acme.example/callback';

const BANKS = 8;
const RENEWALS = 4;
/** Several times what a hostile bank does by itself, so that each bank does something of everything; slowness alone costs time. */
const RATES: Partial<HostileRates> = {
  slow: 0.02,
  tooManyRequests: 0.06,
  cutBeforeEffect: 0.04,
  cutAfterEffect: 0.04,
  unavailable: 0.04,
  reordered: 0.2,
};
const SESSION_LIFETIME = 4 * DAY;
/** The settling time and slow back-offs after a few misfortunes in a row. */
const ONBOARDED_WITHIN = 2 * HOUR;

const keeper = await startKeeper(ENVIRONMENT);
const from = seed('HOSTILE_SEED');

afterEach(() => keeper.finish());

/** A bank that lets a second OAuth client through, so that one that is sent twice is seen. */
const hostileBank = (name: string) =>
  keeper.connection(
    name,
    {
      hostile: true,
      hostileRates: { ...RATES } as HostileRates,
      allowSecondOAuthClient: true,
      sessionLifetimeMs: SESSION_LIFETIME,
      userSessionLifetimeMs: SESSION_LIFETIME,
    },
    { seed: `${from}/${name}` },
  );

const each = <T>(count: number, act: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => act(index)));

/** @throws with what the bank did to it, for a person who wonders */
async function blame<T>(connection: TestConnection, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const requests = connection.simulator
      .requests()
      .map(({ at, endpoint, fault, status }) => `${new Date(at).toISOString()} ${endpoint} ${fault ?? ''} ${status}`);
    process.stderr.write(`HOSTILE_SEED=${from}, ${connection.name}:\n${requests.join('\n')}\n`);
    throw error;
  }
}

/** Through its renewals; then it is ACTIVE, was never without a session, and nobody was asked for anything. */
async function isKept(connection: TestConnection): Promise<void> {
  expect((await connection.becomes('ACTIVE', HOUR)).action).toBeNull();
  const { counts } = await connection.state();
  expect(counts.renewals).toBeGreaterThanOrEqual(RENEWALS);
  expect(counts.repairs).toBe(0);
  expect(connection.simulator.lapses({ connection: connection.name })).toEqual([]);
  expect(connection.states.map(({ state }) => state)).not.toContain('ACTION_REQUIRED');
}

function bankWasHostile(connections: readonly TestConnection[]): void {
  const met = new Set(
    connections.flatMap(({ simulator }) => simulator.requests().flatMap(({ fault, hostile }) => (hostile ? [fault] : []))),
  );
  expect([...met].sort()).toEqual(['hold-answer', 'lose-answer-after-effect', 'reordered', 'reset', 'status']);
}

test.each([
  ['providers', undefined],
  ['API-key users', { type: 'sandbox-user' }],
] as const)('%s are onboarded and renewed, each with one OAuth client and no lapse', async (_who, credential) => {
  const connections = await each(BANKS, (index) => hostileBank(`acme-${index}`));
  await Promise.all(connections.map((connection) => connection.onboard({ callbackUrls: [URL], ...(credential && { credential }) })));
  for (const connection of connections) await blame(connection, () => connection.becomes('ACTIVE', ONBOARDED_WITHIN));
  await keeper.time.pass(RENEWALS * SESSION_LIFETIME);
  for (const connection of connections)
    await blame(connection, async () => {
      await isKept(connection);
      expect(connection.bankHolds()).toMatchObject({ oauthClients: 1, callbackUrls: [URL] });
    });
  bankWasHostile(connections);
});

test('end users are connected, asked again where their code was lost, and renewed without a lapse', async () => {
  const providers = await each(BANKS, (index) => hostileBank(`acme-${index}`));
  await Promise.all(providers.map((provider) => provider.onboard({ callbackUrls: [URL] })));
  for (const provider of providers) await blame(provider, () => provider.becomes('ACTIVE', ONBOARDED_WITHIN));
  const users = providers.map((provider) => keeper.connectionBeside(provider, `${provider.name}/ada`));
  for (const [index, user] of users.entries()) await blame(user, () => connects(providers[index]!, user));
  await keeper.time.pass((RENEWALS + 1) * SESSION_LIFETIME);
  for (const [index, user] of users.entries())
    await blame(user, async () => {
      await isKept(user);
      expect(providers[index]!.bankHolds().oauthClients).toBe(1);
    });
  bankWasHostile(providers);
});

/** As an application does it: whose code brought nothing is asked again. */
async function connects(provider: TestConnection, user: TestConnection): Promise<void> {
  const { url, state } = await askForConsent(provider, user);
  const redirect = provider.simulator.authorize({ clientId: url.searchParams.get('client_id')!, redirectUri: URL, state });
  let outcome: string | null = null;
  const answering = comeBack(user, redirect, ENVIRONMENT).finally(() => (outcome ??= 'answered'));
  while (outcome === null) await keeper.time.pass(1000);
  ({ outcome } = await answering);
  expect(['connected', 'pending', 'failed']).toContain(outcome);
  const { authorization } = await user.until(
    'is connected or asked again',
    (status) => status.state === 'ACTIVE' || status.authorization?.status === 'failed',
    ONBOARDED_WITHIN,
  );
  if (authorization?.status === 'failed') return connects(provider, user);
  await user.becomes('ACTIVE', 5 * MINUTE);
}
