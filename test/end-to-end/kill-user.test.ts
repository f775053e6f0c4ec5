import { setTimeout as sleep } from 'node:timers/promises';
import { type FaultOptions, type Simulator, startSimulator } from '../../simulator/index.ts';
import { egressTaskQueue } from '../../workflows/names.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askToRenew, Consents, onboardProvider, PROVIDER, providerAt, untilStatus } from './support/consents.ts';
import { ASKED, startWorkerWithTrap } from './support/freeze.ts';
import { type ActivityRun, activityRuns, eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';

/**
 * The worker is killed by SIGKILL in the middle of each activity of an end user's connection, and another one goes on. What an end
 * user has granted is good once: where its code may have been sent they are asked again, and nothing else needs a person.
 */

const SETTINGS = { KEEPER_SETTLE: '12s', KEEPER_SESSION_GAP: '1s' };
/** A former session is closed after a minute, a tenth of what it has left; no session is renewed by itself meanwhile. */
const USER_SESSION_MS = 600_000;

const IN_FLIGHT = 'the request in flight';
const PERFORMED_LATE = 'the request in flight, which the bank performs seconds after';
const HELD_BACK = 'the effect done and the answer held back';
const RECEIVED = 'the answer received and the activity not yet completed';

type Moment = typeof IN_FLIGHT | typeof PERFORMED_LATE | typeof HELD_BACK | typeof RECEIVED;

const CONNECTING = 'for the first time';
/** Its session is renewed, or it grants access again. */
const CONNECTED = 'once more';

const EXCHANGE = 'exchangeAuthorizationCode';

const ENDPOINTS: Partial<Record<string, string>> = {
  openSession: 'POST /session-server',
  createDevice: 'POST /device-server',
  createInstallation: 'POST /installation',
  [EXCHANGE]: 'POST /token',
};

interface Kill {
  readonly when: typeof CONNECTING | typeof CONNECTED;
  readonly activity: string;
  readonly moment: Moment;
}

/** One bank, provider and environment each. The last step comes first: what a user goes on with is not taken for the next one's. */
const SCENES: readonly (readonly Kill[])[] = [
  kills(CONNECTING, IN_FLIGHT, Object.keys(ENDPOINTS)),
  [...kills(CONNECTING, HELD_BACK, Object.keys(ENDPOINTS)), ...kills(CONNECTING, PERFORMED_LATE, [EXCHANGE])],
  kills(CONNECTING, RECEIVED, ['openSession', 'createDevice', 'createInstallation', 'generateKeyPair', EXCHANGE]),
  kills(CONNECTED, HELD_BACK, ['openSession', EXCHANGE]),
  kills(CONNECTED, RECEIVED, ['openSession', EXCHANGE]),
];

function kills(when: Kill['when'], moment: Moment, activities: readonly string[]): Kill[] {
  return activities.map((activity) => ({ when, activity, moment }));
}

/** Each holds the call at the bank; the first for ever, as its client is gone. */
const FAULTS: Record<Exclude<Moment, typeof RECEIVED>, Omit<FaultOptions, 'endpoint'>> = {
  [IN_FLIGHT]: { kind: 'hold' },
  [PERFORMED_LATE]: { kind: 'hold', effectAfterDisconnect: true, holdMs: 6000 },
  [HELD_BACK]: { kind: 'hold-answer' },
};

let temporal: TestTemporal;
let outcomes: Map<readonly Kill[], Promise<Outcome>>;
let untaken: ReturnType<typeof killBeforeItIsTaken>;
let frozen: ReturnType<typeof freezeInExchange>;
const banks: Simulator[] = [];

beforeAll(async () => {
  temporal = await temporalServer({ registered: true });
  outcomes = inTurns(SCENES, SCENES.length, killAndGoOn);
  untaken = killBeforeItIsTaken();
  frozen = freezeInExchange();
  for (const later of [untaken, frozen]) later.catch(() => {});
});
afterAll(() => Promise.all(banks.map((bank) => bank.close())));

interface UserOutcome {
  /** The activity was lost with its worker: else the kill has missed. */
  readonly isHit: boolean;
  /** Why the code brought nothing; null where nobody had to be asked again. */
  readonly askedAgainFor: string | null;
  readonly grants: { readonly inUse: number; readonly unused: number; readonly isServed: boolean };
}

interface Outcome {
  readonly users: Map<Kill, UserOutcome>;
  readonly codes: number;
  readonly exchanges: number;
  readonly provider: { readonly before: unknown; readonly after: unknown };
}

async function newScene(): Promise<{ bank: Simulator; here: Scene; consents: Consents }> {
  const bank = await startSimulator({ rateLimits: false, userSessionLifetimeMs: USER_SESSION_MS });
  banks.push(bank);
  const here = scene(temporal, bank, SETTINGS);
  return { bank, here, consents: new Consents(here, bank) };
}

/** One user for each kill; those that were hit go on while the next worker is killed. */
async function killAndGoOn(all: readonly Kill[]): Promise<Outcome> {
  const { bank, here, consents } = await newScene();
  const user = (kill: Kill) => `user-${all.indexOf(kill)}`;
  const first = await here.startWorker();
  await onboardProvider(here, bank);
  const before = await providerAt(here, bank);
  for (const kill of all) if (kill.when === CONNECTED) await consents.connect(user(kill));
  await first.kill();
  for (const kill of all) await killIn(kill, user(kill), { bank, here, consents });
  const last = await here.startWorker();
  const ends = await Promise.all(all.map((kill) => endOf(here, consents, kill, user(kill))));
  const grants = () => Promise.all(all.map((kill) => consents.grantsOf(user(kill))));
  const areSettled = async () => (await grants()).every(({ inUse, isServed }) => inUse === 1 && isServed);
  await until('each is served on one grant', areSettled, { everyMs: 1000, seen: grants });
  const after = await providerAt(here, bank);
  const granted = await grants();
  await last.kill();
  const { codes, exchanges } = consents;
  const users = new Map(all.map((kill, index) => [kill, { ...ends[index]!, grants: granted[index]! }]));
  return { users, codes, exchanges, provider: { before, after } };
}

async function killIn({ when, activity, moment }: Kill, user: string, { bank, here, consents }: Awaited<ReturnType<typeof newScene>>) {
  const proxy = await TemporalProxy.start(temporal.address);
  const worker = await here.startWorker({ TEMPORAL_ADDRESS: proxy.address });
  const isRenewal = when === CONNECTED && activity !== EXCHANGE;
  const redirect = isRenewal ? null : await consents.consent(user);
  const isAtIt =
    moment === RECEIVED
      ? holdCompletion(proxy, activity, user)
      : holdAtTheBank(bank, { endpoint: ENDPOINTS[activity]!, ...FAULTS[moment] });
  if (redirect) consents.bring(redirect);
  else await askToRenew(here, `${PROVIDER}/${user}`);
  await until(`${activity} is at the moment to be killed: ${moment}`, isAtIt, {
    everyMs: 20,
    seen: () => worker.stderr.slice(-2000),
  });
  await worker.kill();
}

function holdAtTheBank(bank: Simulator, fault: FaultOptions): () => boolean {
  const { id } = bank.fault(fault);
  return () => bank.faults().some((fault) => fault.id === id && fault.held === 1);
}

/** Its name and its workflow's stand in the task token; another user's session may come to its renewal meanwhile. */
function holdCompletion(proxy: TemporalProxy, activity: string, user: string): () => boolean {
  const isOf = (message: Buffer) => message.includes(activity) && message.includes(`.${PROVIDER}.${user}`);
  proxy.holds = ({ method, message }) => method === 'RespondActivityTaskCompleted' && isOf(message);
  return () => proxy.held.length > 0;
}

/** Whom the code brought nothing is asked again, once it is told. */
async function endOf(here: Scene, consents: Consents, { when, activity }: Kill, user: string): Promise<Omit<UserOutcome, 'grants'>> {
  let askedAgainFor: string | null = null;
  if (activity === EXCHANGE) {
    const { state, lastError } = await consents.untilFailed(user);
    expect(state).toMatch(when === CONNECTING ? 'AWAITING_AUTHORIZATION' : /^(ACTIVE|RENEWING)$/); // the latter with its former session
    askedAgainFor = lastError?.code ?? null;
    await consents.connect(user);
  } else await consents.untilActive(user);
  const isHit = (await runsOf(here, user)).some((run) => run.activity === activity && isLost(run));
  return { isHit, askedAgainFor };
}

const runsOf = async ({ keeper, environment }: Scene, user: string) =>
  activityRuns(await eventsOf(keeper.client, `user.${environment}.${PROVIDER}.${user}`));

const isLost = ({ attempts, end }: ActivityRun) => attempts > 1 || end === 'TimedOut';

/** The exchange is scheduled, and no worker has taken it: it surely was not sent. */
async function killBeforeItIsTaken() {
  const { bank, here, consents } = await newScene();
  const first = await here.startWorker();
  await onboardProvider(here, bank);
  const redirect = await consents.consent('alice');
  await untilStatus(here.keeper, `${PROVIDER}/alice`, ({ state }) => state === 'AWAITING_AUTHORIZATION');
  await first.kill();
  const proxy = await TemporalProxy.start(temporal.address);
  const calls = egressTaskQueue(here.environment, 'default');
  proxy.holds = ({ method, message }) => method === 'PollActivityTaskQueue' && message.includes(calls);
  const second = await here.startWorker({ TEMPORAL_ADDRESS: proxy.address });
  consents.bring(redirect);
  await until('the exchange is scheduled', async () => (await runsOf(here, 'alice')).some(isExchange));
  await second.kill();
  const third = await here.startWorker();
  await consents.untilActive('alice');
  const runs = (await runsOf(here, 'alice')).filter(isExchange);
  const grants = await consents.grantsOf('alice');
  await third.kill();
  return { runs, exchanges: consents.exchanges, grants };
}

const isExchange = ({ activity }: ActivityRun) => activity === EXCHANGE;

/** One of two workers is stopped right before the code leaves it, for longer than Temporal waits for it. */
async function freezeInExchange() {
  const { bank, here, consents } = await newScene();
  const frozen: KeeperProcess[] = [];
  const trap = { activity: EXCHANGE, when: ASKED } as const;
  const workers = await Promise.all([1, 2].map(() => startWorkerWithTrap(here, trap, frozen)));
  await onboardProvider(here, bank);
  consents.bring(await consents.consent('alice'));
  const log = () => workers.map(({ stderr }) => stderr.slice(-2000)).join('\n');
  const sleeper = await until('a worker is frozen', () => frozen[0], { everyMs: 20, seen: log });
  await sleep(12_000);
  const status = await consents.untilFailed('alice');
  sleeper.signal('SIGCONT');
  await until('it has woken up and not sent', () => /NOT_SENT|BUNQ_UNREACHABLE/.test(sleeper.stderr), { seen: log });
  const exchangesOfTheFirst = consents.exchanges;
  await consents.connect('alice');
  const { exchanges } = consents;
  const grants = await consents.grantsOf('alice');
  for (const worker of workers) await worker.kill();
  return { status, exchangesOfTheFirst, exchanges, grants };
}

/** What a lost exchange leaves at the bank, beside what was granted before. */
const unusedGrants = ({ when, activity, moment }: Kill) =>
  activity === EXCHANGE ? (moment === IN_FLIGHT ? 0 : 1) + (when === CONNECTED ? 1 : 0) : 0;

describe('an end user is ACTIVE, on one grant, after the worker was killed in', () => {
  const titled = SCENES.flatMap((all) =>
    all.map((kill) => {
      const then = kill.activity === EXCHANGE ? 'when access was granted anew' : 'without another consent';
      return [`${kill.activity} ${kill.when}, ${kill.moment}: ${then}`, kill, all] as const;
    }),
  );
  test.each(titled)('%s', async (_title, kill, all) => {
    expect((await outcomes.get(all)!).users.get(kill)).toEqual({
      isHit: true,
      askedAgainFor: kill.activity === EXCHANGE ? 'ACTIVITY_TIMED_OUT' : null,
      grants: { inUse: 1, unused: unusedGrants(kill), isServed: true },
    });
  });
});

test('in all of these each code was sent once, and the provider is as it was', async () => {
  for (const outcome of outcomes.values()) {
    const { codes, exchanges, provider } = await outcome;
    expect(exchanges).toBe(codes);
    expect(provider.before).toMatchObject({ state: 'ACTIVE', sessionId: expect.any(Number) });
    expect(provider.after).toEqual(provider.before);
  }
});

test('a code whose exchange no worker had taken is exchanged by the next one', async () => {
  const { runs, exchanges, grants } = await untaken;
  expect(runs).toEqual([{ activity: EXCHANGE, attempts: 1, end: 'Completed' }]);
  expect(exchanges).toBe(1);
  expect(grants).toEqual({ inUse: 1, unused: 0, isServed: true });
});

test('a worker frozen for 12 s right before it sends a code does not send it, and nor does another', async () => {
  const { status, exchangesOfTheFirst, exchanges, grants } = await frozen;
  expect(status).toMatchObject({ state: 'AWAITING_AUTHORIZATION', lastError: { code: 'ACTIVITY_TIMED_OUT' } });
  expect([exchangesOfTheFirst, exchanges]).toEqual([0, 1]);
  expect(grants).toEqual({ inUse: 1, unused: 0, isServed: true });
});
