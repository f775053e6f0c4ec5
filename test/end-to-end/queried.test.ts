import { Worker } from '@temporalio/worker';
import type { Simulator } from '../../simulator/index.ts';
import { sinksOf } from '../../worker/events.ts';
import { connectionWorkflowId, sessionGateWorkflowId } from '../../workflows/names.ts';
import { builtWorkflows } from '../support/build.ts';
import { quietRuntime } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askToRenew, connectPerson, onboardProvider, PROVIDER, untilActive } from './support/consents.ts';
import { inTurns } from './support/in-turns.ts';
import { sceneForMany } from './support/many-users.ts';
import type { Scene } from './support/scene.ts';

/**
 * Whatever workflows are doing while they are queried, they can be gone on with by another worker: a query that a workflow task has to
 * answer may end that task early, and what then comes with the next one must come in the same order when the history is replayed.
 */

quietRuntime();

const USERS = Array.from({ length: 8 }, (_, index) => `user-${index}`);
const ALL = [PROVIDER, ...USERS.map((user) => `${PROVIDER}/${user}`)];
/** Of each workflow, at any time. */
const QUERIES_AT_ONCE = 2;

let bank: Simulator;
let here: Scene;

beforeAll(async () => {
  ({ bank, here } = await sceneForMany());
});
afterAll(() => bank?.close());

async function queryUntil(over: AbortSignal, workflowId: string, query: string): Promise<void> {
  while (!over.aborted)
    await here.keeper.client.workflow
      .getHandle(workflowId)
      .query(query)
      .catch(() => {}); // there is none yet
}

test('connections and their gate are queried all the time while they are made and renewed: their histories replay', async () => {
  const over = new AbortController();
  const gate = sessionGateWorkflowId(here.environment, 'default');
  const queried = [...ALL.map((name) => [connectionWorkflowId(here.environment, name), 'session'] as const), [gate, 'slots'] as const];
  const querying = Array.from({ length: QUERIES_AT_ONCE }, () => queried.map(([id, query]) => queryUntil(over.signal, id, query))).flat();
  try {
    await onboardProvider(here, bank);
    await Promise.all(inTurns(USERS, 4, (user) => connectPerson(here, bank, user)).values());
    await Promise.all(ALL.map((name) => untilActive(here, name)));
    const opened = bank.state().sessions.length;
    await Promise.all(ALL.map((name) => askToRenew(here, name)));
    await until('all are renewed', () => bank.state().sessions.length >= opened + ALL.length);
  } finally {
    over.abort();
    await Promise.all(querying);
  }
  const workflowBundle = builtWorkflows();
  for (const [id] of queried) {
    const history = await here.keeper.client.workflow.getHandle(id).fetchHistory();
    await Worker.runReplayHistory({ workflowBundle, sinks: sinksOf() }, history);
  }
});
