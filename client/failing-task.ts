import type { Client, WorkflowExecutionDescription } from '@temporalio/client';

/** One that failed once may have been a worker's that died. */
const FAILS_FROM_ATTEMPT = 3;
/** Of what Temporal has of the failure. */
const MOST_CHARACTERS = 300;

/**
 * Why a workflow makes no step although workers poll: its task fails, again and again, on each of them. Null where it does not. A
 * history has the first failure in a row only, and Temporal counts the attempts.
 */
export async function failingTask(client: Client, { raw, workflowId, runId }: WorkflowExecutionDescription): Promise<string | null> {
  const attempt = raw.pendingWorkflowTask?.attempt ?? 1;
  if (attempt < FAILS_FROM_ATTEMPT) return null;
  const { history } = await client.workflowService.getWorkflowExecutionHistoryReverse({
    namespace: client.options.namespace,
    execution: { workflowId, runId },
    maximumPageSize: 10,
  });
  const failed = history?.events?.find(({ workflowTaskFailedEventAttributes }) => workflowTaskFailedEventAttributes);
  const why = failed?.workflowTaskFailedEventAttributes?.failure?.message;
  return why ? sentence(attempt, why) : null;
}

const sentence = (attempt: number, why: string) =>
  `Its workflow task fails (attempt ${attempt}): ${why.slice(0, MOST_CHARACTERS)}. The session that is served goes on to its end. If this began with an upgrade, start workers of the version before: docs/upgrade.md#going-back`;
