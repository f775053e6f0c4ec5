import type { Client } from '@temporalio/client';
import type { HistoryEvent } from './history.ts';

/** What a person can do to a workflow in the Temporal UI, by the calls that the UI makes. */

export interface ResetPoint {
  /** Of the `WorkflowTaskCompleted`; the task is done again, and all that came after it is forgotten. */
  readonly eventId: NonNullable<HistoryEvent['eventId']>;
  /** The activity that the task scheduled; null for none. */
  readonly activity: string | null;
}

/** Every moment that a workflow can be reset to, the earliest first. */
export function resetPoints(events: readonly HistoryEvent[]): ResetPoint[] {
  return events
    .filter(({ workflowTaskCompletedEventAttributes: completed }) => completed)
    .map(({ eventId }) => {
      const scheduled = events
        .map(({ activityTaskScheduledEventAttributes: attributes }) => attributes)
        .find((attributes) => attributes && String(attributes.workflowTaskCompletedEventId) === String(eventId));
      return { eventId: eventId!, activity: scheduled?.activityType?.name ?? null };
    });
}

/** @returns the new run's id */
export async function reset(client: Client, run: { workflowId: string; runId: string }, { eventId }: ResetPoint): Promise<string> {
  const { runId } = await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: run,
    reason: 'an operator did it',
    workflowTaskFinishEventId: eventId,
    requestId: crypto.randomUUID(),
  });
  return runId;
}

const BY = { identity: 'an operator' };

export async function pause(client: Client, workflowId: string, activity: string): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.pauseActivity({ namespace, execution: { workflowId }, type: activity, reason: 'a look at it', ...BY });
}

/** @param resetAttempts counts the attempts from 1 again */
export async function unpause(client: Client, workflowId: string, activity: string, resetAttempts: boolean): Promise<void> {
  const { namespace } = client.options;
  await client.workflowService.unpauseActivity({ namespace, execution: { workflowId }, type: activity, resetAttempts, ...BY });
}

/** What Temporal's UI shows of an activity that has not ended: null when there is none of that name. */
export async function pendingActivity(client: Client, workflowId: string, activity: string) {
  const { raw } = await client.workflow.getHandle(workflowId).describe();
  return raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity) ?? null;
}
