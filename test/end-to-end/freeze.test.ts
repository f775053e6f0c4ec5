import { setTimeout as sleep } from 'node:timers/promises';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Aftermath, aftermathAt, oneOfEach } from './support/aftermath.ts';
import { ASKED, HANDED_OUT, startWorkerWithTrap } from './support/freeze.ts';
import { activityRuns, eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/**
 * A worker is frozen by SIGSTOP right before a POST leaves, for longer than Temporal waits for it, while a second one runs;
 * then it goes on where it was. Each connection has a bank, two workers and an environment of its own.
 */

const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
const NAME = 'acme';
/** Longer than all time-outs of a bank call, and shorter than the default of a minute. */
const SETTLE = { KEEPER_SETTLE: '12s' };
/** Two cores have enough to do with these, two workers each. */
const AT_A_TIME = 8;

const POSTS = ['createInstallation', 'createCredential', 'createDevice', 'openSession', 'createOAuthClient', 'createCallbackUrl'] as const;

interface Freeze {
  readonly activity: (typeof POSTS)[number];
  readonly when: typeof ASKED | typeof HANDED_OUT;
  readonly seconds: 12 | 30;
}

const FREEZES: readonly Freeze[] = ([30, 12] as const).flatMap((seconds) =>
  ([ASKED, HANDED_OUT] as const).flatMap((when) => POSTS.map((activity) => ({ activity, when, seconds }))),
);

interface Outcome {
  /** Of the activity in which the worker was frozen. */
  readonly attempts: string[];
  readonly aftermath: Aftermath;
}

let temporal: TestTemporal;
let outcomes: Map<Freeze, Promise<Outcome>>;
const banks: Simulator[] = [];

beforeAll(async () => {
  temporal = await temporalServer({ registered: true });
  outcomes = inTurns(FREEZES, AT_A_TIME, freezeAndGoOn);
});
afterAll(() => Promise.all(banks.map((bank) => bank.close())));

async function freezeAndGoOn({ activity, when, seconds }: Freeze): Promise<Outcome> {
  const bank = await startSimulator({ allowSecondOAuthClient: true });
  banks.push(bank);
  const here = scene(temporal, bank, SETTLE);
  const frozen: KeeperProcess[] = [];
  const workers = await Promise.all([1, 2].map(() => startWorkerWithTrap(here, { activity, when }, frozen)));
  await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
  const log = () => workers.map(({ stderr }) => stderr.slice(-2000)).join('\n');
  const sleeper = await until(`a worker is frozen in ${activity}`, () => frozen[0], { everyMs: 20, seen: log });
  await sleep(seconds * 1000);
  sleeper.signal('SIGCONT');
  const hasNotSent = () => /NOT_SENT|BUNQ_UNREACHABLE/.test(sleeper.stderr) || hasDied(sleeper);
  await until('it has woken up and not sent', hasNotSent, { seen: log });
  await untilActive(here, log);
  const { sessionId } = (await here.keeper.session(NAME))!;
  const runs = activityRuns(await eventsOf(temporal.client, `provider.${here.environment}.${NAME}`));
  for (const worker of workers) await worker.kill();
  return {
    attempts: runs
      .filter((run) => run.activity === activity && (run.attempts > 1 || run.end !== 'Completed'))
      .map(({ attempts, end }) => `attempt ${attempts} ${end}`),
    aftermath: aftermathAt(bank.state(), sessionId),
  };
}

/**
 * Of having slept: one that is frozen in the midst of a workflow's code finds that this took longer than the 5 s that the SDK gives it, and
 * Node.js ends the process where it is to end such code (nodejs/node#38503).
 */
const hasDied = ({ running, stderr }: KeeperProcess) => !running && /async hook stack has become corrupted/.test(stderr);

async function untilActive({ keeper }: Scene, seen: () => unknown): Promise<void> {
  await until('it is ACTIVE', async () => (await keeper.status(NAME)).state === 'ACTIVE', { everyMs: 1000, seen });
}

describe.each(FREEZES)('$activity: a worker frozen for $seconds s when $when', (frozen) => {
  test('sends nothing when it goes on; the provider is ACTIVE with one of each', async () => {
    const { attempts, aftermath } = await outcomes.get(frozen)!;
    expect(attempts[0]).toMatch(/^attempt [2-9]|TimedOut$/); // else the freeze has missed
    expect(aftermath).toEqual(oneOfEach(CALLBACKS));
  });
});
