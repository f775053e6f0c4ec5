import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { egressTaskQueue, isNamedSigner, signerTaskQueue, workflowTaskQueue } from '../workflows/names.ts';
import { inTurns } from './in-turns.ts';

const { TASK_QUEUE_TYPE_WORKFLOW, TASK_QUEUE_TYPE_ACTIVITY } = proto.temporal.api.enums.v1.TaskQueueType;

/** A long poll lasts up to a minute: one not seen for longer is gone, though the server lists it for 5 minutes. */
const GONE_MS = 70_000;

export interface TaskQueue {
  readonly name: string;
  readonly kind: 'workflows' | 'activities';
  /** Of bank calls: whose they are. */
  readonly egress?: string;
}

/** Where the bank calls of an egress wait for its workers. */
export const egressQueue = (environment: string, egress: string): TaskQueue => ({
  name: egressTaskQueue(environment, egress),
  kind: 'activities',
  egress,
});

/** The task queues that a connection needs: its workflow's, its egress's, and its signer's while it may have to sign. */
export const taskQueuesOf = (environment: string, egress: string, signer: string | null): TaskQueue[] => [
  { name: workflowTaskQueue(environment), kind: 'workflows' },
  egressQueue(environment, egress),
  ...signerTaskQueues(environment, signer),
];

/** Of a signer that is given by its name; none of any other. */
export const signerTaskQueues = (environment: string, signer: string | null): TaskQueue[] =>
  signer !== null && isNamedSigner(signer) ? [{ name: signerTaskQueue(environment, signer), kind: 'activities' }] : [];

export interface SeenQueue extends TaskQueue {
  /** Since the last poll; null when nobody polled within 5 minutes or so. */
  readonly silentMs: number | null;
}

export const lookAtQueues = (client: Client, queues: readonly TaskQueue[], nowMs: number): Promise<SeenQueue[]> =>
  Promise.all(queues.map(async (queue) => ({ ...queue, silentMs: await silence(client, queue, nowMs) })));

/** Nobody polls it; a worker that was killed is gone only after a while. */
export const isUnpolled = ({ silentMs }: SeenQueue) => silentMs === null || isGone(silentMs);

const isGone = (silentMs: number) => silentMs > GONE_MS;

async function silence(client: Client, queue: TaskQueue, nowMs: number): Promise<number | null> {
  const polls = (await pollersOf(client, queue, nowMs)).map(({ silentMs }) => silentMs);
  return polls.length === 0 ? null : Math.min(...polls);
}

async function pollersOf(client: Client, { name, kind }: TaskQueue, nowMs: number): Promise<Poller[]> {
  const { pollers } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name },
    taskQueueType: kind === 'workflows' ? TASK_QUEUE_TYPE_WORKFLOW : TASK_QUEUE_TYPE_ACTIVITY,
  });
  return (pollers ?? []).map(({ identity, lastAccessTime }) => ({
    identity: identity ?? '',
    silentMs: nowMs - Number(lastAccessTime?.seconds ?? 0) * 1000,
  }));
}

export interface Poller {
  readonly identity: string;
  /** Since its last poll. */
  readonly silentMs: number;
}

/** Who polls any of these, each once. */
export async function lookAtPollers(client: Client, queues: readonly TaskQueue[], nowMs: number): Promise<Poller[]> {
  const silentMs = new Map<string, number>();
  for (const queue of queues)
    for (const poller of await pollersOf(client, queue, nowMs))
      silentMs.set(poller.identity, Math.min(poller.silentMs, silentMs.get(poller.identity) ?? Number.POSITIVE_INFINITY));
  return [...silentMs].map(([identity, silentMs]) => ({ identity, silentMs }));
}

/** This one first, and those of its connections. */
export const egressesOf = (own: string, connections: readonly { readonly egress: string }[]): string[] => [
  ...new Set([own, ...connections.map(({ egress }) => egress)]),
];

/** How many workers take the bank calls of each egress. */
export async function egressWorkers(
  client: Client,
  environment: string,
  egresses: readonly string[],
  nowMs: number,
): Promise<ReadonlyMap<string, number>> {
  const counted = await inTurns(egresses, async (egress) => {
    const pollers = await pollersOf(client, egressQueue(environment, egress), nowMs);
    return [egress, new Set(pollers.filter(({ silentMs }) => !isGone(silentMs)).map(({ identity }) => identity)).size] as const;
  });
  return new Map(counted);
}

/** For a person who waits for an answer that does not come: somebody polls, or did until a moment ago. */
export const silentWorker = ({ name, silentMs }: SeenQueue) =>
  `No answer from the workers of ${name}; last poll ${Math.max(0, Math.round((silentMs ?? 0) / 1000))} s ago.`;

/** The sentence for a person who waits. */
export const missingWorker = ({ name, egress = 'default' }: TaskQueue) =>
  `No worker polls ${name}. Start one: ${egress === 'default' ? '' : `KEEPER_EGRESS=${egress} `}npx bunq-keeper worker`;
