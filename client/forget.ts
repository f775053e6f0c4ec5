import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { KeeperError } from './errors.ts';

/** The server deletes in its own time, and its list is behind. */
const GONE_WITHIN_MS = 30_000;
const LOOK_EVERY_MS = 200;

/**
 * Deletes every run of a closed workflow from Temporal, and looks that none is left.
 * @returns how many runs
 * @throws KeeperError when some are left
 */
export async function forgetWorkflow(client: Client, workflowId: string): Promise<number> {
  const deleted = new Set<string>();
  const giveUpAt = performance.now() + GONE_WITHIN_MS;
  do {
    const left = await runsOf(client, workflowId);
    for (const runId of left) {
      if (!deleted.has(runId)) await deleteRun(client, workflowId, runId);
      deleted.add(runId);
    }
    if (left.length === 0) return deleted.size;
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < giveUpAt);
  throw new KeeperError(`Temporal was told to delete ${workflowId} and still has it. Look again: temporal workflow list`);
}

/** Those of the list, and the latest, which the list may not have yet. */
async function runsOf(client: Client, workflowId: string): Promise<string[]> {
  const runs = new Set<string>();
  for await (const { runId } of client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.add(runId);
  const latest = await unlessGone(client.workflow.getHandle(workflowId).describe());
  if (latest) runs.add(latest.runId);
  return [...runs];
}

async function deleteRun(client: Client, workflowId: string, runId: string): Promise<void> {
  const workflowExecution = { workflowId, runId };
  await unlessGone(client.workflowService.deleteWorkflowExecution({ namespace: client.options.namespace, workflowExecution }));
}

async function unlessGone<Result>(asked: Promise<Result>): Promise<Result | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || (error as { code?: number }).code === GRPC_NOT_FOUND) return null;
    throw error;
  }
}

const GRPC_NOT_FOUND = 5;
