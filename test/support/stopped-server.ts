import { appendFileSync } from 'node:fs';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

/**
 * The time-skipping server does not go on where a timer fires while the workflow task that cancels it is being worked on: it refuses
 * the task's completion and never gives the task out again (temporalio/sdk-java#2606, #3088). With virtual time any timer may fire then.
 * A real server takes the completion. The tests that come after it in the same file say nothing about the product.
 */
const REFUSED = 'invalid history builder state for action';

const stopped = new AbortController();

/** Looks for it in what the SDK logs. scripts/test.mjs runs a file once more whose path it finds in the file that it names. */
export function noteStoppedServer(logged: object): void {
  if (stopped.signal.aborted || !JSON.stringify(logged).includes(REFUSED)) return;
  const { TESTS_STOPPED_SERVERS_FILE: file } = process.env;
  if (file) appendFileSync(file, `${expect.getState().testPath}\n`);
  stopped.abort(
    new Error('The time-skipping server has stopped for good by a fault of its own (temporalio/sdk-java#2606): run this file again.'),
  );
}

export const serverHasStopped = (): boolean => stopped.signal.aborted;

/** Calls a server, and gives the call up when the server stops. */
export async function unlessStopped<T>({ connection }: TestWorkflowEnvironment, call: () => Promise<T>): Promise<T> {
  try {
    return await connection.withAbortSignal(stopped.signal, call);
  } catch (error) {
    stopped.signal.throwIfAborted();
    throw error;
  }
}
