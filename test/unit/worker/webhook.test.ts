import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { Webhook } from 'standardwebhooks';
import { Secret } from '../../../sealing/secret.ts';
import { createWebhookSender } from '../../../worker/webhook.ts';
import { dueEvent, EMPTY_OUTBOX, noteEvent } from '../../../workflows/outbox.ts';
import { statusOf } from '../../../workflows/status.ts';
import { onboarded, T0 } from '../workflows/states.ts';

/** The receiver checks with Standard Webhooks' own library, as those who get the events will. */

const [FIRST, SECOND] = ['first', 'second'].map((text) => `whsec_${Buffer.from(text.padEnd(32, '.')).toString('base64')}`) as [
  string,
  string,
];
const STATUS = statusOf(onboarded(), { workflowId: 'provider.sandbox.acme', runId: 'run', running: null }, T0);
const EVENT = dueEvent(noteEvent(EMPTY_OUTBOX, 'connection.lapsed', STATUS, 'evt_1', T0), T0)!;

const requests: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
let answer = (response: ServerResponse) => void response.writeHead(204).end();

const server = createServer(async (request, response) => {
  requests.push({ url: request.url!, headers: request.headers, body: await text(request) });
  answer(response);
});
const port = await new Promise<number>((resolve) => server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)));
const senders: ReturnType<typeof createWebhookSender>[] = [];
afterAll(async () => {
  await Promise.all(senders.map((sender) => sender.close()));
  server.close();
});

function sender(path = '/hooks?key=hidden', secrets = [FIRST]) {
  const url = new URL(path, `http://127.0.0.1:${port}`);
  const made = createWebhookSender({ url, secrets: secrets.map((secret) => new Secret(secret)) }, {});
  senders.push(made);
  return made;
}

const verify = (secret: string, { body, headers } = requests.at(-1)!) =>
  new Webhook(secret).verify(body, headers as Record<string, string>);

test('an event is posted as Standard Webhooks has it, and verifies with its library', async () => {
  await sender().tell(EVENT);
  const { url, headers } = requests.at(-1)!;
  expect(url).toBe('/hooks?key=hidden');
  expect(headers).toMatchObject({ 'webhook-id': 'evt_1', 'content-type': 'application/json' });
  expect(verify(FIRST)).toEqual({ type: 'connection.lapsed', timestamp: EVENT.timestamp, data: JSON.parse(JSON.stringify(EVENT.data)) });
  expect(() => verify(SECOND)).toThrow();
  const { body, ...rest } = requests.at(-1)!;
  expect(() => verify(FIRST, { ...rest, body: body.replace('acme', 'evil') })).toThrow();
});

test('while a secret is replaced, the event verifies with either', async () => {
  await sender('/', [FIRST, SECOND]).tell(EVENT);
  for (const secret of [FIRST, SECOND]) expect(verify(secret)).toMatchObject({ type: 'connection.lapsed' });
});

test.each([199 + 101, 400, 410, 500])('%d is not taken, and says so without the address’s secrets', async (status) => {
  answer = (response) => void response.writeHead(status, { location: '/elsewhere' }).end('no');
  const count = requests.length;
  await expect(sender().tell(EVENT)).rejects.toMatchObject({
    name: 'WebhookError',
    message: `the receiver at 127.0.0.1:${port} answered ${status}.`,
  });
  expect(requests.length).toBe(count + 1); // a redirect is not followed
});

test('a receiver that cuts the connection, or is not there, is named with the reason', async () => {
  answer = (response) => void response.socket!.destroy();
  await expect(sender().tell(EVENT)).rejects.toThrow(/^the receiver at 127\.0\.0\.1:\d+ cannot be reached \([A-Z_]+\)\.$/);
  const nobody = createWebhookSender({ url: new URL('http://127.0.0.1:1/hidden'), secrets: [new Secret(FIRST)] }, {});
  senders.push(nobody);
  await expect(nobody.tell(EVENT)).rejects.toThrow('the receiver at 127.0.0.1:1 cannot be reached (ECONNREFUSED).');
});
