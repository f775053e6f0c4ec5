import dns from 'node:dns';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { createBank, DEFAULT_TIMEOUTS } from '../../../bunq/bank.ts';
import { BunqConfigError } from '../../../bunq/errors.ts';
import { readUser } from '../../../bunq/user.ts';
import { Secret } from '../../../sealing/secret.ts';
import { bankAt, bunqErrorOf, closeAll, httpBank, realClock, sessionCaller } from './support.ts';

const PROXY_VARIABLES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'no_proxy', 'NO_PROXY'];
const environment = Object.fromEntries(PROXY_VARIABLES.map((name) => [name, process.env[name]]));

afterEach(() => {
  closeAll();
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

const clock = realClock;

describe("the bank's address", () => {
  test.each(['https://api.bunq.com/v1', 'https://api.bunq.com/v1/', 'https://api.bunq.com/v1//'])('%s is brought to one form', (apiUrl) => {
    expect(createBank({ apiUrl, clock }).apiUrl).toBe('https://api.bunq.com/v1/');
  });

  test.each(['http://127.0.0.1:8080/v1', 'http://127.5.5.5/v1', 'http://[::1]:8080/v1', 'http://localhost:8080/v1'])(
    '%s is loopback, where http is good enough',
    (apiUrl) => {
      expect(createBank({ apiUrl, clock }).apiUrl).toBe(`${apiUrl}/`);
    },
  );

  test.each([
    ['http://api.bunq.com/v1', 'must start with https://'],
    ['http://127.0.0.1.evil.example/v1', 'must start with https://'],
    ['http://localhost.evil.example/v1', 'must start with https://'],
    ['http://evil.localhost/v1', 'must start with https://'],
    ['ftp://127.0.0.1/v1', 'must start with https://'],
    ['api.bunq.com/v1', 'is not a URL'],
    ['', 'is not a URL'],
    ['https://api.bunq.com', 'must end in /v1'],
    ['https://api.bunq.com/v2', 'must end in /v1'],
    ['https://api.bunq.com/v1?key=1', 'no query'],
    ['https://user:geheim@api.bunq.com/v1', 'no user name or password'],
  ])('%j is refused, before anything connects', (apiUrl, why) => {
    const make = () => createBank({ apiUrl, clock });
    expect(make).toThrow(BunqConfigError);
    expect(make).toThrow(why);
    expect(make).not.toThrow('geheim');
  });
});

test('time-outs that are not given stay at their defaults', () => {
  expect(createBank({ apiUrl: 'https://api.bunq.com/v1', clock, timeouts: { connectMs: 7 } }).timeouts).toEqual({
    ...DEFAULT_TIMEOUTS,
    connectMs: 7,
  });
});

describe('proxies', () => {
  /** A proxy that refuses every tunnel, and tells what it was asked for. */
  async function proxy() {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      response.writeHead(502).end();
    });
    server.on('connect', (request: IncomingMessage, socket) => {
      asked.push(['CONNECT', request.url, request.headers['proxy-authorization']].filter(Boolean).join(' '));
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    server.listen(0, '127.0.0.1').unref(); // a test that fails before it closes it ends all the same
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    return { url: `http://127.0.0.1:${port}`, asked, close: () => new Promise((resolve) => server.close(resolve)) };
  }
  const USER = { body: { Response: [{ UserPerson: { id: 5 } }] } };

  test('loopback is never proxied, neither by settings nor by the environment', async () => {
    const { url, asked, close } = await proxy();
    for (const name of PROXY_VARIABLES.slice(0, 4)) process.env[name] = url;
    const { bank } = await httpBank(() => USER, { proxy: { httpProxy: url, httpsProxy: url } });
    expect((await readUser(bank, sessionCaller)).id).toBe(5);
    expect((await readUser(bank, sessionCaller, { freshConnection: true })).id).toBe(5);
    await close();
    expect(asked).toEqual([]);
  });

  test('another bank is reached through httpsProxy; a proxy that refuses means that nothing was sent', async () => {
    const { url, asked, close } = await proxy();
    const bank = bankAt('https://bank.invalid/v1', { proxy: { httpsProxy: url } });
    const error = await bunqErrorOf(readUser(bank, sessionCaller));
    await close();
    expect(asked).toEqual(['CONNECT bank.invalid:443']);
    expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false });
  });

  test('noProxy is honoured', async () => {
    const { url, asked, close } = await proxy();
    const bank = bankAt('https://bank.invalid/v1', { proxy: { httpsProxy: url, noProxy: 'bank.invalid' } });
    expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_UNREACHABLE');
    await close();
    expect(asked).toEqual([]);
  });

  test('the environment is not read', async () => {
    const { url, asked, close } = await proxy();
    process.env.HTTPS_PROXY = url;
    process.env.https_proxy = url;
    const bank = bankAt('https://bank.invalid/v1', { proxy: { httpProxy: url } });
    expect((await bunqErrorOf(readUser(bank, sessionCaller))).code).toBe('BUNQ_UNREACHABLE');
    await close();
    expect(asked).toEqual([]);
  });

  test('of an egress that has its own, that one is used and no other, with the password in its URL, which no error shows', async () => {
    const [own, other] = [await proxy(), await proxy()];
    const way = { proxyUrl: new Secret(own.url.replace('//', '//me:geheim@')) };
    const bank = bankAt('https://bank.invalid/v1', { way, proxy: { httpsProxy: other.url, noProxy: 'bank.invalid' } });
    const errors = [
      await bunqErrorOf(readUser(bank, sessionCaller)),
      await bunqErrorOf(readUser(bank, sessionCaller, { freshConnection: true })),
    ];
    await Promise.all([own.close(), other.close()]);
    const credentials = Buffer.from('me:geheim').toString('base64');
    expect([own.asked, other.asked]).toEqual([Array(2).fill(`CONNECT bank.invalid:443 Basic ${credentials}`), []]);
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false });
      expect(error.message).not.toContain('geheim');
    }
  });

  test('an egress’s own is passed by on loopback too', async () => {
    const { url, asked, close } = await proxy();
    const { bank } = await httpBank(() => USER, { way: { proxyUrl: new Secret(url) } });
    expect((await readUser(bank, sessionCaller)).id).toBe(5);
    await close();
    expect(asked).toEqual([]);
  });

  test.each(['not a url', 'socks5://127.0.0.1:1080'])('%j is no address of a proxy', (httpsProxy) => {
    expect(() => bankAt('https://bank.invalid/v1', { proxy: { httpsProxy } })).toThrow(BunqConfigError);
  });

  test("a proxy's password is not shown", () => {
    expect(() => bankAt('https://bank.invalid/v1', { proxy: { httpsProxy: 'socks5://me:geheim@127.0.0.1:1080' } })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('geheim') }),
    );
  });
});

describe('an address to leave by', () => {
  type Answer = (error: null, address: string, family: number) => void;

  async function callers(localAddress: string) {
    const seen: unknown[] = [];
    const answer = (_request: unknown, { socket }: ServerResponse) => {
      seen.push(socket?.remoteAddress);
      return { body: { Response: [{ UserPerson: { id: 5 } }] } };
    };
    const { bank } = await httpBank(answer, { way: { localAddress } });
    return { bank, seen };
  }

  test('is that of every call, on a fresh connection too', async () => {
    const { bank, seen } = await callers('127.0.0.2');
    await readUser(bank, sessionCaller);
    await readUser(bank, sessionCaller, { freshConnection: true });
    expect(seen).toEqual(['127.0.0.2', '127.0.0.2']);
  });

  test('is of one family, and a bank that has addresses of both is reached by the same', async () => {
    const { bank, seen } = await callers('127.0.0.2');
    const of = { 4: '127.0.0.1', 6: '::1' } as const;
    const lookup = jest
      .spyOn(dns, 'lookup')
      .mockImplementation(((_name: string, { family }: { family?: 4 | 6 }, answer: Answer) =>
        answer(null, of[family || 6], family || 6)) as unknown as typeof dns.lookup);
    const byName = bankAt(`http://localhost:${new URL(bank.apiUrl).port}/v1`, { way: { localAddress: '127.0.0.2' } });
    expect((await readUser(byName, sessionCaller).finally(() => lookup.mockRestore())).id).toBe(5);
    expect(seen).toEqual(['127.0.0.2']);
  });

  test('that is none of this machine’s is named, and nothing was sent', async () => {
    const { bank, seen } = await callers('192.0.2.1');
    const error = await bunqErrorOf(readUser(bank, sessionCaller));
    expect(error).toMatchObject({ code: 'BUNQ_UNREACHABLE', sent: false });
    expect(error.message).toContain('EADDRNOTAVAIL; the address of KEEPER_EGRESS_VIA cannot be used on this machine');
    expect(seen).toEqual([]);
  });
});
