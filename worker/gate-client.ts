import { Client, QueryRejectCondition, WorkflowNotFoundError } from '@temporalio/client';
import type { GateClient } from '../activities/dependencies.ts';
import type { Clock } from '../bunq/bank.ts';
import { sessionGateWorkflowId, workflowTaskQueue } from '../workflows/names.ts';
import type { EgressView, SlotRequest } from '../workflows/slots.ts';
import { gathered } from './gathered.ts';
import type { TemporalServer } from './temporal.ts';

/** Running connections of an egress, as Temporal lists them; a few suffice. Throws when it does not. */
export type Neighbours = (egress: string, workflowId: string) => Promise<string[]>;

/** Under what is left of an activity's time after its bank call. */
const ANSWER_WITHIN_MS = 2000;

/** Every signal is a write to the gate's run: of hundreds a second the gate's own have to wait, and no slot is granted. */
const ASKS_APART_MS = 100;
/** 250 KB; Temporal takes 2 MB. */
const MOST_ASKS_TOGETHER = 1000;

/** The gates of an environment's egresses, asked by the worker's own connection to Temporal: workflows cannot start another one. */
export function createGateClient(
  { connection, namespace }: TemporalServer,
  environment: string,
  clock: Clock,
  neighbours: Neighbours,
): GateClient {
  // a closed gate still answers for the queue that it had
  const client = new Client({ connection, namespace, workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN } });
  const within = <Result>(call: () => Promise<Result>) => connection.withDeadline(clock.nowMs() + ANSWER_WITHIN_MS, call);
  const handleOf = (egress: string) => client.workflow.getHandle(sessionGateWorkflowId(environment, egress));

  const signal = async (egress: string, name: 'ask' | 'asks' | 'refused', argument: unknown): Promise<void> => {
    const replaces = await isKnown(() => handleOf(egress).describe());
    await client.workflow.signalWithStart('sessionGate', {
      workflowId: sessionGateWorkflowId(environment, egress),
      taskQueue: workflowTaskQueue(environment),
      args: [{ version: 2, environment, egress, replaces }],
      signal: name,
      signalArgs: [argument],
      staticSummary: `Sessions from egress ${egress} (${environment})`,
      staticDetails: `bunq allows one new session per 30 s from one address. Connections of egress **${egress}** ask here for a slot. It starts by itself.`,
    });
  };
  const askersOf = new Map<string, (request: SlotRequest) => Promise<void>>();
  const askerOf = (egress: string) => {
    const ask = (requests: readonly SlotRequest[]) =>
      within(() => (requests.length === 1 ? signal(egress, 'ask', requests[0]) : signal(egress, 'asks', requests)));
    const asker = askersOf.get(egress) ?? gathered(ask, { apartMs: ASKS_APART_MS, most: MOST_ASKS_TOGETHER, clock });
    askersOf.set(egress, asker);
    return asker;
  };
  return {
    ask: (egress, request) => askerOf(egress)(request),
    isQueued: (egress, request) => within(() => handleOf(egress).query<boolean, [SlotRequest]>('isQueued', request)).catch(() => false),
    giveBack: (egress, given) =>
      within(() => handleOf(egress).signal('giveBack', given)).then(
        () => true,
        () => false,
      ),
    consult: async (egress, workflowId) => {
      const view = () => within(() => handleOf(egress).query<EgressView, [string]>('egress', workflowId));
      const before = await view().catch(() => null); // there may be no gate
      const others = before?.others ? [] : await within(() => neighbours(egress, workflowId)).catch(() => null);
      await within(() => signal(egress, 'refused', { workflowId, ...(others && others.length > 0 && { others }) }));
      const after = await view();
      return others === null && after.others === 0 ? { ...after, others: null } : after;
    },
  };
}

/** Also a closed one: a gate that takes its place does not know who has a slot. */
async function isKnown(describe: () => Promise<unknown>): Promise<boolean> {
  try {
    await describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
