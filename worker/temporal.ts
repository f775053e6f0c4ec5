import { setTimeout as sleep } from 'node:timers/promises';
import { NativeConnection, type NativeConnectionOptions } from '@temporalio/worker';
import type { AttemptName, AttemptRecord } from '../activities/dependencies.ts';
import type { Clock } from '../bunq/bank.ts';
import { readTemporalSettings } from '../settings/temporal.ts';

export interface TemporalServer {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

const AGAIN_MS = 2000;

/**
 * Connects by Temporal's own variables and profile file, and waits for a server that is not up yet, saying so.
 * @param say one line a change of what it waits for
 * @param stop ends the waiting
 * @param prepare is done before each attempt
 * @returns null when it was stopped before a server answered
 */
export async function connectWorker(
  say: (line: string) => void,
  stop: AbortSignal,
  prepare: () => Promise<void>,
): Promise<TemporalServer | null> {
  const { address, namespace, connectionOptions } = readTemporalSettings();
  const options = connectionOptions as NativeConnectionOptions;
  let said = '';
  while (!stop.aborted) {
    await prepare();
    const answer = await tryToConnect(options, namespace);
    if (typeof answer !== 'string') return { connection: answer, namespace };
    const line = `Waiting for Temporal at ${address}, namespace ${namespace}: ${answer}`;
    if (line !== said) say(line);
    said = line;
    await sleep(AGAIN_MS, undefined, { signal: stop }).catch(() => {});
  }
  return null;
}

async function tryToConnect(options: NativeConnectionOptions, namespace: string): Promise<NativeConnection | string> {
  let connection: NativeConnection;
  try {
    connection = await NativeConnection.connect(options);
  } catch (error) {
    return `no server answers (${firstLine(error)})`;
  }
  try {
    await connection.withDeadline(Date.now() + 5000, () => connection.workflowService.describeNamespace({ namespace }));
    return connection;
  } catch (error) {
    await connection.close();
    return /not found/i.test(String(error)) ? 'there is no such namespace yet' : `it does not tell of the namespace (${firstLine(error)})`;
  }
}

const firstLine = (error: unknown) =>
  String((error as Error).message)
    .split('\n')[0]!
    .slice(0, 200);

/** Fewer than the answer's deadline of the bank call that waits for it. */
const CONFIRM_WITHIN_MS = 2000;

/** Asks the server whether an activity attempt is still the one: its own task token is good, and no cancellation waits. */
export const confirmAttempt =
  ({ connection, namespace }: TemporalServer, identity: string, clock: Clock) =>
  async (taskToken: Uint8Array): Promise<void> => {
    const deadlineMs = clock.nowMs() + CONFIRM_WITHIN_MS;
    const { cancelRequested } = await connection.withDeadline(deadlineMs, () =>
      connection.workflowService.recordActivityTaskHeartbeat({ namespace, taskToken, identity }),
    );
    if (cancelRequested) throw new Error('a cancellation was requested');
  };

/**
 * What the server tells of an attempt. An operator can pause an activity and let it go on, which gives it attempts beyond
 * `maximumAttempts` (measured on server 1.29.1) and, if that is asked, counts them anew; the end of the last one stays known.
 */
export const readAttempt =
  ({ connection, namespace }: TemporalServer, clock: Clock) =>
  async ({ workflowId, runId, activityId, attempt, scheduledAtMs }: AttemptName): Promise<AttemptRecord> => {
    const deadlineMs = clock.nowMs() + CONFIRM_WITHIN_MS;
    const { pendingActivities, workflowExtendedInfo } = await connection.withDeadline(deadlineMs, () =>
      connection.workflowService.describeWorkflowExecution({ namespace, execution: { workflowId, runId } }),
    );
    const pending = pendingActivities?.find((candidate) => candidate.activityId === activityId);
    return {
      startedAtMs: msOf(pending?.lastStartedTime) ?? scheduledAtMs,
      isRepeated: attempt > 1 || msOf(pending?.lastAttemptCompleteTime) !== null,
      resetAtMs: msOf(workflowExtendedInfo?.lastResetTime),
    };
  };

/** Null for a time that is not there; the server may send one as the first second of the calendar. */
function msOf(time: { seconds?: unknown; nanos?: number | null } | null | undefined): number | null {
  const ms = Number(time?.seconds ?? 0) * 1000 + (time?.nanos ?? 0) / 1_000_000;
  return ms > 0 ? ms : null;
}
