import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { type Simulator, startSimulator } from '../../simulator/index.ts';
import { decodedPayloads } from '../support/payloads.ts';
import { searchForSecrets } from '../support/secret-search.ts';
import { type TestTemporal, temporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { untilStatus } from './support/consents.ts';
import { type Scene, scene } from './support/scene.ts';
import { onboardingOf } from './support/who.ts';

/** A worker tells a receiver, who checks the signature; and what is to be told outlives the worker. */

const SECRET = `whsec_${Buffer.from('the secret of the webhook, 32 b.').toString('base64')}`;
const CALLBACK_URL = 'https://acme.example/callback';
const REFUSED_URL = 'https://[acme.example/';

let temporal: TestTemporal;
let bank: Simulator;
let here: Scene;
let status = 503;
const received: { headers: IncomingHttpHeaders; body: string; status: number }[] = [];

const receiver = createServer(async (request, response) => {
  received.push({ headers: request.headers, body: await text(request), status });
  response.writeHead(status).end();
});

beforeAll(async () => {
  [temporal, bank] = await Promise.all([temporalServer(), startSimulator({ rateLimits: false })]);
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  const { port } = receiver.address() as AddressInfo;
  const webhook = { KEEPER_WEBHOOK_URL: `http://127.0.0.1:${port}/hooks?key=of-the-address`, KEEPER_WEBHOOK_SECRET: SECRET };
  here = scene(temporal, bank, { KEEPER_SESSION_GAP: '1s', KEEPER_CALL_LIMITS: 'off', ...webhook });
});
afterAll(async () => {
  receiver.close();
  await bank.close();
});

const verified = ({ headers, body }: (typeof received)[number]) =>
  new Webhook(SECRET).verify(body, headers as Record<string, string>) as { type: string; data: { name: string; action: unknown } };

test('what waits for a person is told when the receiver is there again, though the worker that saw it was killed; then its end', async () => {
  const worker = await here.startWorker();
  const onboarding = await onboardingOf('provider', bank, [CALLBACK_URL]);
  await here.keeper.onboard('acme', { ...onboarding, callbackUrls: [CALLBACK_URL, REFUSED_URL] }); // the command line would refuse it
  await untilStatus(here.keeper, 'acme', ({ state }) => state === 'ACTION_REQUIRED');
  await until('it was not taken', () => received.length > 0);
  await worker.kill();
  status = 204;
  const next = await here.startWorker();
  const taken = () => received.filter((one) => one.status === 204);
  await until('it was taken', () => taken().length === 1);
  expect(verified(taken()[0]!)).toMatchObject({
    type: 'connection.action_required',
    data: { name: 'acme', action: { code: 'CALLBACK_URL_REFUSED' } },
  });
  expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
  await here.keeper.setCallbackUrls('acme', { wanted: [CALLBACK_URL] });
  await until('its end was taken', () => taken().length === 2);
  expect(verified(taken()[1]!)).toMatchObject({ type: 'connection.recovered', data: { recovered: { code: 'CALLBACK_URL_REFUSED' } } });

  const output = [worker, next].map(({ stdout, stderr }) => stdout + stderr).join('\n');
  expect(output).toContain('"event":"webhook failed"');
  const secrets = [
    ...bank.secrets().map(({ kind, id, value }) => ({ label: `${kind} ${id}`, value })),
    { label: 'webhook secret', value: SECRET.slice('whsec_'.length) },
    { label: 'secret of the address', value: 'of-the-address' },
  ];
  const payloads = await decodedPayloads(temporal.client, [`provider.${here.environment}.acme`]);
  const told = received.map(({ body }) => body).join('\n');
  const haystacks = [{ path: temporal.dbFile }, ...payloads, { name: 'output', bytes: output }, { name: 'events', bytes: told }];
  expect(searchForSecrets(secrets, haystacks)).toEqual([]);
});
