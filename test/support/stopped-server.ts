import { appendFileSync } from 'node:fs';

/**
 * The time-skipping server does not go on where a timer fires while the workflow task that cancels it is being worked on: it refuses
 * the task's completion and never gives the task out again (temporalio/sdk-java#2606, #3088). With virtual time any timer may fire then.
 * A real server takes the completion. The tests that come after it in the same file say nothing about the product.
 */
const REFUSED = 'invalid history builder state for action';

let stop: (error: Error) => void;
let isStopped = false;

const stopped = new Promise<never>((_resolve, reject) => {
  stop = reject;
});
stopped.catch(() => {}); // most often nobody waits for it

/** Looks for it in what the SDK logs. scripts/test.mjs runs a file once more that is told of in the file that it names. */
export function noteStoppedServer(logged: object): void {
  if (isStopped || !JSON.stringify(logged).includes(REFUSED)) return;
  isStopped = true;
  const { TESTS_STOPPED_SERVERS_FILE: file } = process.env;
  if (file) appendFileSync(file, `${expect.getState().testPath}\n`);
  stop(
    new Error(
      'The time-skipping server has stopped for good, which is a fault of its own (temporalio/sdk-java#2606): run this file again.',
    ),
  );
}

export const serverHasStopped = (): boolean => isStopped;

/** The same, unless the server stops meanwhile. */
export const unlessStopped = <T>(awaited: Promise<T>): Promise<T> => Promise.race([awaited, stopped]);
