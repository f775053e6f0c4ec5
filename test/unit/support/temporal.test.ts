import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { decodedPayloads } from '../../support/payloads.ts';
import { searchForSecrets } from '../../support/secret-search.ts';
import { SEARCH_ATTRIBUTES, temporalServer, timeSkippingEnvironment } from '../../support/temporal.ts';

test('a year passes at once in a time-skipping environment, and what a workflow leaves behind is searched', async () => {
  const environment = await timeSkippingEnvironment();
  const { client, nativeConnection } = environment;
  const workflowBundle = await bundleWorkflowCode({
    workflowsPath: join(import.meta.dirname, 'fixtures/sleeper.ts'),
    logger: new DefaultLogger('WARN'),
  });
  const worker = await Worker.create({ connection: nativeConnection, taskQueue: 'q', workflowBundle });
  const returned = `r-${randomUUID()}`;
  const thrown = `t-${randomUUID()}`;
  const startedMs = await environment.currentTimeMs();
  await worker.runUntil(async () => {
    await client.workflow.execute('sleeper', { workflowId: 'returns', taskQueue: 'q', args: [returned, 'return'] });
    await expect(client.workflow.execute('sleeper', { workflowId: 'fails', taskQueue: 'q', args: [thrown, 'fail'] })).rejects.toThrow();
  });
  expect((await environment.currentTimeMs()) - startedMs).toBeGreaterThanOrEqual(2 * 365 * 86_400_000);

  const secrets = [returned, thrown].map((value) => ({ label: value.slice(0, 1), value }));
  const findings = searchForSecrets(secrets, await decodedPayloads(client, ['returns', 'fails']));
  const places = findings.map(({ label, haystack }) => `${label} ${haystack.replace(/^(\w+) \S+ (event|description) ?\d*/, '$1 $2')}`);
  for (const place of [
    /^r returns event.*workflowExecutionCompleted.*data/,
    /^t fails event.*failure\.message/,
    /^t fails event.*failure\.stackTrace/,
    /^t .*upsertedMemo/,
    /^t .*summary/,
  ])
    expect(places).toContainEqual(expect.stringMatching(place));
});

test('a real server knows the search attributes when asked to, and comes back with its data after it was killed', async () => {
  const temporal = await temporalServer({ registered: true });
  const { customAttributes } = await temporal.client.connection.operatorService.listSearchAttributes({ namespace: 'default' });
  expect(Object.keys(customAttributes)).toEqual(expect.arrayContaining(Object.keys(SEARCH_ATTRIBUTES)));
  await temporal.client.workflow.start('nobody', { workflowId: 'kept', taskQueue: 'q', memo: { note: 'still here' } });
  const { pid } = temporal.server;
  await temporal.kill();
  await temporal.restart();
  expect(temporal.server.pid).not.toBe(pid);
  expect((await temporal.client.workflow.getHandle('kept').describe()).memo).toEqual({ note: 'still here' });
});
