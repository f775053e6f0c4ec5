import type { IncomingMessage, ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { html } from 'hono/html';
import { accept, type Connection, findConnection, refuse } from './authorization.ts';
import type { Bank } from './bank.ts';
import { findEndUser, listEndUsers } from './end-users.ts';
import { connectionsBody } from './pages/connections.ts';
import { consentBody } from './pages/consent.ts';
import { page, setHeaders } from './pages/layout.ts';

const FORM_MAX_BYTES = 64 * 1024;

export interface PageActions {
  /** To be called before the bank is looked into. */
  settle(): void;
  /** @throws RangeError for an unknown id */
  revokeGrant(userApiKeyId: number): void;
}

export const isPage = (url = ''): boolean => /^\/auth(\/connections)?(\?|$)/.test(url);

/** What end users see of the bank: plain pages that need no JavaScript. */
export function createAuthorizationPages(
  bank: Bank,
  actions: PageActions,
): (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<unknown> {
  const app = new Hono();
  app.use(async (context, next) => {
    setHeaders(context);
    actions.settle();
    await next();
  });
  app.use(bodyLimit({ maxSize: FORM_MAX_BYTES }));
  app.get('/auth', (context) => askConsent(context, bank));
  app.post('/auth', (context) => decide(context, bank));
  app.get('/auth/connections', (context) => page(context, { title: 'Connections', body: connectionsBody(bank) }));
  app.post('/auth/connections', (context) => takeBack(context, bank, actions));
  app.all('*', (context) => page(context, { title: 'Not allowed', body: html`<p>Not allowed</p>`, status: 405 }));
  return getRequestListener(app.fetch);
}

/** The one text for all that is wrong with a request, and no redirect: whose address it is, nobody knows. */
const notFound = (context: Context) => page(context, { title: 'bunq', body: html`<p>Connection not found</p>`, status: 404 });

/** Each parameter once. */
function connectionOf(bank: Bank, parameters: URLSearchParams): Connection | null {
  const names = [...parameters.keys()];
  if (new Set(names).size < names.length) return null;
  const [clientId, redirectUri] = [parameters.get('client_id'), parameters.get('redirect_uri')];
  if (clientId === null || redirectUri === null) return null;
  return findConnection(bank, { clientId, redirectUri, state: parameters.get('state') });
}

function askConsent(context: Context, bank: Bank) {
  const parameters = new URL(context.req.url).searchParams;
  const connection = connectionOf(bank, parameters);
  if (connection === null) return notFound(context);
  if (parameters.get('response_type') !== 'code') return context.redirect(refuse(connection, 'unsupported_response_type'), 302);
  const title = `${connection.requestedBy.displayName} asks for access`;
  return page(context, { title, body: consentBody(bank, connection, listEndUsers(bank)) });
}

/** Forms of other sites are not taken: browsers say whose a form is. */
const isForeign = ({ req }: Context): boolean => !['same-origin', 'none', undefined].includes(req.header('sec-fetch-site'));

const formOf = async ({ req }: Context): Promise<URLSearchParams> => new URLSearchParams(await req.text());

async function decide(context: Context, bank: Bank) {
  const form = await formOf(context);
  const connection = connectionOf(bank, form);
  if (connection === null || isForeign(context)) return notFound(context);
  if (form.get('decision') === 'deny') return context.redirect(refuse(connection, 'access_denied'), 303);
  const user = findEndUser(bank, Number(form.get('user')));
  if (form.get('decision') !== 'accept' || user === undefined) return notFound(context);
  return context.redirect(accept(bank, connection, user), 303);
}

async function takeBack(context: Context, bank: Bank, { revokeGrant }: PageActions) {
  const id = Number((await formOf(context)).get('userApiKeyId'));
  if (isForeign(context) || bank.store.get('userApiKeys', id) === undefined) return notFound(context);
  revokeGrant(id);
  return context.redirect('/auth/connections', 303);
}
