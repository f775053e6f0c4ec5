import type { Client } from '@temporalio/client';
import proto from '@temporalio/proto';
import { parseWorkflowId } from '../workflows/names.ts';
import { unlessGone } from './forget.ts';
import { inTurns } from './in-turns.ts';

const { HistoryEvent } = proto.temporal.api.history.v1;

/** A run of a connection that is over, and that Temporal has not deleted yet. */
export interface ClosedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly closedAtMs: number;
  /** Of the keys that were asked about those by which something in its history is sealed. */
  readonly keyIds: readonly string[];
}

/**
 * Which closed runs hold something that is sealed by these keys: their histories are read, to the last event, as nothing else tells it
 * for sure. A run that is still going on is not among them: its state is asked instead.
 */
export async function closedRunsSealedBy(client: Client, environment: string, keyIds: readonly string[]): Promise<ClosedRun[]> {
  const closed: Omit<ClosedRun, 'keyIds'>[] = [];
  for (const kind of ['provider', 'user']) {
    const query = `WorkflowId STARTS_WITH '${kind}.${environment}.' AND ExecutionStatus != 'Running'`;
    for await (const { workflowId, runId, closeTime } of client.workflow.list({ query }))
      if (parseWorkflowId(workflowId)?.environment === environment) closed.push({ workflowId, runId, closedAtMs: Number(closeTime ?? 0) });
  }
  const looked = await inTurns(closed, async (run) => ({ ...run, keyIds: await keyIdsInHistory(client, run, keyIds) }));
  return looked.filter((run) => run.keyIds.length > 0);
}

/** How long the namespace keeps what is closed. */
export async function retentionMs(client: Client): Promise<number> {
  const { config } = await client.workflowService.describeNamespace({ namespace: client.options.namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0) * 1000;
}

async function keyIdsInHistory(
  client: Client,
  execution: Pick<ClosedRun, 'workflowId' | 'runId'>,
  keyIds: readonly string[],
): Promise<string[]> {
  const missing = new Map(keyIds.map((keyId) => [keyId, Buffer.from(beginningOfSealed(keyId))]));
  let nextPageToken: Uint8Array | undefined;
  do {
    const page = await unlessGone(
      client.workflowService.getWorkflowExecutionHistory({
        namespace: client.options.namespace,
        execution,
        ...(nextPageToken && { nextPageToken }),
      }),
    );
    if (!page) return [];
    for (const event of page.history?.events ?? []) {
      const bytes = Buffer.from(HistoryEvent.encode(event).finish());
      for (const [keyId, beginning] of missing) if (bytes.includes(beginning)) missing.delete(keyId);
    }
    nextPageToken = page.nextPageToken?.length ? page.nextPageToken : undefined;
  } while (nextPageToken && missing.size > 0);
  return keyIds.filter((keyId) => !missing.has(keyId));
}

/** What every value begins with that is sealed by this key (sealing/key-set.ts): base64url of the header as far as whole groups of it go. */
export function beginningOfSealed(keyId: string): string {
  const header = Buffer.from(`{"alg":"dir","enc":"A256GCM","kid":"${keyId}","kind":"`);
  return header.subarray(0, header.length - (header.length % 3)).toString('base64url');
}
