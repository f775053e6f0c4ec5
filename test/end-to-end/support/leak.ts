import { join } from 'node:path';
import { log } from '@temporalio/activity';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import type { TestTemporal } from '../../support/temporal.ts';

const TASK_QUEUE = 'leak';

/**
 * Sends one secret in plain text through a real worker: as an activity's result, in a failure's message, in a memo and in a
 * line of the worker's log.
 * @returns the workflow's id and the log
 */
export async function leakOnPurpose(temporal: TestTemporal, secret: string): Promise<{ workflowId: string; log: string }> {
  const lines: string[] = [];
  const logger = new DefaultLogger('WARN', ({ message, meta }) => lines.push(`${message} ${JSON.stringify(meta)}`));
  Runtime.install({ logger });
  const connection = await NativeConnection.connect({ address: temporal.address });
  const workflowBundle = await bundleWorkflowCode({ workflowsPath: join(import.meta.dirname, 'leak-workflow.ts'), logger });
  const worker = await Worker.create({ connection, taskQueue: TASK_QUEUE, workflowBundle, activities: activitiesThatLeak(secret) });
  const workflowId = 'leak';
  await worker.runUntil(() => temporal.client.workflow.execute('leak', { workflowId, taskQueue: TASK_QUEUE }));
  await connection.close();
  return { workflowId, log: lines.join('\n') };
}

const activitiesThatLeak = (secret: string) => ({
  tell: async () => {
    log.warn(`the token is ${secret}`);
    return secret;
  },
  fail: async () => {
    throw new Error(`refused: ${secret}`);
  },
});
