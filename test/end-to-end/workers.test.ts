import proto from '@temporalio/proto';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import type { ConnectionStatus } from '../../workflows/messages.ts';
import { workflowTaskQueue } from '../../workflows/names.ts';
import { mutant } from '../support/mutant.ts';
import type { KeeperProcess } from '../support/process.ts';
import { quietRuntime, SEARCH_ATTRIBUTES, type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { activityRuns, eventsOf } from './support/history.ts';
import { type Scene, scene } from './support/scene.ts';
import { TemporalProxy } from './support/temporal-proxy.ts';
import { runWorker } from './support/worker.ts';

/** Workers that are missing, are somebody else's, may not do everything, come late, or are told to stop. */

quietRuntime();

let temporal: TestTemporal;
beforeAll(async () => {
  temporal = await temporalServer();
});

const banks: Simulator[] = [];
afterAll(() => Promise.all(banks.map((bank) => bank.close())));

/** Each test has a bank of its own, and so an environment and task queues of its own. */
async function sceneOfItsOwn(more: Record<string, string> = {}, server: Pick<TestTemporal, 'address' | 'client'> = temporal) {
  const bank = await startSimulator();
  banks.push(bank);
  return { bank, here: scene(server, bank, more) };
}

const onboardSandboxUser = ({ start }: Scene, ...more: string[]) => start('onboard', 'ada', '--sandbox-user', ...more);

/** Within so many milliseconds of the start of the workflow. */
const SAID_WITHIN_MS = 5000;

async function expectSaidInTime(here: Scene, onboarding: KeeperProcess, sentence: RegExp): Promise<void> {
  await onboarding.waitForLine(sentence);
  const saidAtMs = Date.now();
  const { startTime } = await temporal.client.workflow.getHandle(`provider.${here.environment}.ada`).describe();
  expect(saidAtMs - startTime.getTime()).toBeLessThan(SAID_WITHIN_MS);
}

const exactly = (text: string) => new RegExp(`^${text.replace(/[.?]/g, '\\$&')}$`);

test('onboard with no worker says so within 5 s, and goes on as soon as one is started', async () => {
  const { here } = await sceneOfItsOwn();
  const onboarding = onboardSandboxUser(here, '--json');
  await expectSaidInTime(here, onboarding, exactly(`No worker polls bunq-keeper.${here.environment}. Start one: npx bunq-keeper worker`));
  const status = await here.run('status', 'ada', '--json');
  expect(status.stderr).toContain(`No worker polls bunq-keeper.${here.environment}.`);
  expect(JSON.parse(status.stdout)).toMatchObject({ state: 'ONBOARDING', worker: false, asOf: expect.stringMatching(/^20/) });
  await here.startWorker();
  const ended = await onboarding.ended();
  expect(ended).toMatchObject({ code: 0 });
  expect(JSON.parse(ended.stdout)).toMatchObject({ state: 'ACTIVE' });
});

test('onboard with a worker for another environment says so within 5 s; not done in time is exit code 4', async () => {
  const { here } = await sceneOfItsOwn();
  const { here: elsewhere } = await sceneOfItsOwn();
  await elsewhere.startWorker();
  const onboarding = onboardSandboxUser(here, '--timeout', '5s');
  await expectSaidInTime(here, onboarding, exactly(`No worker polls bunq-keeper.${here.environment}. Start one: npx bunq-keeper worker`));
  expect(await onboarding.ended()).toMatchObject({ code: 4, stdout: '', stderr: expect.stringContaining('bunq-keeper status ada') });
});

test('onboard with a worker for another egress says so within 5 s; Ctrl-C stops the waiting and not the work', async () => {
  const { here } = await sceneOfItsOwn();
  await here.startWorker({ KEEPER_EGRESS: 'frankfurt' });
  const onboarding = onboardSandboxUser(here);
  const missing = `No worker polls bunq-keeper.${here.environment}.default. Start one: npx bunq-keeper worker`;
  await expectSaidInTime(here, onboarding, exactly(missing));
  onboarding.signal('SIGINT');
  await onboarding.ended();
  await here.startWorker();
  await until('it is ACTIVE', async () => (await here.keeper.status('ada')).state === 'ACTIVE');
});

test('after a worker was killed, status tells what was published last and when the worker was last seen', async () => {
  const { here } = await sceneOfItsOwn();
  const worker = await here.startWorker();
  expect(await onboardSandboxUser(here).ended()).toMatchObject({ code: 0 });
  await worker.kill();
  const { code, stdout, stderr } = await here.run('status', 'ada', '--json');
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'ACTIVE', worker: false, asOf: expect.stringMatching(/^20/) });
  expect(stderr).toContain(`No answer from the workers of bunq-keeper.${here.environment}; last poll`);
  const renewal = await here.run('renew', 'ada');
  expect(renewal).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringMatching(/^The request was not recorded\. No answer from the workers of /m),
  });
});

/** A worker of workflows whose code does not fit the histories that are there. */
async function startMisfit(here: Scene): Promise<void> {
  const wait = 'await condition(() => this.woken, Math.max(1, wake.atMs - nowMs), { summary: wake.summary })';
  const change = { file: 'connection.js', text: wait, becomes: 'await condition(() => this.woken)' }; // a timer less
  await runWorker(temporal.address, { taskQueue: workflowTaskQueue(here.environment), workflowBundle: await mutant([change]) });
}

test('a connection whose task fails at each worker says so, with the reason and what to do', async () => {
  const { here } = await sceneOfItsOwn();
  const worker = await here.startWorker();
  expect(await onboardSandboxUser(here).ended()).toMatchObject({ code: 0 });
  await worker.kill();
  await startMisfit(here);
  const told = await until('its task has failed some times', async () => {
    const { stderr } = await here.run('renew', 'ada');
    return /Its workflow task fails .*/.exec(stderr)?.[0];
  });
  expect(told).toMatch(
    /^Its workflow task fails \(attempt \d+\): \[TMPRL1100\] Nondeterminism error: .+ start workers of the version before: docs\/upgrade\.md#going-back$/,
  );
  expect(await here.run('status', 'ada')).toMatchObject({ code: 0, stderr: expect.stringContaining('Its workflow task fails (attempt') });
});

async function expectActiveWithoutSearchAttributes(here: Scene, worker: KeeperProcess): Promise<void> {
  for (const [name, type] of Object.entries(SEARCH_ATTRIBUTES)) {
    if (name === 'KeeperState' || type === 'Datetime')
      expect(worker.stderr).toContain(`temporal operator search-attribute create --namespace default --name ${name} --type ${type}`);
  }
  expect(worker.stderr).toContain('tcld namespace search-attributes add');
  const onboarded = await onboardSandboxUser(here, '--json').ended();
  expect(onboarded).toMatchObject({ code: 0 });
  expect(JSON.parse(onboarded.stdout)).toMatchObject({ state: 'ACTIVE' } satisfies Partial<ConnectionStatus>);
  const events = await eventsOf(here.keeper.client, `provider.${here.environment}.ada`);
  const upserted = events.flatMap(({ upsertWorkflowSearchAttributesEventAttributes: upsert }) =>
    Object.keys(upsert?.searchAttributes?.indexedFields ?? {}),
  );
  expect(upserted.filter((name) => name !== 'TemporalChangeVersion')).toEqual([]); // Temporal's own
  const listed = await until('it is listed by state', async () => {
    const { stdout } = await here.run('list', '--state', 'ACTIVE', '--json');
    return stdout;
  });
  expect(JSON.parse(listed)).toMatchObject({ name: 'ada', state: 'ACTIVE' });
}

test('a namespace without search attributes, and without the right to add them, still reaches ACTIVE', async () => {
  const bare = await temporalServer();
  const proxy = await TemporalProxy.start(bare.address);
  proxy.denies = ({ method }) => method === 'AddSearchAttributes';
  const { here } = await sceneOfItsOwn({}, bare);
  const worker = await here.startWorker({ TEMPORAL_ADDRESS: proxy.address });
  await expectActiveWithoutSearchAttributes(here, worker);
  const { customAttributes } = await bare.client.connection.operatorService.listSearchAttributes({ namespace: 'default' });
  expect(Object.keys(customAttributes).filter((name) => name.startsWith('Keeper'))).toEqual([]);
});

test('a worker that may not even look at the search attributes still reaches ACTIVE', async () => {
  const bare = await temporalServer();
  const proxy = await TemporalProxy.start(bare.address);
  proxy.denies = ({ method }) => method === 'AddSearchAttributes' || method === 'ListSearchAttributes';
  const { here } = await sceneOfItsOwn({}, bare);
  await expectActiveWithoutSearchAttributes(here, await here.startWorker({ TEMPORAL_ADDRESS: proxy.address }));
});

test('a namespace in which KeeperState is of another type, and no Keyword is left, still reaches ACTIVE', async () => {
  const full = await temporalServer();
  const { INDEXED_VALUE_TYPE_INT, INDEXED_VALUE_TYPE_KEYWORD } = proto.temporal.api.enums.v1.IndexedValueType;
  const others = Array.from({ length: 10 }, (_, number) => [`Other${number}`, INDEXED_VALUE_TYPE_KEYWORD] as const);
  await full.client.connection.operatorService.addSearchAttributes({
    namespace: 'default',
    searchAttributes: { KeeperState: INDEXED_VALUE_TYPE_INT, ...Object.fromEntries(others) },
  });
  const { here } = await sceneOfItsOwn({}, full);
  await expectActiveWithoutSearchAttributes(here, await here.startWorker());
});

test('a worker waits for a Temporal server that is not up yet, and says so; it can be stopped while it waits', async () => {
  const late = await temporalServer();
  const { here } = await sceneOfItsOwn({}, late);
  await late.kill();
  const [worker, stopped] = [here.start('worker'), here.start('worker')];
  const waiting = new RegExp(`Waiting for Temporal at ${late.address}, namespace default: no server answers`);
  await Promise.all([worker.waitForLine(waiting), stopped.waitForLine(waiting)]);
  stopped.signal('SIGTERM');
  expect(await stopped.ended()).toMatchObject({ code: 0, stderr: expect.stringContaining('worker has stopped') });
  await late.restart();
  await worker.waitForLine(/worker is ready/);
  expect(worker.lines.filter((line) => waiting.test(line))).toHaveLength(1);
  expect(await onboardSandboxUser(here).ended()).toMatchObject({ code: 0 });
});

test('SIGTERM lets the calls in hand end, takes no new ones, and the next worker goes on', async () => {
  const { bank, here } = await sceneOfItsOwn();
  const worker = await here.startWorker();
  const onboarding = onboardSandboxUser(here);
  bank.fault({ endpoint: 'POST /installation', kind: 'hold-answer' });
  await until('the bank holds its answer', () => bank.faults()[0]?.held === 1);
  worker.signal('SIGTERM');
  await worker.waitForLine(/stopping: no new task is taken/);
  bank.releaseFaults();
  expect(await worker.ended()).toMatchObject({ code: 0, stderr: expect.stringContaining('worker has stopped') });
  const next = await here.startWorker();
  expect(await onboarding.ended()).toMatchObject({ code: 0 });
  const events = await eventsOf(temporal.client, `provider.${here.environment}.ada`);
  const workers = events.flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started ? [Number.parseInt(started.identity ?? '', 10)] : [],
  );
  const [first, rest] = [workers.slice(0, 3), workers.slice(3)]; // settings, key pair and installation; all else
  expect([new Set(first), new Set(rest)]).toEqual([new Set([worker.pid]), new Set([next.pid])]);
  const runs = activityRuns(events);
  expect(runs.filter(({ attempts, end }) => attempts !== 1 || end !== 'Completed')).toEqual([]);
  expect(bank.state().installations).toHaveLength(1);
});
