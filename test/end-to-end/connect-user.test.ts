import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UserLink } from '../../client/end-users.ts';
import type { KnownStatus } from '../../client/keeper.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** A provider's end users, from the link to the end, as a person does it; the bank's page is clicked without a browser. */

const CALLBACK = 'https://acme.example/callback';
const FURTHER = 'http://localhost:8080/return/';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;
const printed: string[] = [];
const states: string[] = [];

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  worker = await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  await untilState('acme', 'ACTIVE');
}, 120_000);
afterAll(() => bank.close());

const lines = ({ stdout }: Pick<Ended, 'stdout'>) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);

const untilState = (name: string, state: string): Promise<KnownStatus> =>
  until(
    `${name} is ${state}`,
    async () => {
      const status = await here.keeper.status(name);
      return status.state === state && status.worker !== false ? status : null;
    },
    { timeoutMs: 90_000, seen: () => worker.stderr.slice(-1500) },
  );

async function run(...args: string[]): Promise<Ended> {
  const ended = await here.run(...args);
  printed.push(ended.stderr);
  return ended;
}

/** What the end user's click comes to: the URL that the browser is sent to. */
function click({ authorizationUrl }: Pick<UserLink, 'authorizationUrl'>, how: { user?: number; deny?: boolean } = {}): string {
  const asked = new URL(authorizationUrl).searchParams;
  states.push(asked.get('state')!);
  return bank.authorize({ clientId: asked.get('client_id')!, redirectUri: asked.get('redirect_uri')!, state: asked.get('state')!, ...how });
}

/** The command, as far as its link. */
async function startConnecting(user: string, ...more: string[]): Promise<{ running: KeeperProcess; link: UserLink }> {
  const running = here.start('connect-user', 'acme', user, '--json', ...more);
  const [line] = await running.waitForLine(/^\{"schema":1,"name".*"authorizationUrl".*\}$/);
  return { running, link: JSON.parse(line) as UserLink };
}

const complete = (user: string, redirect: string, ...more: string[]) =>
  here.runWith(`${redirect}\n`, 'complete-user', 'acme', user, '--redirect-url-file', '-', ...more);

describe('an end user', () => {
  let sophie: number;
  let daan: number;
  let consentedAt: string;

  beforeAll(() => {
    [sophie, daan] = ['Sophie Mulder', 'Daan Peters'].map(
      (name) => bank.endUsers().find(({ displayName }) => displayName === name)!.id,
    ) as [number, number];
  });

  test('is connected by a link that is printed at once, and its accounts are read through call and fetch', async () => {
    const { running, link } = await startConnecting('alice');
    expect(link).toMatchObject({ schema: 1, name: 'acme/alice', expiresAt: expect.stringMatching(/^20/) });
    expect(await here.keeper.status('acme/alice')).toMatchObject({ state: 'AWAITING_AUTHORIZATION', authorization: { status: 'asked' } });
    const completed = await complete('alice', click(link, { user: sophie }), '--json');
    expect(completed).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ the end user granted access') });
    expect(lines(completed)).toMatchObject([{ schema: 1, name: 'acme/alice', outcome: 'connected' }, { state: 'ACTIVE' }]);
    const ended = await running.ended();
    expect(ended).toMatchObject({ code: 0 });
    const [, status] = lines(ended);
    expect(status).toMatchObject({ schema: 1, name: 'acme/alice', state: 'ACTIVE', authorization: { status: 'connected' } });
    ({ consentedAt } = status as { consentedAt: string });
    const { sessionId, user } = (await here.keeper.session('acme/alice'))!;
    expect(user).toMatchObject({ kind: 'UserApiKey', id: bank.grants()[0]!.userApiKeyId, grantedBy: { id: sophie } });
    expect(bank.state().sessions.find(({ id }) => id === sessionId)).toMatchObject({ status: 'ACTIVE' });

    const called = await run('call', 'acme/alice', 'GET', '/user/{userId}/monetary-account');
    expect(called).toMatchObject({ code: 0 });
    const fetched = await here.keeper.fetch('acme/alice', '/user/{userId}/monetary-account');
    expect(JSON.parse(called.stdout)).toEqual(await fetched.json());
    expect(called.stdout).toContain('Sophie Mulder');
  }, 120_000);
});
