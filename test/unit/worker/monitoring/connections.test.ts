import {
  figuresOf,
  type ListedStatus,
  MOST_IN_TROUBLE,
  OTHER_PROVIDERS,
  showConnections,
} from '../../../../worker/monitoring/connections.ts';
import { createMetrics } from '../../../../worker/monitoring/metrics.ts';
import type { LifecycleState } from '../../../../workflows/state.ts';
import { parseMetrics, type Sample, samplesOf, sumOf } from '../../../support/metrics.ts';
import { DAY, HOUR, T0 } from '../../workflows/states.ts';

const iso = (ms: number) => new Date(ms).toISOString();

/** A session of 90 days that was opened so long ago. */
const sessionOpened = (agoMs: number) => ({
  openedAt: iso(T0 - agoMs),
  renewAt: iso(T0 - agoMs + 60 * DAY),
  expiresAt: iso(T0 - agoMs + 90 * DAY),
  userId: 5,
});

const status = (name: string, state: LifecycleState = 'ACTIVE', more: Partial<ListedStatus> = {}): ListedStatus => ({
  name,
  egress: 'default',
  state,
  session: sessionOpened(30 * DAY),
  certificate: null,
  action: null,
  ...more,
});

async function shown(statuses: readonly ListedStatus[], mostEndUsers = 1000, closed: readonly { name: string }[] = []): Promise<Sample[]> {
  const metrics = createMetrics('sandbox');
  showConnections(metrics, figuresOf(statuses, closed, mostEndUsers, T0));
  return parseMetrics(await metrics.registry.metrics());
}

const names = (samples: readonly Sample[]) => samplesOf(samples, 'bunq_keeper_connection_state').map(({ labels }) => labels.connection);

test('a connection has its state and the times of its session, in seconds', async () => {
  const samples = await shown([status('acme')]);
  const acme = { environment: 'sandbox', provider: 'acme', connection: 'acme' };
  expect(samplesOf(samples, 'bunq_keeper_connection_state')).toEqual([
    { name: 'bunq_keeper_connection_state', labels: { ...acme, state: 'ACTIVE' }, value: 1 },
  ]);
  expect(sumOf(samples, 'bunq_keeper_session_expiration_timestamp_seconds', acme)).toBe((T0 + 60 * DAY) / 1000);
  expect(sumOf(samples, 'bunq_keeper_session_renewal_timestamp_seconds', acme)).toBe((T0 + 30 * DAY) / 1000);
});

test('a provider and its end users are told apart: counts, the first end, the least left, and what is overdue', async () => {
  const samples = await shown([
    status('acme'),
    status('acme/alice', 'ACTIVE', { session: sessionOpened(81 * DAY) }),
    status('acme/bob', 'DEGRADED', { session: sessionOpened(45 * DAY) }),
    status('acme/carol', 'AWAITING_AUTHORIZATION', { session: null }),
  ]);
  const users = { provider: 'acme', kind: 'user' };
  expect(samplesOf(samples, 'bunq_keeper_connections', users).map(({ labels, value }) => [labels.state, value])).toEqual([
    ['ACTIVE', 1],
    ['DEGRADED', 1],
    ['AWAITING_AUTHORIZATION', 1],
  ]);
  expect(sumOf(samples, 'bunq_keeper_session_earliest_expiration_timestamp_seconds', users)).toBe((T0 + 9 * DAY) / 1000);
  expect(sumOf(samples, 'bunq_keeper_session_least_life_left_ratio', users)).toBeCloseTo(0.1);
  expect(sumOf(samples, 'bunq_keeper_sessions_overdue', users)).toBe(1);
  expect(sumOf(samples, 'bunq_keeper_sessions_overdue', { provider: 'acme', kind: 'provider' })).toBe(0);
});

test.each(['ACTIVE', 'RENEWING', 'DEGRADED'] as const)(
  '%s with a session that has ended since is LAPSED: nobody was there to say so',
  async (state) => {
    const samples = await shown([status('acme', state, { session: sessionOpened(90 * DAY) })]);
    expect(sumOf(samples, 'bunq_keeper_connections', { state: 'LAPSED' })).toBe(1);
    expect(sumOf(samples, 'bunq_keeper_connection_state', { state: 'LAPSED' })).toBe(1);
    expect(sumOf(samples, 'bunq_keeper_session_least_life_left_ratio')).toBe(0);
  },
);

test('a session that a user has revoked is not missed', async () => {
  const samples = await shown([status('acme/alice', 'REVOKED', { session: sessionOpened(89 * DAY) })]);
  expect(sumOf(samples, 'bunq_keeper_connections', { state: 'REVOKED' })).toBe(1);
  expect(sumOf(samples, 'bunq_keeper_session_least_life_left_ratio')).toBeNull();
  expect(sumOf(samples, 'bunq_keeper_sessions_overdue')).toBe(0);
});

test('what waits for a person is counted by its code, and the end of a certificate is told', async () => {
  const action = { code: 'SIGNER_REFUSED' as const } as ListedStatus['action'];
  const certificate = { subject: '', authorizationNumber: null, roles: [], expiresAt: iso(T0 + 20 * DAY) };
  const samples = await shown([status('acme', 'ACTION_REQUIRED', { action, certificate })]);
  expect(sumOf(samples, 'bunq_keeper_actions_required', { provider: 'acme', kind: 'provider', code: 'SIGNER_REFUSED' })).toBe(1);
  expect(sumOf(samples, 'bunq_keeper_certificate_expiration_timestamp_seconds', { provider: 'acme' })).toBe((T0 + 20 * DAY) / 1000);
});

test('as many end users as may be have series of their own; with one more only those in trouble have, the worst first', async () => {
  const users = ['acme/a', 'acme/b', 'acme/c'].map((name) => status(name));
  expect(names(await shown([status('acme'), ...users], 3))).toEqual(['acme', 'acme/a', 'acme/b', 'acme/c']);
  const many = [status('acme'), ...users, status('acme/d', 'DEGRADED'), status('acme/e', 'LAPSED', { session: null })];
  const samples = await shown(many, 3);
  expect(names(samples)).toEqual(['acme', 'acme/e', 'acme/d']);
  expect(sumOf(samples, 'bunq_keeper_end_users_not_shown')).toBe(3);
  expect(sumOf(samples, 'bunq_keeper_connections', { provider: 'acme', kind: 'user' })).toBe(5);
});

test('twenty thousand end users in trouble, of two thousand providers: the number of series is bounded, and nothing is left uncounted', async () => {
  const certificate = { subject: '', authorizationNumber: null, roles: [], expiresAt: iso(T0 + 20 * DAY) };
  const providers = Array.from({ length: 2000 }, (_, index) => status(`p${String(index).padStart(4, '0')}`, 'ACTIVE', { certificate }));
  const users = Array.from({ length: 20_000 }, (_, index) => status(`p${String(index % 2000).padStart(4, '0')}/u${index}`, 'DEGRADED'));
  const last = status('p9999', 'ACTIVE', { certificate: { ...certificate, expiresAt: iso(T0 + HOUR) }, session: sessionOpened(85 * DAY) });
  const samples = await shown([...providers, ...users, last]);
  expect(names(samples)).toHaveLength(1000 + MOST_IN_TROUBLE);
  expect(sumOf(samples, 'bunq_keeper_connections')).toBe(22_001);
  expect(samples.length).toBeLessThan(15_000);
  const other = { provider: OTHER_PROVIDERS };
  expect(sumOf(samples, 'bunq_keeper_certificate_expiration_timestamp_seconds', other)).toBe((T0 + HOUR) / 1000);
  expect(sumOf(samples, 'bunq_keeper_session_earliest_expiration_timestamp_seconds', { ...other, kind: 'provider' })).toBe(
    (T0 + 5 * DAY) / 1000,
  );
});

test('connections whose workflow was closed are counted, also of a provider of whom nothing runs any more', async () => {
  const samples = await shown([status('acme')], 1000, [{ name: 'acme/alice' }, { name: 'acme/bob' }, { name: 'beta' }]);
  expect(samplesOf(samples, 'bunq_keeper_closed_connections').map(({ labels, value }) => [labels.provider, labels.kind, value])).toEqual([
    ['acme', 'provider', 0],
    ['acme', 'user', 2],
    ['beta', 'provider', 1],
  ]);
});

test('a connection that is gone is told no more', async () => {
  const metrics = createMetrics('sandbox');
  showConnections(metrics, figuresOf([status('acme'), status('beta')], [], 10, T0));
  showConnections(metrics, figuresOf([status('beta')], [], 10, T0));
  expect(await metrics.registry.metrics()).not.toContain('acme');
});
