import { join } from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { bundleWorkflowCode, DefaultLogger, NativeConnection, Worker } from '@temporalio/worker';
import { fence } from '../../activities/fence.ts';
import { createBank } from '../../bunq/bank.ts';
import { createInstallation } from '../../bunq/installation.ts';
import { generateInstallationKeyPair } from '../../bunq/keys.ts';
import { systemClock } from '../../settings/clock.ts';
import { startSimulator } from '../../simulator/index.ts';
import { confirmAttempt } from '../../worker/temporal.ts';
import { quietRuntime, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';

test('an attempt that was timed out and superseded while it slept wakes up and sends nothing; the second attempt sends', async () => {
  const temporal = await temporalServer();
  const simulator = await startSimulator();
  quietRuntime();
  const connection = await NativeConnection.connect({ address: temporal.address });
  const confirm = confirmAttempt({ connection, namespace: 'default' }, 'test', systemClock);
  const bank = createBank({ apiUrl: simulator.apiUrl, clock: systemClock });
  const { publicKeyPem } = await generateInstallationKeyPair();
  const began = new Set<number>();
  const outcomes = new Map<number, string>();

  async function post(): Promise<void> {
    const { attempt, taskToken } = activityInfo();
    began.add(attempt);
    if (attempt === 1) await until('the second attempt began', () => began.has(2), { everyMs: 10 });
    const sent = createInstallation(bank, { publicKeyPem }, { beforeSend: () => fence(() => confirm(taskToken), systemClock) });
    outcomes.set(
      attempt,
      await sent.then(
        () => 'sent',
        (error: Error) => error.name,
      ),
    );
  }

  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'support/late-workflow.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const worker = await Worker.create({ connection, taskQueue: 'late', workflowBundle, activities: { createInstallation: post } });
  await worker.runUntil(async () => {
    await temporal.client.workflow.execute('late', { workflowId: 'late', taskQueue: 'late' });
    await until('both attempts have ended', () => outcomes.size === 2);
  });
  expect([...outcomes].sort()).toEqual([
    [1, 'NotSentError'],
    [2, 'sent'],
  ]);
  expect(simulator.requests()).toHaveLength(1);
  await Promise.all([bank.close(), connection.close(), simulator.close()]);
});
