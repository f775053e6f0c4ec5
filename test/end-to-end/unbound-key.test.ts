import { startSimulator } from '../../simulator/index.ts';
import { stateQuery } from '../../workflows/messages.ts';
import { providerWorkflowId } from '../../workflows/names.ts';
import { temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** An API key that was made from a certificate dies if it is not bound in time; here in a minute rather than an hour. */

const CALLBACKS = ['https://acme.example/callback'];

test('an API key that could not be bound in time, as the worker was down, is replaced by itself when it is back', async () => {
  const temporal = await temporalServer({ registered: true });
  const bank = await startSimulator({ credentialLifetimeMs: 61_000, sessionGapMs: 1000 });
  const { keeper, startWorker } = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  bank.fault({ endpoint: 'POST /device-server', kind: 'hold' });
  const worker = await startWorker();
  await keeper.onboard('acme', await onboardingOf('provider', bank, CALLBACKS));
  await until('the bank is asked to bind the key', () => bank.faults()[0]?.held === 1, { seen: () => worker.stderr.slice(-2000) });
  await worker.kill();
  const statuses = () => bank.state().credentials.map(({ status }) => status);
  await until('the key has died', () => statuses()[0] === 'EXPIRED', { everyMs: 500 });

  await startWorker();
  await until('it is ACTIVE', async () => (await keeper.status('acme')).state === 'ACTIVE', { everyMs: 500 });
  expect(statuses()).toEqual(['EXPIRED', 'ACTIVE']);
  const { counts } = await temporal.client.workflow.getHandle(providerWorkflowId(keeper.environment, 'acme')).query(stateQuery);
  expect(counts.repairs).toBe(0);
  await bank.close();
});
