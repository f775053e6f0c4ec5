import type { TestConnection } from '../support/connection.ts';
import { startKeeper } from '../support/keeper.ts';
import { DAY, HOUR, MINUTE } from '../support/virtual-time.ts';
import { attemptsOf, goAway, setWebhook, takenOf } from '../support/webhook.ts';

/** What a connection tells by webhook: what may want a person, and its end; durably, and beside its work. */

const keeper = await startKeeper('test');

beforeAll(() => setWebhook(true));
afterEach(() => keeper.finish());

const told = ({ egress }: TestConnection) => takenOf(egress).map(({ type }) => type);
const untilTold = (connection: TestConnection, count: number, withinMs = 5 * MINUTE) =>
  connection.until(`has told ${count} events`, () => told(connection).length >= count, withinMs);
const OUTAGE = { endpoint: 'POST /session-server', kind: 'status', status: 503, times: null } as const;

test('an outage of minutes is told to nobody, one of hours is, and both directions of it', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: 2 * DAY, sessionLifetimeMs: 2 * DAY });
  await acme.onboard();
  await acme.becomes('ACTIVE');
  acme.simulator.fault(OUTAGE);
  await acme.renew();
  await acme.becomes('DEGRADED');
  acme.simulator.clearFaults();
  await acme.becomes('ACTIVE', 5 * MINUTE);
  await keeper.time.pass(HOUR);
  expect(told(acme)).toEqual([]);
  acme.simulator.fault(OUTAGE);
  await acme.renew();
  await keeper.time.pass(2 * HOUR);
  expect(told(acme)).toEqual(['connection.degraded']);
  acme.simulator.clearFaults();
  await acme.becomes('ACTIVE', HOUR);
  await untilTold(acme, 2);
  expect(takenOf(acme.egress)[1]).toMatchObject({
    type: 'connection.recovered',
    data: { state: 'ACTIVE', recovered: { from: 'DEGRADED' } },
  });
});

test('what a person is to do is told at once with the command, and so are no session and the end of both', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: 2 * DAY });
  await acme.onboard({ callbackUrls: ['https://[acme.example/'] });
  await acme.becomes('ACTION_REQUIRED');
  await untilTold(acme, 1, MINUTE);
  const [first] = takenOf(acme.egress);
  expect(first).toMatchObject({
    type: 'connection.action_required',
    data: { name: 'acme', action: { code: 'CALLBACK_URL_REFUSED', remedy: expect.stringContaining('bunq-keeper callback-urls acme set') } },
  });
  await acme.setCallbackUrls([]);
  await acme.becomes('ACTIVE');
  await untilTold(acme, 2, MINUTE);
  acme.simulator.fault(OUTAGE);
  await acme.becomes('LAPSED', 3 * DAY);
  acme.simulator.clearFaults();
  await acme.becomes('ACTIVE', HOUR);
  await untilTold(acme, 5);
  expect(told(acme)).toEqual([
    'connection.action_required',
    'connection.recovered',
    'connection.degraded',
    'connection.lapsed',
    'connection.recovered',
  ]);
});

test('a receiver that is away is tried again for days, in order and without holding up renewals, also across continue-as-new', async () => {
  const acme = await keeper.connection('acme', { firstSessionLifetimeMs: HOUR, sessionLifetimeMs: HOUR });
  const comeBack = goAway(acme.egress);
  await acme.onboard({ callbackUrls: ['https://[acme.example/'] });
  await acme.becomes('ACTION_REQUIRED');
  const { runId } = await acme.handle.describe();
  await keeper.time.pass(DAY);
  expect((await acme.handle.describe()).runId).not.toBe(runId);
  await acme.setCallbackUrls([]);
  await keeper.time.pass(HOUR);
  expect((await acme.state()).outbox!.queue.map(({ type }) => type)).toEqual(['connection.action_required', 'connection.recovered']);
  expect([told(acme), attemptsOf(acme.egress)]).toEqual([[], 7]);
  expect(acme.simulator.lapses({ connection: 'acme' })).toEqual([]);
  comeBack();
  await untilTold(acme, 2, DAY);
  expect(told(acme)).toEqual(['connection.action_required', 'connection.recovered']);
  const ids = takenOf(acme.egress).map(({ id }) => id);
  expect(new Set(ids).size).toBe(2);
});
