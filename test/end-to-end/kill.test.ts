import { type FaultOptions, type Simulator, type SimulatorState, startSimulator } from '../../simulator/index.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { type Aftermath, aftermathAt, oneOfEach } from './support/aftermath.ts';
import { activityRuns, eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';
import { onboardingOf, type Who } from './support/who.ts';

/**
 * The worker is killed by SIGKILL in the middle of every step, at each moment at which that could matter, and another one
 * goes on. Each connection has a bank, a worker and an environment of its own; the bank's rules are all on but one: it lets a
 * second OAuth client through, so that one that is sent twice is seen.
 */

const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
const NAME = 'acme';
/** Longer than all time-outs of a bank call, and shorter than the default of a minute. */
const SETTLE = { KEEPER_SETTLE: '12s' };
/** Two cores have enough to do with these. */
const AT_A_TIME = 8;

const IN_FLIGHT = 'the request in flight';
const PERFORMED_LATE = 'the request in flight, which the bank performs seconds after';
const HELD_BACK = 'the effect done and the answer held back';
const RECEIVED = 'the answer received and the activity not yet completed';

type Moment = typeof IN_FLIGHT | typeof PERFORMED_LATE | typeof HELD_BACK | typeof RECEIVED;

interface Kill {
  readonly who: Who;
  readonly activity: string;
  /** Of its bank call; an activity without one has no such moments. */
  readonly endpoint?: string;
  readonly moment: Moment;
  /** What the lost answer may leave unused at the bank. */
  readonly leaves?: keyof Pick<Aftermath, 'installations' | 'apiKeys' | 'sessions'>;
}

/** Each holds the call at the bank; the first for ever, as its client is gone. */
const FAULTS: Record<Exclude<Moment, typeof RECEIVED>, Omit<FaultOptions, 'endpoint'>> = {
  [IN_FLIGHT]: { kind: 'hold' },
  [PERFORMED_LATE]: { kind: 'hold', effectAfterDisconnect: true, holdMs: 6000 },
  [HELD_BACK]: { kind: 'hold-answer' },
};

const OAUTH_CLIENT = '/user/{userID}/oauth-client';
const CALLBACK_URL = `${OAUTH_CLIENT}/{oauth-clientID}/callback-url`;

type Call = Omit<Kill, 'moment'>;

/** Every bank call that changes something, or ends a step. */
const CALLS: readonly Call[] = [
  { who: 'provider', activity: 'createInstallation', endpoint: 'POST /installation', leaves: 'installations' },
  { who: 'provider', activity: 'createCredential', endpoint: 'POST /payment-service-provider-credential', leaves: 'apiKeys' },
  { who: 'provider', activity: 'createDevice', endpoint: 'POST /device-server' },
  { who: 'provider', activity: 'openSession', endpoint: 'POST /session-server', leaves: 'sessions' },
  { who: 'provider', activity: 'createOAuthClient', endpoint: `POST ${OAUTH_CLIENT}` },
  { who: 'provider', activity: 'createCallbackUrl', endpoint: `POST ${CALLBACK_URL}` },
  { who: 'provider', activity: 'readOAuthClient', endpoint: `GET ${OAUTH_CLIENT}/{itemId}` },
  { who: 'api-key user', activity: 'createDevice', endpoint: 'POST /device-server' },
  { who: 'sandbox user', activity: 'createSandboxUser', endpoint: 'POST /sandbox-user-person', leaves: 'apiKeys' },
];

/** What calls no bank, or only reads on the way: its result can be lost, and no more. */
const WITHOUT_EFFECT: readonly Kill[] = ['generateKeyPair', 'signQseal', 'readUser', 'findOAuthClients', 'listCallbackUrls'].map(
  (activity) => ({
    who: 'provider',
    activity,
    moment: RECEIVED,
  }),
);

const MAY_NEVER_BE_TWO = new Set(['createOAuthClient', 'createCallbackUrl']);

const KILLS: readonly Kill[] = [
  ...CALLS.flatMap((call) => ([IN_FLIGHT, HELD_BACK, RECEIVED] as const).map((moment) => ({ ...call, moment }))),
  ...CALLS.filter(({ activity }) => MAY_NEVER_BE_TWO.has(activity)).map((call) => ({ ...call, moment: PERFORMED_LATE }) as const),
  ...WITHOUT_EFFECT,
];

let temporal: TestTemporal;
let outcomes: Map<Kill, Promise<Outcome>>;
const banks: Simulator[] = [];

interface Outcome {
  readonly attempts: string[];
  readonly bank: SimulatorState;
  readonly sessionId: number;
}

beforeAll(async () => {
  temporal = await temporalServer({ registered: true });
  outcomes = inTurns(KILLS, AT_A_TIME, killAndGoOn);
});
afterAll(() => Promise.all(banks.map((bank) => bank.close())));

async function killAndGoOn({ who, activity, endpoint, moment }: Kill): Promise<Outcome> {
  const bank = await startSimulator({ allowSecondOAuthClient: true });
  banks.push(bank);
  const here = scene(temporal, bank, SETTLE);
  const options = await onboardingOf(who, bank, CALLBACKS);
  if (activity === 'readUser') bank.fault({ endpoint: 'GET /user', kind: 'status' }); // it is proven by itself when the proof that rides along fails
  const isThere =
    moment === RECEIVED ? await holdCompletion(here, activity) : holdAtTheBank(bank, { endpoint: endpoint!, ...FAULTS[moment] });
  const worker = await here.startWorker(isThere.env);
  await here.keeper.onboard(NAME, options);
  await until(`${activity} is at the moment to be killed: ${moment}`, isThere.reached, {
    everyMs: 20,
    seen: () => worker.stderr.slice(-2000),
  });
  await worker.kill();
  const next = await here.startWorker();
  await until('the bank holds nothing more', () => bank.faults().every(({ held }) => held === 0));
  await untilActive(here, () => next.stderr.slice(-2000));
  const outcome = await outcomeOf(here, bank.state(), activity);
  await next.kill();
  return outcome;
}

interface Trap {
  readonly env?: Readonly<Record<string, string>>;
  readonly reached: () => boolean;
}

function holdAtTheBank(bank: Simulator, fault: FaultOptions): Trap {
  const { id } = bank.fault(fault);
  return { reached: () => bank.faults().some((fault) => fault.id === id && fault.held === 1) };
}

/** The worker has the bank's answer, and Temporal never gets to hear of it. The activity's name stands in its task token. */
async function holdCompletion(here: Scene, activity: string): Promise<Trap> {
  const proxy = await TemporalProxy.start(here.env.TEMPORAL_ADDRESS!);
  proxy.holds = ({ method, message }) => method === 'RespondActivityTaskCompleted' && message.includes(activity);
  return { env: { TEMPORAL_ADDRESS: proxy.address }, reached: () => proxy.held.length > 0 };
}

async function untilActive({ keeper }: Scene, seen: () => unknown): Promise<void> {
  await until('it is ACTIVE', async () => (await keeper.status(NAME)).state === 'ACTIVE', { everyMs: 1000, seen });
}

async function outcomeOf({ keeper, environment }: Scene, bank: SimulatorState, activity: string): Promise<Outcome> {
  const runs = activityRuns(await eventsOf(keeper.client, `provider.${environment}.${NAME}`));
  const hit = runs.filter((run) => run.activity === activity && (run.attempts > 1 || run.end === 'TimedOut'));
  const session = await keeper.session(NAME);
  return { attempts: hit.map(({ attempts, end }) => `attempt ${attempts} ${end}`), bank, sessionId: session?.sessionId ?? 0 };
}

describe.each([...new Set(KILLS.map(({ who }) => who))])('a %s is ACTIVE with one of each after the worker was killed in', (who) => {
  const kills = KILLS.filter((kill) => kill.who === who).map((kill) => [`${kill.activity}, ${kill.moment}`, kill] as const);
  test.each(kills)('%s', async (_title, kill) => {
    const { attempts, bank, sessionId } = await outcomes.get(kill)!;
    expect(attempts).toEqual([expect.stringMatching(/^attempt [2-9]|TimedOut$/)]); // else the kill has missed
    const spare = kill.leaves && kill.moment !== IN_FLIGHT ? { [kill.leaves]: 1 } : {};
    expect(aftermathAt(bank, sessionId)).toEqual(oneOfEach(CALLBACKS, spare));
  });
});
