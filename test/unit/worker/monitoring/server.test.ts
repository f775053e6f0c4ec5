import { type Health, healthOf } from '../../../../worker/monitoring/health.ts';
import { startMonitoringServers, type Told } from '../../../../worker/monitoring/server.ts';
import { atEnd } from '../../../support/at-end.ts';

const ANYWHERE = { host: '127.0.0.1', port: 0 };

const told = (health: Health = healthOf([])): Told => ({ metrics: async () => 'bunq_keeper_temporal_up 1\n', health: async () => health });

async function start(...[metricsAt, healthAt, what]: Parameters<typeof startMonitoringServers>) {
  const servers = await startMonitoringServers(metricsAt, healthAt, what);
  atEnd(servers.close);
  return servers;
}

test('metrics are in the text format, compressed for who takes that, and health is not at that address', async () => {
  const { metricsUrl, healthUrl } = await start(ANYWHERE, null, told());
  const answer = await fetch(`${metricsUrl}metrics`);
  expect([answer.status, answer.headers.get('content-type'), await answer.text()]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'bunq_keeper_temporal_up 1\n',
  ]);
  expect(healthUrl).toBeNull();
  expect((await fetch(`${metricsUrl}readyz`)).status).toBe(404);
});

test('ready and degraded are 200, unready is 503, and alive is alive', async () => {
  const bank = { name: 'bank', needed: false, ok: false, found: 'down' };
  const temporal = { name: 'temporal', needed: true, ok: false, found: 'down' };
  for (const [checks, status] of [
    [[], 200],
    [[bank], 200],
    [[bank, temporal], 503],
  ] as const) {
    const { healthUrl } = await start(null, ANYWHERE, told(healthOf(checks)));
    const answer = await fetch(`${healthUrl}readyz`);
    expect([answer.status, await answer.json()]).toEqual([status, healthOf(checks)]);
    expect((await fetch(`${healthUrl}healthz`)).status).toBe(200);
    expect((await fetch(`${healthUrl}metrics`)).status).toBe(404);
  }
});

test('nothing but reading is taken', async () => {
  const { healthUrl } = await start(null, ANYWHERE, told());
  const answer = await fetch(`${healthUrl}readyz`, { method: 'POST', body: '{}' });
  expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
  expect((await fetch(`${healthUrl}readyz`, { method: 'HEAD' })).status).toBe(200);
});

test('one address for both is one server; one that is taken is named with its setting', async () => {
  const { metricsUrl } = await start(ANYWHERE, null, told());
  const taken = { host: '127.0.0.1', port: Number(new URL(metricsUrl!).port) };
  const said = `KEEPER_HEALTH_ADDRESS 127.0.0.1:${taken.port} cannot be used: another process listens there.`;
  await expect(startMonitoringServers(ANYWHERE, taken, told())).rejects.toThrow(said);
  const free = await startMonitoringServers(ANYWHERE, null, told());
  const port = Number(new URL(free.metricsUrl!).port);
  await free.close();
  const both = await start({ host: '127.0.0.1', port }, { host: '127.0.0.1', port }, told());
  expect(both.metricsUrl).toBe(both.healthUrl);
  expect([(await fetch(`${both.metricsUrl}metrics`)).status, (await fetch(`${both.healthUrl}readyz`)).status]).toEqual([200, 200]);
});
