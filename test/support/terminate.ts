import type { WorkflowHandle } from '@temporalio/client';
import { serverHasStopped } from './stopped-server.ts';
import { until } from './until.ts';

/** So long for what is under way as its test ends, also where many end at once on a busy machine; what a test has made hang hangs on. */
const AT_REST_WITHIN_MS = 60_000;

/**
 * Terminates a workflow that would go on after its test and be one more for the next. The time-skipping server's time stands still for
 * ever where one is terminated under an activity or a task of its own, so that is waited for.
 */
export async function terminateAtRest(handle: WorkflowHandle): Promise<void> {
  if (serverHasStopped()) return;
  const describe = () => handle.describe().catch(() => null); // never started
  const isIdle = async () => {
    const description = await describe();
    if (description?.status.name !== 'RUNNING') return true;
    const last = (await handle.fetchHistory()).events?.at(-1);
    const isInTask = last?.workflowTaskScheduledEventAttributes || last?.workflowTaskStartedEventAttributes;
    return !isInTask && !description.raw.pendingActivities?.length;
  };
  await until('it is at rest', isIdle, { timeoutMs: AT_REST_WITHIN_MS, everyMs: 50 }).catch(() => {});
  if ((await describe())?.status.name === 'RUNNING') await handle.terminate('its test is over').catch(() => {}); // it has ended meanwhile
}
