import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { documented } from '../support/documented-json.ts';
import { type Ended, keeper } from '../support/process.ts';
import { temporalServer } from '../support/temporal.ts';
import { untilActive } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** What an address holds is known before it is too much: the connection that would overdraw it is refused, and nothing else is. */

const CALLBACK = 'https://acme.example/callback';
const HOUR_MS = 60 * 60_000;
/** Of sessions of an hour, that are renewed at half of it, an address holds two if it opens one every 10 min and 20 s. */
const SLOW = '10m';
const USERS = ['one', 'two'];

let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  const [temporal, simulator] = await Promise.all([
    temporalServer(),
    startSimulator({ rateLimits: false, userSessionLifetimeMs: HOUR_MS }),
  ]);
  bank = simulator;
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  await here.startWorker();
  await here.keeper.onboard('acme', await onboardingOf('provider', bank, [CALLBACK]));
  for (const name of USERS) await here.keeper.onboard(name, await onboardingOf('sandbox user', bank, []));
  await Promise.all(['acme', ...USERS].map(isActive));
});
afterAll(() => bank.close());

const isActive = (name: string) => untilActive(here, name);

/** As a client runs whose workers keep that gap. */
const runAt = (gap: string, line: string): Promise<Ended> => keeper(line.split(' '), { env: { ...here.env, KEEPER_SESSION_GAP: gap } });

test('what is in use is counted for each egress, by the lifetimes that the sessions have', async () => {
  const { code, stdout, stderr } = await runAt(SLOW, 'capacity --json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringMatching(/plan for less than half/) });
  const printed = JSON.parse(stdout);
  expect(documented('capacity', printed)).toEqual(printed);
  expect(printed).toMatchObject({ egress: 'default', connections: 3, users: 0, slotSeconds: 620, fits: true, addedPerWeek: null });
  expect(printed.load).toBeCloseTo((2 * 620) / 1800 + 620 / (60 * 24 * 3600), 5);
});

test('another egress has an address of its own', async () => {
  const { stdout } = await keeper(['capacity'], { env: { ...here.env, KEEPER_EGRESS: 'second' } });
  expect(stdout).toMatch(/^egress +default$[\s\S]+^today +3 connections[\s\S]+^egress +second$[\s\S]+^today +0 connections/m);
});

test('a connection that fits is made, and the one that overdraws the address is refused with the numbers', async () => {
  expect(await runAt(SLOW, 'onboard three --sandbox-user --timeout 1m')).toMatchObject({ code: 0 });
  for (const line of ['onboard four --sandbox-user', `connect-user acme alice --redirect-url ${CALLBACK} --no-wait`]) {
    const { code, stdout, stderr } = await runAt(SLOW, line);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(
      /^(four|acme\/alice) does not fit: nothing was done\. With it, the 5 connections of egress default would take 10\d\.\d %/m,
    );
    expect(stderr).toMatch(/At 620 s a slot it holds 650 sessions of a week.+KEEPER_EGRESS/s);
  }
  expect((await here.keeper.list()).map(({ name }) => name)).toEqual(['acme', 'one', 'three', 'two']);
  expect(await runAt(SLOW, 'capacity')).toMatchObject({ code: 1, stderr: expect.stringMatching(/^Egress default does not keep up/m) });
});

test('what is there already is not refused, whatever the address holds', async () => {
  expect(await runAt(SLOW, 'onboard three --sandbox-user')).toMatchObject({ code: 0 });
  expect(await runAt('1s', `connect-user acme alice --redirect-url ${CALLBACK} --no-wait`)).toMatchObject({ code: 0 });
  expect(await runAt(SLOW, `connect-user acme alice --redirect-url ${CALLBACK} --no-wait`)).toMatchObject({ code: 0 });
});
