import type { UserLink } from '../../client/end-users.ts';
import type { KnownStatus } from '../../client/known-status.ts';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { decodedPayloads } from '../support/payloads.ts';
import type { Ended, KeeperProcess } from '../support/process.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askedBy } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** A provider's end users, from the link to the end, as a person does it; the bank's page is clicked without a browser. */

const CALLBACK = 'https://acme.example/callback';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let worker: KeeperProcess;
let sophie: number;
let daan: number;
/** What must be found nowhere. */
const states: string[] = [];
const told: string[] = [];

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  worker = await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  await untilState('acme', 'ACTIVE');
  [sophie, daan] = bank.endUsers().map(({ id }) => id) as [number, number];
});
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
    { seen: () => worker.stderr.slice(-1500) },
  );

async function run(...args: string[]): Promise<Ended> {
  const ended = await here.run(...args);
  told.push(ended.stderr);
  return ended;
}

/** What the end user's click comes to: the URL that the browser is sent to. */
function click({ authorizationUrl }: Pick<UserLink, 'authorizationUrl'>, how: { user?: number; deny?: boolean } = {}): string {
  const asked = askedBy(authorizationUrl);
  states.push(asked.state);
  return bank.authorize({ ...asked, ...how });
}

/** The command, as far as its link. */
async function startConnecting(user: string, ...more: string[]): Promise<{ running: KeeperProcess; link: UserLink }> {
  const running = here.start('connect-user', 'acme', user, '--json', ...more);
  const [line] = await running.waitForLine(/^\{"schema":1,"name".*"authorizationUrl".*\}$/);
  return { running, link: JSON.parse(line) as UserLink };
}

async function complete(user: string, redirect: string, ...more: string[]): Promise<Ended> {
  const ended = await here.runWith(`${redirect}\n`, 'complete-user', 'acme', user, '--redirect-url-file', '-', ...more);
  told.push(ended.stderr);
  return ended;
}

async function endOf(running: KeeperProcess): Promise<Ended> {
  const ended = await running.ended();
  told.push(ended.stderr);
  return ended;
}

/** By the library alone. */
async function connect(user: string, bankUser: number): Promise<KnownStatus> {
  await here.keeper.completeAuthorization(click(await here.keeper.connectUser('acme', user), { user: bankUser }));
  return untilState(`acme/${user}`, 'ACTIVE');
}

describe('an end user', () => {
  let consentedAt: string;
  let first: string;

  test('is connected by a link that is printed at once, and its accounts are read through call and fetch', async () => {
    const { running, link } = await startConnecting('alice');
    expect(link).toMatchObject({ schema: 1, name: 'acme/alice', expiresAt: expect.stringMatching(/^20/) });
    expect(await here.keeper.status('acme/alice')).toMatchObject({ state: 'AWAITING_AUTHORIZATION', authorization: { status: 'asked' } });
    expect(await run('call', 'acme/alice', 'GET', '/user')).toMatchObject({ code: 3, stderr: expect.stringContaining('has a link') });
    first = click(link, { user: sophie });
    const completed = await complete('alice', first, '--json');
    expect(completed).toMatchObject({ code: 0, stderr: expect.stringContaining('✔ the end user granted access') });
    expect(lines(completed)).toMatchObject([{ schema: 1, name: 'acme/alice', outcome: 'connected' }, { state: 'ACTIVE' }]);
    const ended = await endOf(running);
    expect(ended).toMatchObject({ code: 0 });
    const [, status] = lines(ended);
    expect(status).toMatchObject({ schema: 1, name: 'acme/alice', state: 'ACTIVE', authorization: { status: 'connected' } });
    ({ consentedAt } = status as { consentedAt: string });

    const { sessionId, user } = (await here.keeper.session('acme/alice'))!;
    const [grant] = bank.grants();
    expect(user).toMatchObject({ kind: 'UserApiKey', id: grant!.userApiKeyId, grantedBy: { id: sophie } });
    expect(lines(await run('session', 'acme/alice', '--json'))).toMatchObject([{ sessionId, userId: grant!.userApiKeyId }]);
    const called = await run('call', 'acme/alice', 'GET', '/user/{userId}/monetary-account');
    expect(called).toMatchObject({ code: 0, stdout: expect.stringContaining('"status":"ACTIVE"') });
    const fetched = await here.keeper.fetch('acme/alice', '/user/{userId}/monetary-account');
    expect(JSON.parse(called.stdout)).toEqual(await fetched.json());
    expect(bank.requests().at(-1)).toMatchObject({ status: 200, path: `/v1/user/${grant!.userApiKeyId}/monetary-account` });
  });

  test('stands in list and status beside its provider, with the consent and without steps that it never has', async () => {
    const listed = await run('list', '--provider', 'acme', '--json');
    expect(lines(listed).map(({ name, state }) => [name, state])).toEqual([
      ['acme', 'ACTIVE'],
      ['acme/alice', 'ACTIVE'],
    ]);
    expect((await run('list', '--provider', 'other', '--json')).stdout).toBe('');
    const { stdout, stderr } = await run('status', 'acme/alice', '--quiet');
    expect(stdout).toContain(`consented at  ${consentedAt}`);
    expect(stdout).not.toMatch(/skipped|oauth-client/);
    expect(stderr).toBe('');
  });

  test('whose link comes back a second time is told so, and nothing is done', async () => {
    const requests = bank.requests().length;
    const again = await complete('alice', first, '--json');
    expect(again).toMatchObject({ code: 0, stderr: expect.stringContaining('used before, and nothing was done now; then: connected') });
    expect(lines(again)[0]).toMatchObject({ outcome: 'repeated', first: 'connected' });
    expect(bank.requests()).toHaveLength(requests);
  });

  test('whose consent is old is said so, with the command, and goes on', async () => {
    const env = { ...here.env, KEEPER_CONSENT_AGE: '1s' };
    const aged = scene(temporal, bank, env);
    const remark = /granted access 0 days ago.*bunq-keeper connect-user acme alice/;
    expect(await aged.run('status', 'acme/alice')).toMatchObject({ code: 0, stderr: expect.stringMatching(remark) });
    expect((await aged.run('list')).stdout).toMatch(remark);
  });

  test('grants access again in place: the same name, served all the while, with a new date', async () => {
    const before = (await here.keeper.session('acme/alice'))!;
    const { running, link } = await startConnecting('alice');
    const served = new Set<string>();
    const watch = async () => {
      while (running.running) served.add((await here.keeper.fetch('acme/alice', '/user')).status.toString());
    };
    const watching = watch();
    expect(await here.keeper.status('acme/alice')).toMatchObject({ state: 'ACTIVE', authorization: { status: 'asked' } });
    expect(running.running).toBe(true);
    await here.keeper.completeAuthorization(click(link, { user: sophie }), 'acme/alice');
    const ended = await endOf(running);
    await watching;
    expect([...served]).toEqual(['200']);
    const [, status] = lines(ended) as unknown as [unknown, KnownStatus];
    expect(ended.code).toBe(0);
    expect(status).toMatchObject({ name: 'acme/alice', state: 'ACTIVE' });
    expect(Date.parse(status.consentedAt!)).toBeGreaterThan(Date.parse(consentedAt));
    expect((await here.keeper.session('acme/alice'))!.sessionId).not.toBe(before.sessionId);
    consentedAt = status.consentedAt!;
  });

  test('is not replaced by another bank user under its name: the former goes on', async () => {
    const before = (await here.keeper.session('acme/alice'))!;
    const { running, link } = await startConnecting('alice');
    await here.keeper.completeAuthorization(click(link, { user: daan }));
    const ended = await endOf(running);
    expect(ended).toMatchObject({ code: 3, stderr: expect.stringContaining('granted by another bunq user') });
    expect(lines(ended)[1]).toMatchObject({ state: 'ACTION_REQUIRED', action: { code: 'DIFFERENT_USER' }, consentedAt });
    expect((await here.keeper.session('acme/alice'))!.sessionId).toBe(before.sessionId);
    expect((await here.keeper.fetch('acme/alice', '/user')).status).toBe(200);
    expect(await connect('alice', sophie)).toMatchObject({ action: null });
  });
});

describe('a link', () => {
  test('that the end user denies ends the command with one sentence, and waits for another', async () => {
    const { running, link } = await startConnecting('bob');
    const completed = await complete('bob', click(link, { deny: true }));
    const says = 'The end user of acme/bob denied access. Another link: bunq-keeper connect-user acme bob';
    expect(completed).toMatchObject({ code: 1, stdout: '', stderr: `${says}\n` });
    expect(await endOf(running)).toMatchObject({ code: 1, stderr: expect.stringContaining(says) });
    const { stdout } = await run('list', '--state', 'AWAITING_AUTHORIZATION');
    expect(stdout).toMatch(/acme\/bob .*denied access\. Another one: bunq-keeper connect-user acme bob/);
  });

  test('that has expired is good no more', async () => {
    const { running, link } = await startConnecting('bob', '--expires-in', '3s');
    expect(await endOf(running)).toMatchObject({ code: 1, stderr: expect.stringContaining('The link of acme/bob has expired.') });
    expect(await complete('bob', click(link))).toMatchObject({ code: 1, stderr: expect.stringContaining('has expired') });
  });

  test('with a state of somebody else is refused, and its code is not exchanged', async () => {
    const asked = () => bank.requests().filter(({ endpoint }) => endpoint === 'POST /token').length;
    const before = asked();
    const alices = click(await here.keeper.connectUser('acme', 'alice'));
    const forged = `${CALLBACK}?code=${'c'.repeat(64)}&state=${'s'.repeat(43)}.acme.bob`;
    for (const redirect of [alices, forged])
      expect(await complete('bob', redirect)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('nothing was done') });
    expect(asked()).toBe(before);
  });

  test('with a code that the bank does not take is used up', async () => {
    const { running, link } = await startConnecting('bob');
    const redirect = new URL(click(link));
    redirect.searchParams.set('code', 'f'.repeat(64));
    expect(await complete('bob', redirect.href)).toMatchObject({ code: 1, stderr: expect.stringContaining('gave no access token') });
    expect(await endOf(running)).toMatchObject({ code: 1 });
    expect(await run('status', 'acme/bob')).toMatchObject({ stderr: expect.stringContaining('bunq-keeper connect-user acme bob') });
  });

  test('is waited for no longer than --timeout, and is good after that', async () => {
    const { running, link } = await startConnecting('bob', '--timeout', '2s');
    expect(await endOf(running)).toMatchObject({ code: 4 });
    expect(await complete('bob', click(link, { user: daan }))).toMatchObject({ code: 0, stdout: expect.stringContaining('ACTIVE') });
  });
});

test('an access that is revoked at the bank is noticed when a call is refused, and its user is asked again', async () => {
  await connect('erin', sophie);
  const { user } = (await here.keeper.session('acme/erin'))!;
  bank.revokeGrant({ userApiKeyId: user.id });
  expect(await run('call', 'acme/erin', 'GET', '/user')).toMatchObject({ code: 1 });
  await untilState('acme/erin', 'REVOKED');
  const { stdout, stderr } = await run('status', 'acme/erin');
  expect(stdout).toMatch(/^revoked +since 20/m);
  expect(stderr).toContain('bunq-keeper connect-user acme erin');
  expect(await here.keeper.status('acme')).toMatchObject({ state: 'ACTIVE' });
  const again = await connect('erin', sophie);
  expect(again).toMatchObject({ recovered: { from: 'REVOKED' } });
  expect(again.revoked).toBeUndefined();
});

describe('disconnected', () => {
  test('and forgotten, an end user has left nothing in Temporal, and its sessions are closed', async () => {
    const { sessionId } = (await here.keeper.session('acme/bob'))!;
    const ended = await run('disconnect', 'acme/bob', '--forget', '--yes', '--json');
    expect(ended).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/only the end user can end that, in the bunq app[\s\S]*1 histories were deleted/),
    });
    expect(lines(ended)).toMatchObject([{ state: 'DISCONNECTED', leftOpen: [] }]);
    expect(bank.state().sessions.find(({ id }) => id === sessionId)).toMatchObject({ status: 'DELETED' });
    const { workflow } = temporal.client;
    await expect(workflow.getHandle(`user.${here.environment}.acme.bob`).describe()).rejects.toThrow(/not found/i);
    expect(await run('status', 'acme/bob')).toMatchObject({ code: 1, stderr: expect.stringContaining('There is no connection acme/bob') });
  });

  test('first and forgotten later, it is as well', async () => {
    expect(await run('disconnect', 'acme/erin', '--yes')).toMatchObject({ code: 0 });
    expect(await run('disconnect', 'acme/erin', '--yes', '--forget')).toMatchObject({ code: 0 });
    expect(await run('status', 'acme/erin')).toMatchObject({ code: 1 });
  });
});

test('no code, access token or state of a link is in what Temporal stores, in logs, or in what commands say', async () => {
  const ids = ['provider', 'user'].map((kind) => `${kind}.${here.environment}.acme`);
  const payloads = await decodedPayloads(temporal.client, [ids[0]!, `${ids[1]}.alice`]);
  const ofTheBank = bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value }));
  expect(new Set(bank.secrets().map(({ kind }) => kind))).toEqual(expect.objectContaining(new Set(['access-token', 'authorization-code'])));
  const ofTheLinks = states.map((state, index) => ({ label: `state ${index}`, value: state.split('.')[0]! }));
  expect(ofTheLinks.length).toBeGreaterThan(5);
  const output = { name: 'output', bytes: [worker.stdout, worker.stderr, ...told].join('\n') };
  const haystacks = [{ path: temporal.dbFile }, { path: temporal.logFile }, ...payloads, output];
  expect(searchForSecrets([...ofTheBank, ...ofTheLinks], haystacks)).toEqual([]);
});

test('a provider is disconnected without its end users, who are named and go on', async () => {
  const ended = await run('disconnect', 'acme', '--yes');
  expect(ended).toMatchObject({
    code: 0,
    stderr: expect.stringMatching(/acme has 1 end users, whose connections are not touched and go on: acme\/alice\./),
  });
  expect(await here.keeper.status('acme/alice')).toMatchObject({ state: 'ACTIVE' });
  expect((await here.keeper.fetch('acme/alice', '/user')).status).toBe(200);
  expect(await run('connect-user', 'acme', 'zoe')).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('acme was disconnected'),
  });
});
