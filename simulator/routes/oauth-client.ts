import { z } from 'zod';
import { answer, answerId, BankRefusal, readBody, refusals, requireItem } from '../answers.ts';
import type { Bank } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import type { OAuthClient } from '../entities.ts';
import { answerList } from '../pagination.ts';
import { newToken } from '../random.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnUser } from './user.ts';

/** The guide sends `[]`, SDKs `{}` or `{"status":null}`: ACTIVE is meant. */
const createSchema = z.union([z.tuple([]).transform(() => ({})), z.object({ status: z.literal('ACTIVE').nullish() })]);
const updateSchema = z.object({ status: z.enum(['ACTIVE', 'CANCELLED']) });

function ownClients({ bank, user }: SessionCall): OAuthClient[] {
  return bank.store.all('oauthClients').filter(({ userId }) => userId === user.id);
}

/** The OAuth client of that id. @throws BankRefusal 404 for a user or client that is not the session's */
export function requireOwnClient(call: SessionCall, clientId: number): OAuthClient {
  requireOwnUser(call);
  return requireItem('OauthClient', clientId, ownClients(call));
}

/** The callback URLs inside are plain objects, not wrapped in a type name. */
function showClient({ store }: Bank, client: OAuthClient): object {
  const urls = store.all('callbackUrls').filter(({ oauthClientId }) => oauthClientId === client.id);
  return {
    OauthClient: {
      id: client.id,
      created: bunqTime(client.createdAtMs),
      updated: bunqTime(client.updatedAtMs),
      status: client.status,
      display_name: store.get('users', client.userId)?.displayName ?? null,
      client_id: client.clientId,
      secret: client.secret,
      callback_url: urls.map(({ id, url, createdAtMs, updatedAtMs }) => ({
        id,
        created: bunqTime(createdAtMs),
        updated: bunqTime(updatedAtMs),
        url,
      })),
    },
  };
}

function create(call: SessionCall) {
  requireOwnUser(call);
  if (call.user.type === 'UserApiKey') throw refusals.token(403);
  readBody(createSchema, call.body);
  const { bank, user, nowMs } = call;
  if (ownClients(call).length > 0 && !bank.settings.allowSecondOAuthClient)
    throw new BankRefusal(bank.settings.secondOAuthClientStatus, 'You can only have one OAuth Client.');
  const client = bank.store.put('oauthClients', {
    id: bank.store.nextId(),
    userId: user.id,
    status: 'ACTIVE',
    clientId: newToken(),
    secret: newToken(),
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  });
  return answerId(client.id);
}

function list(call: SessionCall) {
  requireOwnUser(call);
  return answerList(call.bank, call.request, ownClients(call), (client) => showClient(call.bank, client));
}

function read(call: SessionCall) {
  return answer(showClient(call.bank, requireOwnClient(call, call.id('itemId'))));
}

function update(call: SessionCall) {
  const client = requireOwnClient(call, call.id('itemId'));
  const { status: asked } = readBody(updateSchema, call.body);
  const { store, settings } = call.bank;
  const status = asked === 'ACTIVE' ? asked : settings.cancelledStatus;
  store.put('oauthClients', { ...client, status, updatedAtMs: call.nowMs });
  return answerId(client.id);
}

export const oauthClientRoutes: readonly Route[] = [
  { method: 'POST', path: '/user/{userID}/oauth-client', token: 'session', perform: create },
  { method: 'GET', path: '/user/{userID}/oauth-client', token: 'session', perform: list },
  { method: 'GET', path: '/user/{userID}/oauth-client/{itemId}', token: 'session', perform: read },
  { method: 'PUT', path: '/user/{userID}/oauth-client/{itemId}', token: 'session', perform: update },
];
