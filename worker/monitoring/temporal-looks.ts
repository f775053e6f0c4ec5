import { Client, QueryRejectCondition, WorkflowNotFoundError } from '@temporalio/client';
import type { Clock } from '../../bunq/bank.ts';
import { listClosed, listConnections } from '../../client/connection-list.ts';
import { egressWorkers, lookAtPollers } from '../../client/pollers.ts';
import { sealingWorkers } from '../../client/sealing-key-use.ts';
import { sessionGateWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import type { Slots } from '../../workflows/slots.ts';
import type { TemporalServer } from '../temporal.ts';
import { LISTED_FIELDS } from './connections.ts';

/** What monitoring asks of Temporal, each within a time. */

const ANSWER_WITHIN_MS = 3000;
/** 20,000 connections are some 20 pages; five times this is what alerts believe. */
const LIST_WITHIN_MS = 240_000;

/** No workflow has this id: only the database can tell. */
const NO_WORKFLOW = 'bunq-keeper.is-the-database-there';

export type TemporalLooks = ReturnType<typeof temporalLooks>;

export function temporalLooks(
  { connection, namespace }: TemporalServer,
  environment: string,
  egress: string,
  { nowMs }: Pick<Clock, 'nowMs'>,
) {
  const client = new Client({ connection, namespace, workflow: { queryRejectCondition: QueryRejectCondition.NOT_OPEN } });
  const within = <Result>(ms: number, call: () => Promise<Result>) => connection.withDeadline(nowMs() + ms, call);
  return {
    /** Temporal says that it serves also while its database is down: this reads there. Throws when there is no answer. */
    async database(): Promise<void> {
      try {
        await within(ANSWER_WITHIN_MS, () => client.workflow.getHandle(NO_WORKFLOW).describe());
      } catch (error) {
        if (!(error instanceof WorkflowNotFoundError)) throw error;
      }
    },

    /** What lists are made of; it may be another database. */
    async visibility(): Promise<void> {
      await within(ANSWER_WITHIN_MS, () => client.workflow.count(`WorkflowId = '${NO_WORKFLOW}'`));
    },

    connections: () => within(LIST_WITHIN_MS, () => listConnections(client, environment, {}, LISTED_FIELDS)),

    /** Whose workflow was closed other than by `disconnect`. */
    closed: () => within(LIST_WITHIN_MS, () => listClosed(client, environment)),

    /** Null: nobody has asked it for a slot yet, or it was closed. */
    async gate(): Promise<Slots | null> {
      try {
        const handle = client.workflow.getHandle(sessionGateWorkflowId(environment, egress));
        return await within(ANSWER_WITHIN_MS, () => handle.query<Slots>('slots'));
      } catch (error) {
        if (error instanceof WorkflowNotFoundError || (error as Error).name === 'QueryRejectedError') return null;
        throw error;
      }
    },

    /** How many workers take the bank calls of each of these egresses. */
    egressWorkers: (egresses: readonly string[]) => within(ANSWER_WITHIN_MS, () => egressWorkers(client, environment, egresses, nowMs())),

    /** The workers that take the environment's workflows, with the sealing keys that each has. */
    async sealingWorkers() {
      const queue = { name: workflowTaskQueue(environment), kind: 'workflows' } as const;
      return sealingWorkers(await within(ANSWER_WITHIN_MS, () => lookAtPollers(client, [queue], nowMs())));
    },
  };
}
