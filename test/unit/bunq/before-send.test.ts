import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from '@jest/globals';
import { createSessionServer } from '../../../bunq/session-server.ts';
import { readUser } from '../../../bunq/user.ts';
import { Secret } from '../../../sealing/secret.ts';
import { bunqErrorOf, closeAll, httpBank, installationCaller, sessionCaller, tcpBank, until } from './support.ts';

afterEach(closeAll);

const apiKey = new Secret('3333333333333333333333333333333333333333333333333333333333333333');
const USER = { Response: [{ UserPerson: { id: 5 } }] };
const calls = {
  'a POST with a body': (bank: Parameters<typeof createSessionServer>[0], options: object) =>
    createSessionServer(bank, installationCaller, { apiKey }, options),
  'a GET without a body': (bank: Parameters<typeof createSessionServer>[0], options: object) => readUser(bank, sessionCaller, options),
};

/** Everything that was sent before on any connection has arrived once this round trip is done. */
async function roundTrip(address: string): Promise<void> {
  const [host, port] = address.split(':');
  const socket = connect(Number(port), host);
  await once(socket, 'connect');
  socket.end();
  await once(socket.resume(), 'close');
}

describe.each(Object.entries(calls))('%s', (_name, call) => {
  test('has no byte on the wire before beforeSend is done, though the connection stands', async () => {
    const connections: Socket[] = [];
    const { bank, address, received } = await tcpBank((socket) => {
      connections.push(socket);
      socket.on('end', () => socket.end());
    });
    let receivedBefore = 'beforeSend was not called';
    let connectionsBefore = 0;
    const beforeSend = async () => {
      await until(() => connections.length > 0);
      connectionsBefore = connections.length;
      await roundTrip(address);
      receivedBefore = received();
    };
    const failed = bunqErrorOf(call(bank, { beforeSend }));
    await until(() => received().includes('\r\n\r\n'));
    connections[0]!.destroy();
    expect((await failed).code).toBe('BUNQ_ANSWER_LOST');
    expect(connectionsBefore).toBe(1);
    expect(receivedBefore).toBe('');
  });

  test('sends nothing when beforeSend throws, and fails with that very error', async () => {
    const closed: Promise<unknown>[] = [];
    const { bank, received } = await tcpBank((socket) => void closed.push(once(socket, 'close')));
    const refusal = new Error('this attempt is over');
    await expect(call(bank, { beforeSend: () => Promise.reject(refusal), freshConnection: true })).rejects.toBe(refusal);
    await until(() => closed.length === 1);
    await closed[0];
    expect(received()).toBe('');
  });

  test('given up while beforeSend is still asking, sends nothing when beforeSend comes back', async () => {
    const closed: Promise<unknown>[] = [];
    const { bank, received } = await tcpBank((socket) => void closed.push(once(socket, 'close')));
    const caller = new AbortController();
    let comeBack = () => {};
    const beforeSend = () =>
      new Promise<void>((resolve) => {
        comeBack = resolve;
        caller.abort();
      });
    const error = await bunqErrorOf(call(bank, { beforeSend, signal: caller.signal }));
    comeBack();
    await closed[0];
    expect({ code: error.code, sent: error.sent }).toEqual({ code: 'BUNQ_UNREACHABLE', sent: false });
    expect(received()).toBe('');
  });

  test('calls beforeSend once', async () => {
    const { bank } = await httpBank(() => ({ body: USER }));
    let asked = 0;
    const beforeSend = async () => void asked++;
    await call(bank, { beforeSend }).catch(() => {});
    expect(asked).toBe(1);
  });
});

test('the whole request is signed and complete when beforeSend lets it go', async () => {
  const { bank, seen } = await httpBank(() => ({ body: USER }));
  await createSessionServer(bank, installationCaller, { apiKey }, { beforeSend: async () => {} }).catch(() => {});
  expect(seen).toHaveLength(1);
  expect(seen[0]!.headers).toMatchObject({ 'content-length': String(seen[0]!.body.length), 'x-bunq-client-signature': expect.any(String) });
  expect(seen[0]!.headers).not.toHaveProperty('transfer-encoding');
});

test('calls share connections; one that asks for its own gets it, and it is closed afterwards', async () => {
  const { bank, sockets } = await httpBank(() => ({ body: USER }));
  for (let i = 0; i < 5; i++) await readUser(bank, sessionCaller, { beforeSend: async () => {} });
  const shared = [...sockets];
  expect(shared.length).toBeLessThan(5);
  await readUser(bank, sessionCaller, { freshConnection: true });
  const [fresh, ...others] = [...sockets].slice(shared.length);
  expect(others).toEqual([]);
  await until(() => fresh!.destroyed);
  expect(shared.map(({ destroyed }) => destroyed)).not.toContain(true);
});
