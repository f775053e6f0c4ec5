import { appendFileSync } from 'node:fs';
import type { TestWorkflowEnvironment } from '@temporalio/testing';

/**
 * The time-skipping server does not go on where a timer fires while the workflow task that cancels it is being worked on: it refuses
 * the task's completion and never gives the task out again (temporalio/sdk-java#2606, #3088). With virtual time any timer may fire then.
 * A real server takes the completion. The tests that come after it in the same file say nothing about the product.
 */
const REFUSED = 'invalid history builder state for action';

let stop: Error | null = null;
/** The SDK never stops to listen to a signal: each call has its own. */
const underWay = new Set<AbortController>();

/** Looks for it in what the SDK logs. scripts/test.mjs runs a file once more whose path it finds in the file that it names. */
export function noteStoppedServer(logged: object): void {
  if (stop || !JSON.stringify(logged).includes(REFUSED)) return;
  stop = new Error('The time-skipping server has stopped for good by a fault of its own (temporalio/sdk-java#2606): run this file again.');
  const { TESTS_STOPPED_SERVERS_FILE: file } = process.env;
  if (file) appendFileSync(file, `${expect.getState().testPath}\n`);
  for (const call of underWay) call.abort();
}

export const serverHasStopped = (): boolean => stop !== null;

/** Calls a server, and gives the call up when the server stops. */
export async function unlessStopped<T>({ connection }: TestWorkflowEnvironment, call: () => Promise<T>): Promise<T> {
  const ending = new AbortController();
  underWay.add(ending);
  try {
    if (stop) throw stop;
    return await connection.withAbortSignal(ending.signal, call);
  } catch (error) {
    throw stop ?? error;
  } finally {
    underWay.delete(ending);
  }
}
