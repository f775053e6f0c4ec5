import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { askToRenew, untilActive } from './support/consents.ts';
import { eventsOf } from './support/history.ts';
import { scene } from './support/scene.ts';

/** Workers with a version: a connection that runs goes over to the version that is made current. */

const DEPLOYMENT = 'keeper';

let temporal: TestTemporal;
let bank: Simulator;
beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer({ registered: true }), startSimulator({ rateLimits: false })]);
});
afterAll(() => bank.close());

/** As `temporal worker deployment set-current-version` does it; the version has to have polled. */
const makeCurrent = (buildId: string) =>
  until(`${buildId} is current`, async () => {
    await temporal.client.workflowService.setWorkerDeploymentCurrentVersion({
      namespace: 'default',
      deploymentName: DEPLOYMENT,
      buildId,
      identity: 'operator',
      ignoreMissingTaskQueues: true,
    });
    return true;
  });

test('a versioned worker gets no task until its version is current; a running connection goes on with the next one', async () => {
  const here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  const startVersion = (buildId: string) => here.startWorker({ TEMPORAL_DEPLOYMENT_NAME: DEPLOYMENT, TEMPORAL_WORKER_BUILD_ID: buildId });
  const first = await startVersion('v1');
  await here.keeper.onboard('ada', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });
  expect(bank.requests().filter(({ path }) => path !== '/v1/')).toEqual([]); // a worker looks at its start whether the bank is there
  await makeCurrent('v1');
  await untilActive(here, 'ada');

  await startVersion('v2');
  await makeCurrent('v2');
  await first.kill();
  await askToRenew(here, 'ada');
  const sessions = () => bank.requests().filter(({ endpoint }) => endpoint === 'POST /session-server').length;
  await until('ada is renewed', async () => sessions() === 2 && (await here.keeper.status('ada')).state === 'ACTIVE');
  const versions = (await eventsOf(temporal.client, `provider.${here.environment}.ada`)).flatMap(
    ({ workflowTaskCompletedEventAttributes: completed }) => completed?.deploymentVersion?.buildId ?? [],
  );
  expect([...new Set(versions)]).toEqual(['v1', 'v2']);
});
