import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { jest } from '@jest/globals';
import pino from 'pino';
import { type CompletedAuthorization, NotCompletedError } from '../../../client/authorizations.ts';
import { type CallbackOptions, type CallbackServer, startCallbackServer } from '../../../worker/callback-server.ts';
import { atEnd } from '../../support/at-end.ts';
import { until } from '../../support/until.ts';

const CODE = 'code-5f0e3c1b9a';
const STATE = 'state-77aa01.acme.alice';
const REDIRECT = `bunq/callback?code=${CODE}&state=${STATE}`;

const ANYWHERE = { host: '127.0.0.1', port: 0 };

interface Started {
  readonly server: CallbackServer;
  readonly seen: URL[];
  log(): string;
  get(path: string, init?: RequestInit): Promise<Response>;
}

async function start(complete: CallbackOptions['complete'], more: Partial<CallbackOptions> = {}): Promise<Started> {
  const seen: URL[] = [];
  const lines: string[] = [];
  const log = pino({ base: null }, { write: (line: string) => void lines.push(line) });
  const noted = (url: URL) => {
    seen.push(url);
    return complete(url);
  };
  const server = await startCallbackServer(ANYWHERE, { complete: noted, log, ...more });
  atEnd(() => server.close());
  return {
    server,
    seen,
    log: () => lines.join(''),
    get: (path, init) => fetch(new URL(path, server.url), { redirect: 'manual', ...init }),
  };
}

const answers = (answer: Omit<CompletedAuthorization, 'name'>) => async () => ({ name: 'acme/alice', ...answer });
const never = () => new Promise<never>(() => {});

/** The page's text as a person reads it, each piece a line. */
const textOf = (html: string) =>
  html
    .replace(/<style>[\s\S]*<\/style>/, '')
    .replace(/<[^>]+>/g, '\n')
    .split('\n')
    .filter((line) => line.trim() !== '');

/** Byte for byte, as no client of HTTP would send it. */
function raw({ server }: Started, request: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1', () => socket.end(request));
    socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
    socket.on('close', () => resolve(answer)).on('error', reject);
  });
}

test.each([
  [{ outcome: 'connected' }, 'Your account is connected', 'There is nothing more to do.'],
  [{ outcome: 'pending' }, 'Almost done', 'There is nothing that you have to do.'],
  [{ outcome: 'denied' }, 'You said no', 'nothing was connected'],
  [{ outcome: 'failed' }, 'The connection did not succeed', 'nothing happened to your account'],
  [{ outcome: 'expired' }, 'This link has expired', 'Ask for a new link'],
  [{ outcome: 'repeated', first: 'connected' }, 'This link was used before', 'Your account was connected with it'],
  [{ outcome: 'repeated', first: 'pending' }, 'This link was used before', 'is being finished'],
  [{ outcome: 'repeated', first: 'denied' }, 'This link was used before', 'You said no that time'],
  [{ outcome: 'repeated', first: 'failed' }, 'This link was used before', 'did not confirm it that time'],
  [{ outcome: 'repeated', first: 'expired' }, 'This link was used before', 'It had expired by then'],
  [{ outcome: 'unknown' }, 'This link is not known here', 'ask for a new link'],
] as const)('after %p the end user is led to a clean address that says: %s', async (answer, title, sentence) => {
  const { get, seen } = await start(answers(answer));
  const taken = await get(REDIRECT);
  expect(taken.status).toBe(303);
  expect(await taken.text()).toBe('');
  const location = taken.headers.get('location')!;
  expect(location).toMatch(/^\?outcome=[a-z-]+$/);
  const page = await get(new URL(location, taken.url).href);
  expect(page.status).toBe(200);
  expect(new URL(page.url).pathname).toBe('/bunq/callback');
  const html = await page.text();
  expect(html).toContain(`<title>${title}</title>`);
  expect(textOf(html).join(' ')).toContain(sentence);
  expect(seen.map(({ search }) => search)).toEqual([`?code=${CODE}&state=${STATE}`]);
});

test('every answer forbids caching, referrers, scripts, frames and anything of another host', async () => {
  const { get } = await start(answers({ outcome: 'connected' }));
  const all = [
    await get(REDIRECT),
    await get('bunq/callback?outcome=connected'),
    await get('elsewhere'),
    await get(REDIRECT, { method: 'POST' }),
    await get(`${REDIRECT}&pad=${'x'.repeat(5000)}`),
  ];
  expect(all.map(({ status }) => status)).toEqual([303, 200, 404, 405, 414]);
  for (const { headers } of all) {
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringMatching(
        /^default-src 'none'; style-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'$/,
      ),
    });
    expect(headers.has('set-cookie')).toBe(false);
  }
  expect(all[3]!.headers.get('allow')).toBe('GET, HEAD');
});

test('a page has no script, loads nothing, and names nobody', async () => {
  const { get } = await start(answers({ outcome: 'connected' }));
  const html = await (await get('bunq/callback?outcome=connected&name=<b>Mallory</b>')).text();
  expect(html).not.toMatch(/<script|<img|<link|<iframe|<form|https?:|url\(|\bon\w+=|Mallory|acme|alice/i);
});

test.each([
  ['HEAD', { method: 'HEAD' }, 200],
  ['a prefetch', { headers: { 'Sec-Purpose': 'prefetch;prerender' } }, 503],
  ['a POST', { method: 'POST' }, 405],
  ['a DELETE', { method: 'DELETE' }, 405],
  ['OPTIONS', { method: 'OPTIONS' }, 405],
])('%s uses no code', async (_what, init, status) => {
  const { get, seen } = await start(answers({ outcome: 'connected' }));
  expect((await get(REDIRECT, init)).status).toBe(status);
  expect(seen).toEqual([]);
});

test.each([
  'bunq/callback',
  'bunq/callback?outcome=later',
  'bunq/callback?outcome=nothing-here',
  'bunq/callback?outcome=toString',
  '?error=access_denied',
  'favicon.ico',
])('there is nothing at %s', async (path) => {
  const { get, seen } = await start(answers({ outcome: 'connected' }));
  const answer = await get(path);
  expect(answer.status).toBe(404);
  expect(textOf(await answer.text())).toContain('There is nothing here');
  expect(seen).toEqual([]);
});

test('where nobody answers, the page stays at its address, says that nothing is lost, and a reload brings the link again', async () => {
  let isAway = true;
  const { get, seen, log } = await start(async () => {
    if (isAway) throw new NotCompletedError('no worker answers');
    return { name: 'acme/alice', outcome: 'connected' };
  });
  const first = await get(REDIRECT);
  expect(first.status).toBe(503);
  expect(first.headers.get('retry-after')).toBe('5');
  const html = await first.text();
  expect(textOf(html)).toEqual(expect.arrayContaining(['Please try again in a moment', expect.stringContaining('Nothing is lost')]));
  expect(html).toContain('<a href="">Try again</a>');
  isAway = false;
  expect((await get(REDIRECT)).status).toBe(303);
  expect(seen.length).toBe(2);
  expect(log()).toContain('no worker answers');
});

test.each([
  `//evil.example/bunq/callback?code=${CODE}&state=${STATE}`,
  `/bunq/callback?code=${CODE}&state=${STATE}&return=https://evil.example/&outcome=//evil.example`,
  `/\\evil.example?code=${CODE}&state=${STATE}`,
  `/https://evil.example/?code=${CODE}&state=${STATE}`,
])('nobody is led to another host by %s', async (target) => {
  const started = await start(answers({ outcome: 'connected' }));
  const answer = await raw(started, `GET ${target} HTTP/1.1\r\nHost: app.example\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 (303|400)/);
  expect(answer).not.toContain('evil.example');
  const location = /^location: (.*)\r$/im.exec(answer)?.[1] ?? '';
  expect(new URL(location, `https://app.example${target.replace('\\', '/')}`).host).toBe('app.example');
});

test('the log says whose link it was and what came of it, and holds neither code nor state', async () => {
  const { get, log } = await start(answers({ outcome: 'repeated', first: 'denied' }));
  await get(REDIRECT);
  await get(`${REDIRECT}&pad=${'x'.repeat(5000)}`);
  await get(REDIRECT, { method: 'POST' });
  const lines = log().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: 30, event: 'link came back', connection: 'acme/alice', outcome: 'repeated', first: 'denied' }),
  ]);
  expect(log()).not.toMatch(new RegExp(`${CODE}|state-77aa01|callback\\?`));
});

test('what an unexpected error says is not logged: it may hold the address', async () => {
  const { get, log } = await start(async (url) => {
    throw Object.assign(new TypeError(`Invalid URL: ${url.href}`), { input: url.href });
  });
  const answer = await get(REDIRECT);
  expect(answer.status).toBe(503);
  expect(await answer.text()).not.toContain(CODE);
  expect(JSON.parse(log())).toMatchObject({ level: 50, event: 'request not taken', error: 'TypeError' });
  expect(log()).toContain('callback-server');
  expect(log()).not.toMatch(new RegExp(`${CODE}|state-77aa01`));
});

test('a request that cannot be read is told nothing', async () => {
  const started = await start(answers({ outcome: 'connected' }));
  const said = jest.spyOn(console, 'error').mockImplementation(() => {});
  const answer = await raw(started, `GET /${REDIRECT} HTTP/1.1\r\nHost: a b@c\r\nConnection: close\r\n\r\n`);
  expect(answer).toMatch(/^HTTP\/1.1 400/);
  expect(answer).not.toContain(CODE);
  expect(said).not.toHaveBeenCalled();
  said.mockRestore();
  expect(started.seen).toEqual([]);
});

test('more than a hundred at once are asked to come again', async () => {
  const { server, seen, get } = await start(never, { finishWithinMs: 10 });
  const waiting = Array.from({ length: 100 }, () => get(REDIRECT));
  await until('a hundred wait', () => seen.length === 100);
  expect((await get(REDIRECT)).status).toBe(503);
  expect((await get('bunq/callback?outcome=connected')).status).toBe(200);
  await server.close();
  expect((await Promise.all(waiting)).every(({ status }) => status === 503)).toBe(true);
});

test('an end user who goes away ends nothing: the code is still taken', async () => {
  let finish = () => {};
  const { seen, get, log } = await start(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { name: 'acme/alice', outcome: 'connected' };
  });
  const leaving = new AbortController();
  const answer = get(REDIRECT, { signal: leaving.signal });
  await until('the request is in hand', () => seen.length === 1);
  leaving.abort();
  await expect(answer).rejects.toThrow();
  finish();
  await until('it is logged', () => log().includes('"outcome":"connected"'));
});

test('when it ends, no new connection is taken, and the end user in hand still gets to the page', async () => {
  let finish = () => {};
  const started = await start(async () => {
    await new Promise<void>((resolve) => {
      finish = resolve;
    });
    return { name: 'acme/alice', outcome: 'connected' };
  });
  const { server, seen, get } = started;
  const browser = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (path: string) =>
    once(request(new URL(path, server.url), { agent: browser }).end(), 'response') as Promise<[IncomingMessage]>;
  const inHand = ask(REDIRECT);
  await until('the request is in hand', () => seen.length === 1);
  const closed = server.close();
  await expect(get('bunq/callback?outcome=connected')).rejects.toThrow();
  finish();
  const [redirect] = await inHand;
  expect(redirect.statusCode).toBe(303);
  redirect.resume();
  const [page] = await ask(`bunq/callback${redirect.headers.location}`);
  expect(page.statusCode).toBe(200);
  page.resume();
  await closed;
});

test('when it ends, a request that takes too long is asked to come again', async () => {
  const { server, seen, get } = await start(never, { finishWithinMs: 20 });
  const inHand = get(REDIRECT);
  await until('the request is in hand', () => seen.length === 1);
  await server.close();
  const answer = await inHand;
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('Nothing is lost');
});

test('a port that is taken is named with its setting', async () => {
  const { server } = await start(never);
  const { port } = new URL(server.url);
  const again = startCallbackServer({ host: '127.0.0.1', port: Number(port) }, { complete: never, log: pino({ enabled: false }) });
  await expect(again).rejects.toThrow(
    `KEEPER_CALLBACK_ADDRESS (--callback-port) 127.0.0.1:${port} cannot be used: another process listens there.`,
  );
});
