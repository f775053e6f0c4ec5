import pino from 'pino';
import { NotCompletedError } from '../../../client/authorizations.ts';
import { parseAddressList } from '../../../settings/address-list.ts';
import { startCallbackServer } from '../../../worker/callback-server.ts';
import { type NotificationOptions, senderOf } from '../../../worker/notification-route.ts';
import { atEnd } from '../../support/at-end.ts';

const list = (text: string) => parseAddressList(text)!;
const LOOPBACK = list('127.0.0.1');
const BODY = '{"NotificationUrl":{"category":"OAUTH","object":{"UserApiKey":{"id":77}}}}\n';

type Taken = Parameters<NotificationOptions['take']>;

async function start(options: Partial<NotificationOptions> | null) {
  const taken: Taken[] = [];
  const lines: string[] = [];
  const given = {
    senders: LOOPBACK,
    proxies: null,
    ...options,
    take: async (...call: Taken) => {
      taken.push(call);
      return (await options?.take?.(...call)) ?? { connections: ['acme/alice'] };
    },
  };
  const server = await startCallbackServer(
    { host: '127.0.0.1', port: 0 },
    {
      complete: async () => ({ name: null, outcome: 'unknown' }),
      notifications: options && given,
      log: pino({ base: null }, { write: (line: string) => void lines.push(line) }),
    },
  );
  atEnd(() => server.close());
  const send = (init: RequestInit = {}, path = 'bunq/notification/acme') =>
    fetch(new URL(path, server.url), { method: 'POST', body: BODY, ...init });
  return { taken, send, log: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) };
}

test('a notification is handed on byte for byte, with its signature, and answered 200', async () => {
  const { taken, send, log } = await start({});
  const answer = await send({ headers: { 'X-Bunq-Server-Signature': 'c2lnbmVk' } });
  expect([answer.status, await answer.text()]).toEqual([200, '']);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(taken).toEqual([['acme', { bytes: new Uint8Array(Buffer.from(BODY)), signature: 'c2lnbmVk' }]]);
  expect(log()).toEqual([expect.objectContaining({ event: 'notification', provider: 'acme', connections: ['acme/alice'] })]);
});

test('without the setting no notification is taken', async () => {
  const { taken, send } = await start(null);
  expect((await send()).status).toBe(405);
  expect(taken).toEqual([]);
});

test('one of another sender is refused unread, and the sender is logged', async () => {
  const { taken, send, log } = await start({ senders: list('bunq') });
  expect((await send()).status).toBe(403);
  expect(taken).toEqual([]);
  expect(log()).toEqual([expect.objectContaining({ level: 40, sender: '127.0.0.1' })]);
});

test('one that the bank has not signed is refused', async () => {
  const { send } = await start({ take: async () => 'forged' });
  expect((await send()).status).toBe(403);
});

test('one that cannot be looked into now is answered so that the bank sends it again', async () => {
  const { send } = await start({
    take: async () => {
      throw new NotCompletedError('Temporal does not answer');
    },
  });
  expect((await send()).status).toBe(503);
});

test('one that is too large is not read', async () => {
  const { taken, send } = await start({});
  expect((await send({ body: 'x'.repeat(65 * 1024) })).status).toBe(413);
  expect(taken).toEqual([]);
});

test.each([
  ['203.0.113.9', '185.40.108.1', null, '203.0.113.9'],
  ['127.0.0.1', '185.40.108.1', LOOPBACK, '185.40.108.1'],
  ['127.0.0.1', '185.40.108.1, 203.0.113.9', LOOPBACK, '203.0.113.9'],
  ['203.0.113.9', '185.40.108.1', LOOPBACK, '203.0.113.9'],
  ['127.0.0.1', undefined, LOOPBACK, '127.0.0.1'],
  ['127.0.0.1', '185.40.108.1,', LOOPBACK, ''],
])('from %s, forwarded for %p, the sender is known', (remote, forwardedFor, proxies, sender) => {
  expect(senderOf(remote, forwardedFor, proxies)).toBe(sender);
});
