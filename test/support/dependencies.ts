import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { Dependencies } from '../../activities/dependencies.ts';
import { type Activities, createActivities } from '../../activities/index.ts';
import { systemClock } from '../../settings/clock.ts';
import { createGateClient } from '../../worker/gate-client.ts';
import { confirmAttempt, readAttempt } from '../../worker/temporal.ts';
import { sealingKeys, signers } from './credentials.ts';
import { openNeighbours } from './neighbours.ts';
import { SEARCH_ATTRIBUTES } from './temporal.ts';
import { receiver } from './webhook.ts';

/** What the workers of a test give their activities. */

export const IDENTITY = 'workers of the test';

const WITHOUT_BANK = ['readSurroundings', 'askForSlot', 'consultGate', 'reseal'];

/** They run on the worker of workflows. */
export const isWithoutBank = (name: string) => WITHOUT_BANK.includes(name);

export function activitiesWithoutBank(temporal: TestWorkflowEnvironment, environment: string): Partial<Activities> {
  const all = Object.entries(createActivities(dependencies(temporal, environment, NO_BANK)));
  return Object.fromEntries(all.filter(([name]) => isWithoutBank(name)));
}

const NO_BANK = {} as Dependencies['bank'];

export function dependencies(temporal: TestWorkflowEnvironment, environment: string, bank: Dependencies['bank']): Dependencies {
  const server = { connection: temporal.nativeConnection, namespace: 'default' };
  return {
    environment,
    bank,
    sealingKeys,
    clock: systemClock,
    signers,
    gate: createGateClient(server, environment, systemClock, openNeighbours(temporal)),
    confirmAttempt: confirmAttempt(server, IDENTITY, systemClock),
    readAttempt: readAttempt(server, systemClock),
    get webhook() {
      return receiver();
    },
    searchAttributes: async () => Object.keys(SEARCH_ATTRIBUTES), // the test server takes them and cannot list them
    settings: { egressAddress: null, sessionGapMs: 30_000, settleMs: 60_000 },
  };
}
