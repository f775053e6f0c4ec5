import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { EXIT, KeeperError } from './errors.ts';

/** The server deletes in its own time: what was closed just now within 50 s (measured), as it tries again and again until its list has caught up. */
export const GONE_WITHIN_MS = 3 * 60_000;
const LOOK_EVERY_MS = 200;

/**
 * Deletes every run of a closed workflow from Temporal, and looks that none is left.
 * @returns how many runs
 * @throws KeeperError with exit code 4 when some are left
 */
export async function forgetWorkflow(client: Client, workflowId: string, timeoutMs: number): Promise<number> {
  const deleted = new Set<string>();
  const giveUpAt = performance.now() + timeoutMs;
  do {
    const left = await runsOf(client, workflowId);
    for (const runId of left) {
      if (!deleted.has(runId)) await deleteRun(client, workflowId, runId);
      deleted.add(runId);
    }
    if (left.length === 0) return deleted.size;
    await sleep(LOOK_EVERY_MS);
  } while (performance.now() < giveUpAt);
  throw new KeeperError(
    `Temporal was told to delete ${workflowId}, and does so in its own time: it still has it. Look again with: bunq-keeper list`,
    EXIT.notDoneInTime,
  );
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

/** Null for what Temporal has deleted meanwhile. */
export async function unlessGone<Result>(asked: Promise<Result>): Promise<Result | null> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || (error as { code?: number }).code === GRPC_NOT_FOUND) return null;
    throw error;
  }
}

const GRPC_NOT_FOUND = 5;
