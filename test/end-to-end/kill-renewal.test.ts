import { join } from 'node:path';
import type { FaultOptions } from '../../simulator/index.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { temporaryFolder } from '../support/at-end.ts';
import type { KeeperProcess } from '../support/process.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { aftermathAt, type Registration, registrationAt } from './support/aftermath.ts';
import { BankProcess } from './support/bank-process.ts';
import { activityRuns, eventsOf } from './support/history.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';
import { onboardingOf } from './support/who.ts';

/**
 * The worker, the bank or the Temporal server is killed by SIGKILL in the middle of each activity of a renewal. Each
 * connection has a bank, a worker and an environment of its own.
 */

const CALLBACKS = ['https://acme.example/callback', 'http://localhost:8080/return/'];
const NAME = 'acme';
const SETTINGS = { KEEPER_SETTLE: '12s', KEEPER_SESSION_GAP: '1s' };
/** Renewed by themselves after two minutes; a former session is closed after 24 s, a tenth of what it has left. */
const LIFETIME_MS = 240_000;
const BANK = { allowSecondOAuthClient: true, rateLimits: false, sessionLifetimeMs: LIFETIME_MS, firstSessionLifetimeMs: LIFETIME_MS };
/** Two cores have enough to do with these. */
const AT_A_TIME = 8;

const IN_FLIGHT = 'the request in flight';
const HELD_BACK = 'the effect done and the answer held back';
const RECEIVED = 'the answer received and the activity not yet completed';

type Moment = typeof IN_FLIGHT | typeof HELD_BACK | typeof RECEIVED;

interface Kill {
  readonly whom: 'worker' | 'bank' | 'Temporal server';
  readonly activity: keyof typeof ENDPOINTS;
  readonly moment: Moment;
}

const ENDPOINTS = {
  openSession: 'POST /session-server',
  readUser: 'GET /user',
  readOAuthClient: 'GET /user/{userID}/oauth-client/{itemId}',
  closeSession: 'DELETE /session/{itemId}',
} as const;

const ACTIVITIES = Object.keys(ENDPOINTS) as (keyof typeof ENDPOINTS)[];

const kills = (whom: Kill['whom'], moments: readonly Moment[]): Kill[] =>
  moments.flatMap((moment) => ACTIVITIES.map((activity) => ({ whom, activity, moment })));

const ONE_AFTER_ANOTHER = [...kills('worker', [IN_FLIGHT, HELD_BACK, RECEIVED]), ...kills('bank', [IN_FLIGHT, HELD_BACK])];
/** One server for all of them, killed once all are at their moment. */
const AT_ONCE = kills('Temporal server', [HELD_BACK]);

const FAULTS: Record<Exclude<Moment, typeof RECEIVED>, FaultOptions['kind']> = { [IN_FLIGHT]: 'hold', [HELD_BACK]: 'hold-answer' };

interface Outcome {
  readonly before: Registration;
  readonly after: Registration;
  readonly sessionsInUse: number;
  /** The kill did hit: the activity was lost, or the bank's answer was. */
  readonly isHit: boolean;
}

const outcomes = new Map<Kill, Promise<Outcome>>();

beforeAll(async () => {
  const temporal = await temporalServer({ registered: true });
  for (const [kill, outcome] of inTurns(ONE_AFTER_ANOTHER, AT_A_TIME, (kill) => killInRenewal(temporal, kill))) outcomes.set(kill, outcome);
  const another = killTemporal();
  for (const kill of AT_ONCE)
    outcomes.set(
      kill,
      another.then((all) => all.get(kill)!),
    );
  for (const outcome of outcomes.values()) outcome.catch(() => {});
});

/** A connection in its renewal, at the moment to be killed. */
interface Renewal {
  readonly here: Scene;
  readonly bank: BankProcess;
  readonly worker: KeeperProcess;
  readonly formerSessionId: number;
  readonly before: Registration;
}

async function renew(temporal: TestTemporal, { activity, moment }: Kill): Promise<Renewal> {
  const bank = await BankProcess.start('--state-file', join(temporaryFolder(), 'bank.json'));
  await bank.changeSettings(BANK);
  const here = scene(temporal, bank, SETTINGS);
  const proxy = await TemporalProxy.start(temporal.address);
  const worker = await here.startWorker(moment === RECEIVED ? { TEMPORAL_ADDRESS: proxy.address } : {});
  const log = () => worker.stderr.slice(-2000);
  await here.keeper.onboard(NAME, await onboardingOf('provider', bank, CALLBACKS));
  await until('it is ACTIVE', async () => (await here.keeper.status(NAME)).state === 'ACTIVE', { seen: log });
  const { sessionId: formerSessionId } = (await here.keeper.session(NAME))!;
  const before = registrationAt(await bank.state(), formerSessionId);
  if (activity === 'readUser' || activity === 'readOAuthClient') await bank.fault({ endpoint: ENDPOINTS[activity], kind: 'status' }); // each is done by itself when what rides along fails
  if (moment === RECEIVED) proxy.holds = ({ method, message }) => method === 'RespondActivityTaskCompleted' && message.includes(activity);
  else await bank.fault({ endpoint: ENDPOINTS[activity], kind: FAULTS[moment] });
  await here.keeper.renew(NAME);
  const isAtIt = async () => (moment === RECEIVED ? proxy.held.length > 0 : (await bank.faults()).some(({ held }) => held === 1));
  await until(`${activity} is at the moment to be killed: ${moment}`, isAtIt, { everyMs: 50, seen: log });
  return { here, bank, worker, formerSessionId, before };
}

async function killInRenewal(temporal: TestTemporal, kill: Kill): Promise<Outcome> {
  const renewal = await renew(temporal, kill);
  const { here, bank, worker } = renewal;
  const victim = kill.whom === 'bank' ? bank : worker;
  await victim.kill();
  if (kill.whom === 'worker') await here.startWorker();
  else {
    await bank.restart();
    await bank.changeSettings(BANK);
  }
  return outcomeOf(kill, renewal);
}

async function killTemporal(): Promise<Map<Kill, Outcome>> {
  const temporal = await temporalServer({ registered: true });
  const renewals = await Promise.all(AT_ONCE.map(async (kill) => [kill, await renew(temporal, kill)] as const));
  await temporal.kill();
  await temporal.restart();
  return new Map(await Promise.all(renewals.map(async ([kill, renewal]) => [kill, await outcomeOf(kill, renewal)] as const)));
}

/** Once the renewal is done, to the closing of the former session. */
async function outcomeOf({ whom, activity }: Kill, { here, bank, formerSessionId, before }: Renewal): Promise<Outcome> {
  const { keeper, environment } = here;
  const workflow = keeper.client.workflow.getHandle(`provider.${environment}.${NAME}`);
  const isRenewed = async () => {
    const { state, steps } = await keeper.status(NAME);
    const former = (await bank.state()).sessions.find(({ id }) => id === formerSessionId);
    const { retiring } = await workflow.query(stateQuery);
    const isDone = state === 'ACTIVE' && steps.every(({ status }) => status === 'done');
    return isDone && former?.status !== 'ACTIVE' && retiring.length === 0;
  };
  await until('it is ACTIVE on a new session, and the former one is closed', isRenewed, {
    everyMs: 1000,
    seen: () => keeper.status(NAME),
  });
  const { sessionId } = (await keeper.session(NAME))!;
  const runs = activityRuns(await eventsOf(keeper.client, workflow.workflowId));
  const unanswered = (await bank.requests()).filter(
    ({ endpoint, outcome }) => endpoint === ENDPOINTS[activity] && outcome === 'unanswered',
  );
  const after = await bank.state();
  return {
    before,
    after: registrationAt(after, sessionId),
    sessionsInUse: aftermathAt(after, sessionId).sessions.inUse,
    isHit: whom === 'bank' ? unanswered.length > 0 : runs.some((run) => run.activity === activity && run.end !== null && isLost(run)),
  };
}

const isLost = ({ attempts, end }: { attempts: number; end: string | null }) => attempts > 1 || end === 'TimedOut';

describe('a provider is ACTIVE on a new session, with its OAuth client, after a renewal in which was killed', () => {
  test.each([...ONE_AFTER_ANOTHER, ...AT_ONCE].map((kill) => [`the ${kill.whom} in ${kill.activity}, ${kill.moment}`, kill] as const))(
    '%s',
    async (_title, kill) => {
      const { before, after, sessionsInUse, isHit } = await outcomes.get(kill)!;
      expect({ ...after, sessionsInUse }).toEqual({ ...before, sessionsInUse: 1 });
      expect(before).toMatchObject({ oauthClients: [expect.any(Number)], callbackUrls: [...CALLBACKS].sort(), isSessionValid: true });
      if (kill.whom !== 'Temporal server') expect(isHit).toBe(true); // the answer may get through to a server that came back
    },
  );
});
