import { once, setMaxListeners } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type pino from 'pino';
import { type CompletedAuthorization, NotCompletedError } from '../client/authorizations.ts';
import type { HostPort } from '../settings/host-port.ts';
import { CONTENT_SECURITY_POLICY, isPageName, type PageName, renderPage } from './callback-page.ts';
import { listen } from './listen.ts';
import { NOTIFICATION_MAX_BYTES, NOTIFICATION_PATH, type NotificationOptions, takeNotification } from './notification-route.ts';

/**
 * Takes the end users that the bank sends back, at whatever path the provider's callback URL has, and shows each what came of it. In
 * plain HTTP: TLS ends before it. What a request brings along, it neither shows nor logs.
 */
export interface CallbackServer {
  /** Where it listens. */
  readonly url: string;
  /** No new connection is taken, and the requests in hand are finished; those that take too long are asked to come again. */
  close(): Promise<void>;
}

export interface CallbackOptions {
  /** Takes a redirect of the bank's. @throws NotCompletedError when it is to be brought again */
  readonly complete: (url: URL) => Promise<CompletedAuthorization>;
  /** Null: none are taken. */
  readonly notifications?: NotificationOptions | null;
  readonly log: Pick<pino.Logger, 'info' | 'warn' | 'error'>;
  /** What requests in hand are given when it is to end. */
  readonly finishWithinMs?: number;
}

/** As the worker's tasks. */
const FINISH_WITHIN_MS = 10_000;
/** For an answer to get out. */
const LEAVE_WITHIN_MS = 1000;
/** The bank's redirects take some 300. */
const MOST_BYTES = 4096;
/** Each waits for its connection for up to 30 s; anybody can send any number. */
const MOST_IN_HAND = 100;
const MOST_CONNECTIONS = 1000;
const REQUEST_WITHIN_MS = 10_000;
const AGAIN_AFTER_S = '5';

const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': CONTENT_SECURITY_POLICY,
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex, nofollow',
};

/** @throws SettingsError when it cannot listen there */
export async function startCallbackServer(address: HostPort, options: CallbackOptions): Promise<CallbackServer> {
  const end = new AbortController();
  setMaxListeners(MOST_IN_HAND, end.signal);
  const fetch = createApp(options, end.signal, () => !server.listening).fetch;
  const serverOptions = { requestTimeout: REQUEST_WITHIN_MS, headersTimeout: REQUEST_WITHIN_MS };
  const server = createAdaptorServer({ fetch, serverOptions, overrideGlobalObjects: false }) as Server;
  server.maxConnections = MOST_CONNECTIONS;
  const url = await listen(server, address, 'KEEPER_CALLBACK_ADDRESS (--callback-port)');
  let finished: Promise<void> | undefined;
  return {
    url,
    close() {
      finished ??= finish(server, end, options.finishWithinMs ?? FINISH_WITHIN_MS);
      return finished;
    },
  };
}

async function finish(server: Server, end: AbortController, finishWithinMs: number): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  const timers = [
    setTimeout(() => end.abort(), finishWithinMs),
    setTimeout(() => server.closeAllConnections(), finishWithinMs + LEAVE_WITHIN_MS),
  ];
  await closed;
  for (const timer of timers) clearTimeout(timer);
}

type Bindings = { Bindings: { incoming: IncomingMessage } };
type Call = Context<Bindings>;

function createApp({ complete, notifications, log }: CallbackOptions, ended: AbortSignal, isClosing: () => boolean): Hono<Bindings> {
  const app = new Hono<Bindings>();
  let inHand = 0;

  app.use(async (call, next) => {
    await next();
    for (const [name, value] of Object.entries(HEADERS)) call.res.headers.set(name, value);
    // who is led away gets the page on the same connection: a new one is not taken any more
    if (isClosing() && call.res.status !== 303) call.res.headers.set('Connection', 'close');
  });

  if (notifications) {
    const limit = bodyLimit({ maxSize: NOTIFICATION_MAX_BYTES, onError: (call) => call.body(null, 413) });
    app.post(NOTIFICATION_PATH, limit, (call) => takeNotification(call, notifications, log));
  }

  app.all('*', async (call) => {
    const { method } = call.req;
    if (method !== 'GET' && method !== 'HEAD') return call.text('Only GET.\n', 405, { Allow: 'GET, HEAD' });
    if ((call.env.incoming.url ?? '').length > MOST_BYTES) return call.text('The address is too long.\n', 414);
    const url = new URL(call.req.url);
    if (!isRedirect(url)) return showPage(call, url.searchParams.get('outcome'));
    if (method === 'HEAD') return call.body(null);
    if (isPrefetch(call) || inHand >= MOST_IN_HAND) return comeAgain(call);
    inHand++;
    try {
      return leadAway(call, await unlessEnded(complete(url), ended), log);
    } finally {
      inHand--;
    }
  });

  app.onError((error, call) => {
    logFailure(log, error);
    return comeAgain(call);
  });
  return app;
}

/** At the same path, whatever it is: nothing of the request stands in it, and the browser's history keeps this address only. */
function leadAway(call: Call, { name, outcome, first }: CompletedAuthorization, log: CallbackOptions['log']): Response {
  log.info({ event: 'link came back', connection: name, outcome, first }, SAID[outcome]);
  const page: PageName = outcome === 'repeated' ? `repeated-${first ?? 'pending'}` : outcome;
  return call.body(null, 303, { Location: `?outcome=${page}` });
}

/** A half one is one too: it is found to be none of ours, and its code leaves the address all the same. */
const isRedirect = ({ searchParams }: URL) => searchParams.has('state') || searchParams.has('code');

/** A browser that only gets ready for a page that may never be opened. */
const isPrefetch = ({ req }: Call) =>
  [req.header('Sec-Purpose'), req.header('Purpose'), req.header('X-Moz')].some((purpose) => purpose?.includes('prefetch'));

function showPage(call: Call, name: string | null): Response | Promise<Response> {
  const isOutcome = name !== null && isPageName(name) && name !== 'later' && name !== 'nothing-here';
  return isOutcome ? call.html(renderPage(name)) : call.html(renderPage('nothing-here'), 404);
}

/** At the same address, so that a reload brings it again. */
const comeAgain = (call: Call) => call.html(renderPage('later'), 503, { 'Retry-After': AGAIN_AFTER_S });

/** Gives up waiting when the server ends; the work itself goes on. */
function unlessEnded<Result>(work: Promise<Result>, ended: AbortSignal): Promise<Result> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(new NotCompletedError('the worker is stopping'));
    if (ended.aborted) giveUp();
    ended.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => ended.removeEventListener('abort', giveUp));
  });
}

const SAID: Record<CompletedAuthorization['outcome'], string> = {
  connected: 'an end user has connected',
  pending: 'an end user came back; the code is being exchanged',
  denied: 'an end user said no',
  failed: 'an end user came back, and the bank did not confirm it',
  expired: 'an end user came back with a link that had expired',
  repeated: 'an end user came back with a link that was used before',
  unknown: 'somebody came with a link that is none of ours',
};

/** The words of an unexpected error may hold the address: only where it came from is logged. */
function logFailure(log: CallbackOptions['log'], error: unknown): void {
  if (error instanceof NotCompletedError) {
    log.warn({ event: 'request not taken' }, `an end user is asked to come again: ${error.message}`);
    return;
  }
  const { name, stack = '' } = error as Error;
  const at = stack.split('\n').filter((line) => /^ {4}at /.test(line));
  log.error(
    { event: 'request not taken', error: name, at: at.slice(0, 5) },
    'a request could not be taken: whoever sent it is asked to come again',
  );
}
