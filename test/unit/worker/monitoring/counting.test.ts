import { ApplicationFailure } from '@temporalio/common';
import { createBank } from '../../../../bunq/bank.ts';
import { readUser } from '../../../../bunq/user.ts';
import { sinksOf } from '../../../../worker/events.ts';
import { countBankCalls, countEvents, countSlots } from '../../../../worker/monitoring/counting.ts';
import { createMetrics } from '../../../../worker/monitoring/metrics.ts';
import type { ConnectionStatus } from '../../../../workflows/messages.ts';
import { parseMetrics, samplesOf, sumOf } from '../../../support/metrics.ts';
import { closeAll, httpBank, realClock, sessionCaller } from '../../bunq/support.ts';

afterEach(closeAll);

const metrics = createMetrics('sandbox');
const scraped = async () => parseMetrics(await metrics.registry.metrics());
beforeEach(() => metrics.registry.resetMetrics());

test('a call is counted by endpoint and outcome, and timed by status; one that did not arrive is not a success', async () => {
  const observer = countBankCalls(metrics, 'default', () => 1_700_000_000_000);
  const { bank } = await httpBank(() => ({ status: 429, body: { Error: [{ error_description: 'Too many.' }] } }), { observer });
  await expect(readUser(bank, sessionCaller)).rejects.toThrow();
  const nowhere = createBank({ apiUrl: 'http://127.0.0.1:1/v1', clock: realClock, observer });
  await expect(readUser(nowhere, sessionCaller)).rejects.toThrow();
  await nowhere.close();
  const samples = await scraped();
  const user = { egress: 'default', endpoint: 'GET user' };
  expect(samplesOf(samples, 'bunq_keeper_bank_calls_total', user).map(({ labels, value }) => [labels.outcome, value])).toEqual([
    ['BUNQ_RATE_LIMITED', 1],
    ['BUNQ_UNREACHABLE', 1],
  ]);
  expect(
    samplesOf(samples, 'bunq_keeper_bank_call_duration_seconds_count', user).map(({ labels, value }) => [labels.status, value]),
  ).toEqual([
    ['4xx', 1],
    ['unreachable', 1],
  ]);
  expect(sumOf(samples, 'bunq_keeper_bank_last_success_timestamp_seconds')).toBeNull();
});

test('events go to every listener that names them, and renewals are counted by outcome', async () => {
  const heard: string[] = [];
  const { keeper } = sinksOf({ repaired: ({ name }, what) => void heard.push(`${name} ${what}`) }, countEvents(metrics));
  const [acme, alice] = ['acme', 'acme/alice'].map((name) => ({ name }) as ConnectionStatus) as [ConnectionStatus, ConnectionStatus];
  const info = {} as Parameters<typeof keeper.repaired.fn>[0];
  await keeper.sessionRenewed.fn(info, alice);
  await keeper.stepFailed.fn(info, acme, 'session', 'BUNQ_UNREACHABLE', true);
  await keeper.stepFailed.fn(info, acme, 'session', 'BUNQ_UNREACHABLE', false);
  await keeper.repaired.fn(info, acme, 'credential');
  for (const againAtMs of [1, 2, null])
    await keeper.eventUndelivered.fn(info, acme, { id: 'evt_1', type: 'connection.lapsed', againAtMs, why: 'it answered 503' });
  expect(heard).toEqual(['acme credential']);
  const samples = await scraped();
  expect(sumOf(samples, 'bunq_keeper_renewals_total', { kind: 'user', outcome: 'renewed' })).toBe(1);
  expect(sumOf(samples, 'bunq_keeper_renewals_total', { kind: 'provider', outcome: 'BUNQ_UNREACHABLE' })).toBe(1);
  expect(sumOf(samples, 'bunq_keeper_step_failures_total', { step: 'session', code: 'BUNQ_UNREACHABLE' })).toBe(2);
  const failures = samplesOf(samples, 'bunq_keeper_webhook_failures_total', { type: 'connection.lapsed' });
  expect(failures.map(({ labels, value }) => [labels.outcome, value])).toEqual([
    ['again', 2],
    ['given_up', 1],
  ]);
  expect(sumOf(samples, 'bunq_keeper_repairs_total', { kind: 'provider', what: 'credential' })).toBe(1);
  expect(new Set(Object.values(keeper).map(({ callDuringReplay }) => callDuringReplay))).toEqual(new Set([false]));
});

test.each([
  ['opened', null],
  ['refused', ApplicationFailure.create({ details: [{ sent: true }] })],
  ['unused', ApplicationFailure.create({ details: [{ sent: false }] })],
  ['unclear', ApplicationFailure.create({ details: [{ sent: 'unknown' }] })],
  ['unclear', new Error('whatever')],
] as const)('a slot: %s', async (outcome, failure) => {
  const { execute } = countSlots(metrics, 'default');
  const next = async () => {
    if (failure) throw failure;
  };
  await execute!({ args: [], headers: {} }, next).catch(() => {});
  expect(samplesOf(await scraped(), 'bunq_keeper_slots_total').map(({ labels, value }) => [labels.outcome, value])).toEqual([[outcome, 1]]);
});
