import type { Simulator } from '../../simulator/index.ts';
import { documented } from '../support/documented-json.ts';
import { until } from '../support/until.ts';
import { connectPerson, onboardProvider } from './support/consents.ts';
import { inTurns } from './support/in-turns.ts';
import { sceneForMany } from './support/many-users.ts';
import type { Scene } from './support/scene.ts';

/** Sixty end users of one provider: chosen by what their search attributes say, and all renewed by one command. */

const USERS = Array.from({ length: 60 }, (_, index) => `user-${index}`);
const ALL = ['acme', ...USERS.map((user) => `acme/${user}`)];
const AT_A_TIME = 6;

let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  ({ bank, here } = await sceneForMany({ KEEPER_USER_INSTALLATION: 'provider' }));
  await onboardProvider(here, bank);
  await Promise.all(inTurns(USERS, AT_A_TIME, (user) => connectPerson(here, bank, user)).values());
  await untilActive(ALL);
});
afterAll(() => bank.close());

/** As lists say it. */
const untilActive = (names: readonly string[]) =>
  until(
    `${names.length} are ACTIVE`,
    async () => {
      const active = new Set((await here.keeper.list({ state: 'ACTIVE' })).map(({ name }) => name));
      return names.every((name) => active.has(name));
    },
    { everyMs: 500 },
  );

const namesIn = async (filter: Parameters<Scene['keeper']['list']>[0]) => (await here.keeper.list(filter)).map(({ name }) => name);

/** When each session was opened. */
const opened = async () => new Map((await here.keeper.list()).map(({ name, session }) => [name, session!.openedAt]));

test('connections are chosen by state, egress, provider, and by when their sessions end or are renewed', async () => {
  const inHours = (hours: number) => new Date(Date.now() + hours * 60 * 60_000);
  expect((await namesIn({})).sort()).toEqual([...ALL].sort());
  expect(await namesIn({ state: ['ACTIVE', 'LAPSED'], egress: 'default', provider: 'acme' })).toHaveLength(ALL.length);
  expect(await namesIn({ state: ['LAPSED', 'RENEWING'] })).toEqual([]);
  expect(await namesIn({ egress: 'elsewhere' })).toEqual([]);
  expect(await namesIn({ provider: 'acm' })).toEqual([]);
  expect(await namesIn({ expiresBefore: inHours(2) })).toEqual(['acme']); // a provider's first session lasts an hour
  expect(await namesIn({ renewBefore: inHours(2) })).toEqual(['acme']);
  expect(await namesIn({ renewBefore: inHours(7 * 24) })).toHaveLength(ALL.length);
  expect(await namesIn({ action: true })).toEqual([]);
});

test('renew --all renews each once, tells how far it is, and the bank refuses none', async () => {
  const before = await opened();
  const sessions = bank.state().sessions.length;
  bank.resetRequests();
  const { code, stdout, stderr } = await here.run('renew', '--all', '--state', 'ACTIVE', '--json');
  const printed = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  const [summary, ...statuses] = printed.reverse();
  expect(documented('mass-renewal', summary)).toEqual({
    ...{ schema: 1, connections: ALL.length, renewed: ALL.length },
    ...{ waiting: 0, unasked: 0, closed: 0, waitForPerson: [], failed: [] },
  });
  expect(code).toBe(0);
  for (const status of statuses) expect(documented('status', status)).toEqual(status);
  expect(statuses.map(({ name }) => name).sort()).toEqual([...ALL].sort());
  expect(stderr).toMatch(/^61 connections to renew, in \d+\.\d minutes at least: .+ \(egress default: 61, .+\)\.$/m);
  expect(stderr).toMatch(/^asked 61 of 61, 61 renewed, 0 waiting for a slot; 0\.0 minutes to go$/m);
  const after = await until('each session is another', async () => {
    const now = await opened();
    return ALL.every((name) => now.get(name) !== before.get(name)) ? now : null;
  });
  expect(after.size).toBe(ALL.length);
  expect(bank.state().sessions.length).toBe(sessions + ALL.length);
  expect(bank.requests().filter(({ status }) => status !== 200)).toEqual([]);
});

test('Ctrl-C leaves what was asked to go on, and asks no more', async () => {
  const before = await opened();
  const sessions = bank.state().sessions.length;
  const running = here.start('renew', '--all', '--provider', 'acme');
  await until('some are renewed', () => bank.state().sessions.length > sessions);
  running.signal('SIGINT');
  const { code, stderr } = await running.ended();
  expect(code).toBe(130);
  const [, asked, unasked] = /(\d+) of 61 were asked: .+ go on without this command\. (\d+) were not asked\./.exec(stderr)!.map(Number);
  expect(asked! + unasked!).toBe(ALL.length);
  await until('those that were asked are renewed', async () => {
    const now = await opened();
    return ALL.filter((name) => now.get(name) !== before.get(name)).length >= asked!;
  });
  await untilActive(ALL);
});
