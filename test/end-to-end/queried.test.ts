import { readFileSync } from 'node:fs';
import { Worker } from '@temporalio/worker';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { sinksOf } from '../../worker/events.ts';
import { sessionGateWorkflowId } from '../../workflows/names.ts';
import { currentBuild } from '../support/build.ts';
import { quietRuntime, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { connectPerson, PROVIDER } from './support/consents.ts';
import { inTurns } from './support/in-turns.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/**
 * Whatever workflows are doing while they are queried, they can be gone on with by another worker: a query that a workflow task has to
 * answer may end that task early, and what then comes with the next one must come in the same order when the history is replayed.
 */

quietRuntime();

const USERS = Array.from({ length: 8 }, (_, index) => `user-${index}`);
const ALL = [PROVIDER, ...USERS.map((user) => `${PROVIDER}/${user}`)];
const GAP_MS = 100;
/** Of each workflow, at any time. */
const QUERIES_AT_ONCE = 2;

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([
    temporalServer({ registered: true }),
    startSimulator({ callRateLimits: false, sessionGapMs: GAP_MS }),
  ]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS}ms`, KEEPER_CALL_LIMITS: 'off' });
  await here.startWorker();
  await here.keeper.onboard(PROVIDER, await onboardingOf('provider', bank, ['https://acme.example/callback']));
});
afterAll(() => bank?.close());

const idOf = (name: string) => `${name.includes('/') ? 'user' : 'provider'}.${here.environment}.${name.replace('/', '.')}`;

async function queryUntil(over: AbortSignal, workflowId: string, query: string): Promise<void> {
  while (!over.aborted)
    await temporal.client.workflow
      .getHandle(workflowId)
      .query(query)
      .catch(() => {}); // there is none yet
}

test('connections and their gate are queried all the time while they are made and renewed: their histories replay', async () => {
  const over = new AbortController();
  const gate = sessionGateWorkflowId(here.environment, 'default');
  const queried = [...ALL.map((name) => [idOf(name), 'session'] as const), [gate, 'slots'] as const];
  const querying = Array.from({ length: QUERIES_AT_ONCE }, () => queried.map(([id, query]) => queryUntil(over.signal, id, query))).flat();
  const isActive = async (name: string) => (await here.keeper.status(name)).state === 'ACTIVE';
  try {
    await until('the provider is ACTIVE', () => isActive(PROVIDER));
    await Promise.all(inTurns(USERS, 4, (user) => connectPerson(here, bank, user)).values());
    await until('all are ACTIVE', async () => (await Promise.all(ALL.map(isActive))).every((is) => is));
    const opened = bank.state().sessions.length;
    await Promise.all(ALL.map((name) => until('it is asked to renew', () => here.keeper.renew(name).then(() => true))));
    await until('all are renewed', () => bank.state().sessions.length >= opened + ALL.length);
  } finally {
    over.abort();
    await Promise.all(querying);
  }
  const workflowBundle = { code: readFileSync(currentBuild().workflowBundle, 'utf8') };
  for (const [id] of queried) {
    const history = await temporal.client.workflow.getHandle(id).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle, sinks: sinksOf() }, history);
  }
});
