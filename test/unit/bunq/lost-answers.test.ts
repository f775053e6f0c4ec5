import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Bank, BankOptions, Clock } from '../../../bunq/bank.ts';
import { createSessionServer } from '../../../bunq/session-server.ts';
import { readUser } from '../../../bunq/user.ts';
import { Secret } from '../../../sealing/secret.ts';
import {
  bankAt,
  bunqErrorOf,
  closeAll,
  httpBank,
  installationCaller,
  realClock,
  sessionCaller,
  signedByBank,
  tcpBank,
  until,
  vector,
} from './support.ts';

afterEach(closeAll);

const BODY = '{"Response":[{"UserPerson":{"id":5}}]}';
const HEAD = `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nX-Bunq-Server-Signature: ${signedByBank(BODY)}\r\n`;
const post = (bank: Bank, options = {}) => createSessionServer(bank, installationCaller, { apiKey: new Secret('3'.repeat(64)) }, options);

/** A bank that writes this to whoever has sent a whole request head, and then does `after`. */
const answering = (text: string, after: 'end' | 'reset' | 'nothing', options?: Partial<BankOptions>) =>
  tcpBank((socket) => {
    socket.once('data', () =>
      socket.write(text, () => {
        if (after === 'end') socket.end();
        if (after === 'reset') socket.resetAndDestroy();
      }),
    );
  }, options);

describe('an answer that was lost on its way: it was sent, and may have had its effect', () => {
  test.each<[string, string, 'end' | 'reset' | 'nothing', Partial<BankOptions>]>([
    ['closed without an answer', '', 'end', {}],
    ['reset without an answer', '', 'reset', {}],
    ['ended within the head', 'HTTP/1.1 200 OK\r\nContent-Le', 'end', {}],
    ['ended within the body', `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`, 'end', {}],
    ['reset within the body', `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`, 'reset', {}],
    ['ended within a chunk', `${HEAD}Transfer-Encoding: chunked\r\n\r\n26\r\n${BODY.slice(0, 20)}`, 'end', {}],
    ['not HTTP', 'SSH-2.0-OpenSSH_9.9\r\n', 'end', {}],
    ['silent beyond the headers time-out', '', 'nothing', { timeouts: { headersMs: 50 } }],
    [
      'stuck within the body beyond its time-out',
      `${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`,
      'nothing',
      { timeouts: { bodyMs: 50 } },
    ],
    ['silent beyond the time-out for all', '', 'nothing', { timeouts: { totalMs: 50 } }],
  ])('%s', async (_what, text, after, options) => {
    const { bank } = await answering(text, after, options);
    const error = await bunqErrorOf(post(bank));
    expect(error).toMatchObject({ code: 'BUNQ_ANSWER_LOST', sent: 'unknown', status: null, endpoint: 'POST /v1/session-server' });
  });
});

test('a body without a length that ends too early does not verify', async () => {
  const { bank } = await answering(`${HEAD}Connection: close\r\n\r\n${BODY.slice(0, 20)}`, 'end');
  expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_RESPONSE_UNVERIFIED');
});

test('the time-out for all is asked of the given clock, and covers the whole call', async () => {
  const deadline = new AbortController();
  const asked: number[] = [];
  const clock: Clock = {
    ...realClock,
    deadline: (ms) => {
      asked.push(ms);
      return deadline.signal;
    },
  };
  const { bank, received } = await answering(`${HEAD}Content-Length: ${BODY.length}\r\n\r\n${BODY.slice(0, 20)}`, 'nothing', { clock });
  const failed = bunqErrorOf(post(bank));
  await until(() => received().length > 0);
  deadline.abort();
  expect((await failed).message).toContain('not done within 5000 ms');
  expect(asked).toEqual([5000]);
});

test('a caller that gives the call up gets an error that says so', async () => {
  const caller = new AbortController();
  const { bank, received } = await answering('', 'nothing');
  const failed = bunqErrorOf(post(bank, { signal: caller.signal }));
  await until(() => received().length > 0);
  caller.abort();
  expect(await failed).toMatchObject({ code: 'BUNQ_ANSWER_LOST', message: expect.stringContaining('given up by the caller') });
});

test('a request is sent once: nothing is repeated on a connection that went stale', async () => {
  let served = 0;
  const { bank, seen } = await httpBank((_request, response) => {
    if (served++ === 0) return { body: BODY };
    response.socket?.destroy();
    return undefined;
  });
  await readUser(bank, sessionCaller);
  await new Promise((resolve) => setImmediate(resolve)); // undici takes the connection back
  expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_ANSWER_LOST');
  expect(seen).toHaveLength(2);
});

describe('no connection: nothing was sent', () => {
  test('nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await until(() => server.listening);
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await bunqErrorOf(post(bankAt(`http://127.0.0.1:${port}/v1`)));
    expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false, status: null });
    expect(error.message).toBe('POST /v1/session-server: nothing was sent: ECONNREFUSED (BUNQ_UNREACHABLE, HTTP none, response none)');
  });

  test('a certificate that no known authority issued: the error names the remedy', async () => {
    const requests: string[] = [];
    const server = createTlsServer(
      { key: vector('pseudo-key.pem'), cert: vector('pseudo-cert.pem') },
      ({ url }) => void requests.push(url ?? ''),
    );
    server.listen(0, '127.0.0.1');
    await until(() => server.listening);
    const error = await bunqErrorOf(post(bankAt(`https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`)));
    await new Promise((resolve) => server.close(resolve));
    expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false, message: expect.stringContaining('NODE_EXTRA_CA_CERTS') });
    expect(requests).toEqual([]);
  });

  test('a connection that never stands, within the time-out for all', async () => {
    // TLS to a server that never says a word: the connection does not come to stand.
    const { address, received } = await tcpBank(() => {});
    const error = await bunqErrorOf(post(bankAt(`https://${address}/v1`, { timeouts: { totalMs: 50 } })));
    expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false });
    expect(received()).not.toContain('session-server');
  });
});

describe('the limit on the size of an answer', () => {
  const large = { body: `{"Response":[],"More":"${'x'.repeat(2000)}"}` };

  test('an answer beyond it is invalid', async () => {
    const { bank } = await httpBank(() => large, { maxAnswerBytes: 1000 });
    const error = await bunqErrorOf(readUser(bank, sessionCaller));
    expect(error).toMatchObject({ code: 'BUNQ_RESPONSE_INVALID', status: 200, sent: true, message: expect.stringContaining('1000 bytes') });
  });

  test('an answer of exactly that size is taken', async () => {
    const { bank } = await httpBank(() => ({ body: BODY }), { maxAnswerBytes: BODY.length });
    expect((await readUser(bank, sessionCaller)).id).toBe(5);
  });

  test('an endless answer is not read to its end', async () => {
    let closed = false;
    const { bank } = await httpBank((_request, response) => {
      const more = () => response.write(Buffer.alloc(65_536, 'x'));
      response.on('drain', more).on('close', () => {
        closed = true;
      });
      response.writeHead(200, { 'Content-Type': 'application/json' });
      while (more());
      return undefined;
    });
    expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_RESPONSE_INVALID');
    await until(() => closed);
  });

  test('a server error beyond it is still the bank being unavailable', async () => {
    const { bank } = await httpBank(() => ({ ...large, status: 503, signature: null }), { maxAnswerBytes: 1000 });
    expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_UNAVAILABLE');
  });
});
