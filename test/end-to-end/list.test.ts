import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { ROOT } from '../support/build.ts';
import { cleanEnvironment } from '../support/process.ts';
import { SEARCH_ATTRIBUTES, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Scene, scene } from './support/scene.ts';

/** Listing, as far as Temporal alone is needed for it: connections that no worker has taken yet, and a namespace without our search attributes. */

/** More than a pipe holds, as JSON. */
const NAMES = Array.from({ length: 80 }, (_, index) => `mine-${index}`);
const INDEXED_VALUE_TYPE = { Keyword: 2, Int: 3, Datetime: 6 } as const;

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator()]);
  here = scene(temporal, bank);
  const elsewhere = scene(temporal, bank, { KEEPER_EGRESS: 'elsewhere' });
  const sandboxUser = { credential: { type: 'sandbox-user' as const }, callbackUrls: [], permittedIps: [] };
  for (const name of NAMES.slice(1)) await here.keeper.onboard(name, sandboxUser);
  await elsewhere.keeper.onboard(NAMES[0]!, sandboxUser);
  await until('all are listed', async () => (await here.keeper.list()).length === NAMES.length);
});
afterAll(() => bank.close());

const namesOf = (statuses: readonly { readonly name: string }[]) => statuses.map(({ name }) => name);

test('pages hold each connection once, and go on behind a page that somebody had before', async () => {
  const pages = [];
  for await (const page of here.keeper.pages({}, { pageSize: 17 })) pages.push(page);
  expect(pages.map(({ connections }) => connections.length)).toEqual([17, 17, 17, 17, 12]);
  expect(pages.flatMap(({ connections }) => namesOf(connections)).sort()).toEqual([...NAMES].sort());
  expect(namesOf(pages[0]!.connections)).toContain(NAMES[0]); // started last, so it comes first
  expect(pages.at(-1)!.next).toBeNull();
  const after = [];
  for await (const { connections } of here.keeper.pages({}, { after: pages[1]!.next! })) after.push(...namesOf(connections));
  expect(after.sort()).toEqual(
    pages
      .slice(2)
      .flatMap(({ connections }) => namesOf(connections))
      .sort(),
  );
});

/** No worker runs here, of either egress. */
const NOTHING_ELSE = expect.stringMatching(/^(No worker polls \S+\. Start one: .+\n)+$/);

const lines = (stdout: string) =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { name: string; next?: string });

test('list --limit says how to go on, and at the end that there is no more', async () => {
  const first = await here.run('list', '--limit', '75', '--json');
  expect(first).toMatchObject({ code: 0, stderr: expect.stringMatching(/^There are more\. The same again with: --after \S+$/m) });
  const { next } = lines(first.stdout).at(-1)!;
  expect(first.stderr).toContain(next);
  const last = await here.run('list', '--limit', '75', '--after', next!, '--json');
  expect(last).toMatchObject({ code: 0, stderr: NOTHING_ELSE });
  expect(lines(last.stdout).map((line) => line.next)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(namesOf([...lines(first.stdout), ...lines(last.stdout)]).sort()).toEqual([...NAMES].sort());
});

test('what is no token is refused', async () => {
  for (const token of ['', 'nonsense'])
    expect(await here.run('list', '--after', token)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringMatching(/take the whole token/),
    });
});

test('who has read enough ends it, without an error', async () => {
  const piped = 'set -o pipefail; "$0" scripts/keeper.mjs list --json | head -c 1';
  const env = { ...cleanEnvironment(), ...here.env };
  const { stdout, stderr } = await promisify(execFile)('bash', ['-c', piped, process.execPath], { cwd: ROOT, env }); // rejects unless it ends with 0
  expect({ stdout, stderr }).toEqual({ stdout: '{', stderr: NOTHING_ELSE });
});

/** The namespace has no attribute to choose by; then it has, and these connections are older. */
test.each(['without search attributes', 'with attributes that these connections are older than'])(
  'connections are chosen by what they have published, %s',
  async (when) => {
    if (when.startsWith('with ')) await register();
    const chosen = async (...options: string[]) => {
      const { code, stdout } = await here.run('list', '--json', ...options);
      expect(code).toBe(0);
      return stdout === '' ? [] : namesOf(lines(stdout));
    };
    expect(await chosen('--state', 'LAPSED', '--state', 'ONBOARDING', '--egress', 'default')).toHaveLength(NAMES.length - 1);
    expect(await chosen('--state', 'ONBOARDING', '--egress', 'elsewhere', '--limit', '5')).toEqual([NAMES[0]]);
    expect(await chosen('--egress', 'elsewhere', '--provider', 'mine-0')).toEqual([NAMES[0]]);
    expect(await chosen('--provider', 'mine-1')).toEqual(['mine-1']);
    expect(await chosen('--action')).toEqual([]);
    expect(await chosen('--expires-within', '3650d')).toEqual([]);
  },
);

async function register(): Promise<void> {
  const { connection, options } = temporal.client;
  const searchAttributes = Object.fromEntries(Object.entries(SEARCH_ATTRIBUTES).map(([name, type]) => [name, INDEXED_VALUE_TYPE[type]]));
  await connection.operatorService.addSearchAttributes({ namespace: options.namespace, searchAttributes });
  await until('they can be asked for', async () => (await temporal.client.workflow.count("KeeperState = 'ACTIVE'")).count === 0);
}
