import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import type { Health } from '../../worker/monitoring/health.ts';
import { parseMetrics, type Sample, samplesOf, sumOf } from '../support/metrics.ts';
import { type KeeperProcess, startKeeper } from '../support/process.ts';
import { findPromtool } from '../support/promtool.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { BankProcess } from './support/bank-process.ts';
import { type Scene, scene } from './support/scene.ts';

/** A worker as Prometheus and whoever runs it see it. */

const ADDRESSES = { KEEPER_METRICS_ADDRESS: '127.0.0.1:0', KEEPER_HEALTH_ADDRESS: '127.0.0.1:0' };

const promtool = findPromtool();
const testWithPromtool = promtool ? test : test.skip;

let temporal: TestTemporal;
let bank: BankProcess;
let here: Scene;
let worker: KeeperProcess;
let metricsUrl: string;
let healthUrl: string;

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), BankProcess.start('--no-rate-limits')]);
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s' });
  worker = await here.startWorker(ADDRESSES);
  metricsUrl = (await worker.waitForLine(/"metricsUrl":"([^"]+)"/))[1]!;
  healthUrl = (await worker.waitForLine(/"healthUrl":"([^"]+)"/))[1]!;
  const { code } = await here.run('onboard', 'acme', '--sandbox-user', '--callback-url', 'https://acme.example/');
  expect(code).toBe(0);
});

async function scrape(): Promise<{ text: string; samples: Sample[] }> {
  const answer = await fetch(metricsUrl);
  expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const text = await answer.text();
  return { text, samples: parseMetrics(text) };
}

async function health(): Promise<{ status: number; health: Health }> {
  const answer = await fetch(healthUrl);
  return { status: answer.status, health: (await answer.json()) as Health };
}

const checkOf = ({ health: { checks } }: { health: Health }, name: string) => checks.find((check) => check.name === name);

/** What is told of connections was listed at most half a minute ago. */
const untilScraped = (description: string, isSo: (samples: Sample[]) => boolean) =>
  until(
    description,
    async () => {
      const { samples } = await scrape();
      return isSo(samples) ? samples : null;
    },
    { everyMs: 1000 },
  );

const ACME = { connection: 'acme', provider: 'acme' };

test('a renewal is counted, and the times of the session move with it', async () => {
  const before = await untilScraped(
    'acme is ACTIVE',
    (samples) => sumOf(samples, 'bunq_keeper_connection_state', { ...ACME, state: 'ACTIVE' }) === 1,
  );
  const session = (await here.keeper.status('acme')).session!;
  expect(sumOf(before, 'bunq_keeper_session_expiration_timestamp_seconds', ACME)).toBe(Date.parse(session.expiresAt) / 1000);
  expect(sumOf(before, 'bunq_keeper_session_renewal_timestamp_seconds', ACME)).toBe(Date.parse(session.renewAt) / 1000);
  expect(sumOf(before, 'bunq_keeper_renewals_total')).toBeNull();
  expect(sumOf(before, 'bunq_keeper_slots_total', { egress: 'default', outcome: 'opened' })).toBe(1);
  expect((await here.run('renew', 'acme')).code).toBe(0);
  const renewed = (await here.keeper.status('acme')).session!;
  const after = await untilScraped(
    'the session is another',
    (samples) => sumOf(samples, 'bunq_keeper_session_expiration_timestamp_seconds', ACME) === Date.parse(renewed.expiresAt) / 1000,
  );
  expect(Date.parse(renewed.expiresAt)).toBeGreaterThan(Date.parse(session.expiresAt));
  expect(sumOf(after, 'bunq_keeper_renewals_total', { kind: 'provider', outcome: 'renewed', environment: here.environment })).toBe(1);
  expect(sumOf(after, 'bunq_keeper_slots_total', { outcome: 'opened' })).toBe(2);
  expect(sumOf(after, 'bunq_keeper_bank_calls_total', { endpoint: 'POST session-server', outcome: 'ok' })).toBe(2);
  expect(sumOf(after, 'bunq_keeper_bank_call_duration_seconds_count', { endpoint: 'POST session-server', status: '2xx' })).toBe(2);
});

test("Temporal's own metrics stand beside them, in seconds and with _total", async () => {
  const { samples } = await scrape();
  expect(sumOf(samples, 'temporal_request_total')).toBeGreaterThan(0);
  expect(sumOf(samples, 'temporal_workflow_task_execution_latency_seconds_count')).toBeGreaterThan(0);
  expect(samplesOf(samples, 'process_cpu_seconds_total')).toHaveLength(1);
  expect(samplesOf(samples, 'bunq_keeper_worker_polling').map(({ labels, value }) => [labels.task_queue, value])).toEqual([
    [`bunq-keeper.${here.environment}`, 1],
    [`bunq-keeper.${here.environment}.default`, 1],
  ]);
});

testWithPromtool('promtool reads all of it, and has nothing to say about ours', async () => {
  const { text } = await scrape();
  const check = (input: string) => spawnSync(promtool!, ['check', 'metrics'], { input, encoding: 'utf8' });
  const ours = text.slice(0, text.indexOf('# HELP process_'));
  expect(ours).toContain('bunq_keeper_build_info');
  expect([check(ours).status, check(ours).stderr]).toEqual([0, '']);
  expect(check(text).status).not.toBe(1); // 3: it would name some of Temporal's or Node's otherwise
});

test('no secret is in what is told', async () => {
  const [metrics, ready] = [await scrape(), await health()];
  const { keys } = JSON.parse(readFileSync(here.sealingKeysFile, 'utf8')) as { keys: { k: string }[] };
  const secrets = [
    ...(await bank.secrets()).map(({ kind, value }) => ({ label: kind as string, value })),
    ...keys.map(({ k }) => ({ label: 'sealing key', value: k })),
  ];
  const found = searchForSecrets(secrets, [
    { name: 'metrics', bytes: metrics.text },
    { name: 'health', bytes: JSON.stringify(ready) },
  ]);
  expect(secrets.length).toBeGreaterThan(5);
  expect(found).toEqual([]);
});

test('a worker is alive, and ready with every check', async () => {
  expect(await (await fetch(new URL('/healthz', healthUrl))).json()).toEqual({ schema: 1, status: 'alive' });
  const seen = await health();
  expect(seen).toEqual({ status: 200, health: expect.objectContaining({ schema: 1, status: 'ready', wrong: null }) });
  expect(seen.health.checks.map(({ name, ok, needed }) => [name, ok, needed])).toEqual([
    ['temporal', true, true],
    ['workers', true, true],
    ['visibility', true, false],
    ['bank', true, false],
    ['sealing keys', true, false],
  ]);
});

test('a bank that is down is named, and the worker is ready all the same', async () => {
  await bank.kill();
  const degraded = await until(
    'the bank is found down',
    async () => {
      const seen = await health();
      return seen.health.status === 'degraded' ? seen : null;
    },
    { everyMs: 1000 },
  );
  expect(degraded.status).toBe(200);
  expect(degraded.health.wrong).toMatch(/^bank: \S+ does not answer \(.+\)\. Check the network, and HTTPS_PROXY/);
  expect((await fetch(new URL('/healthz', healthUrl))).status).toBe(200);
  await bank.restart();
  await until('the bank is found again', async () => (await health()).health.status === 'ready', { everyMs: 1000 });
});

test('a server that is killed makes the worker unready, naming Temporal, and one that returns makes it ready', async () => {
  await temporal.kill();
  const unready = await until('it is unready', async () => {
    const seen = await health();
    return seen.status === 503 ? seen : null;
  });
  expect(unready.health).toMatchObject({
    status: 'unready',
    wrong: expect.stringMatching(/^temporal: it does not answer from its database/),
  });
  expect(checkOf(unready, 'temporal')!.found).toContain('TEMPORAL_ADDRESS');
  expect((await fetch(new URL('/healthz', healthUrl))).status).toBe(200);
  const lost = await untilScraped('Temporal is down', (samples) => sumOf(samples, 'bunq_keeper_temporal_up') === 0);
  expect(sumOf(lost, 'bunq_keeper_session_expiration_timestamp_seconds', ACME)).not.toBeNull(); // what was listed last
  await temporal.restart();
  await until('it is ready again', async () => (await health()).status === 200);
  await untilScraped('Temporal is up', (samples) => sumOf(samples, 'bunq_keeper_temporal_up') === 1);
});

test('a worker that is started before Temporal answers says so, and is ready with metrics of the SDK as soon as it does', async () => {
  await temporal.kill();
  const started = startKeeper(['worker'], { env: { ...here.env, ...ADDRESSES } });
  const ready = (await started.waitForLine(/"healthUrl":"([^"]+)"/))[1]!;
  await started.waitForLine(/Waiting for Temporal/);
  const answer = await fetch(ready);
  expect([answer.status, await answer.text()]).toEqual([503, expect.stringContaining('Waiting for Temporal at')]);
  await temporal.restart();
  await started.waitForLine(/worker is ready/);
  await until('it is ready', async () => (await fetch(ready)).status === 200);
  const scraped = await (await fetch((await started.waitForLine(/"metricsUrl":"([^"]+)"/))[1]!)).text();
  expect(sumOf(parseMetrics(scraped), 'temporal_request_total')).toBeGreaterThan(0);
});
