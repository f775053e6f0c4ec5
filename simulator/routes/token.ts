import { type Answer, oauthErrorAnswer } from '../answers.ts';
import type { Bank } from '../bank.ts';
import type { AuthorizationCode, OAuthClient } from '../entities.ts';
import { newToken } from '../random.ts';
import { noteReceived } from '../received-secrets.ts';
import type { AnonymousCall, Request, Route } from '../route.ts';

const PARAMETERS = ['grant_type', 'code', 'redirect_uri', 'client_id', 'client_secret'] as const;

type Exchange = Record<(typeof PARAMETERS)[number], string>;

/** URL parameters only, each once. */
function readExchange({ query, bytes }: Request): Exchange | null {
  if (bytes.length > 0) return null;
  const values = PARAMETERS.map((name) => query.getAll(name));
  if (values.some(({ length }) => length !== 1)) return null;
  return Object.fromEntries(PARAMETERS.map((name, index) => [name, values[index]![0]])) as Exchange;
}

function findClient({ store }: Bank, { client_id, client_secret }: Exchange): OAuthClient | undefined {
  if (store.find('oauthClients', ({ secret }) => secret === client_secret) === undefined) noteReceived(store, client_secret);
  return store.find(
    'oauthClients',
    ({ clientId, secret, status }) => clientId === client_id && secret === client_secret && status === 'ACTIVE',
  );
}

function findLivingCode(
  { store }: Bank,
  client: OAuthClient,
  { code, redirect_uri }: Exchange,
  nowMs: number,
): AuthorizationCode | undefined {
  const found = store.find('authorizationCodes', (other) => other.code === code);
  if (found === undefined) noteReceived(store, code);
  const isGood =
    found?.usedAtMs === null && nowMs < found.expiresAtMs && found.oauthClientId === client.id && found.redirectUri === redirect_uri;
  return isGood ? found : undefined;
}

/** A code for an access token: good once, for the client and the redirect URI that it was given for. */
function exchange({ bank, request, nowMs }: AnonymousCall): Answer {
  const refused = (error: Parameters<typeof oauthErrorAnswer>[1]) => oauthErrorAnswer(bank.settings.tokenErrorStatus, error);
  const asked = readExchange(request);
  if (asked === null) return refused('invalid_request');
  if (asked.grant_type !== 'authorization_code') return refused('unsupported_grant_type');
  const client = findClient(bank, asked);
  if (client === undefined) return refused('invalid_client');
  const code = findLivingCode(bank, client, asked, nowMs);
  if (code === undefined) return refused('invalid_grant');
  bank.store.put('authorizationCodes', { ...code, usedAtMs: nowMs });
  return { status: 200, body: { access_token: newAccessToken(bank, client, code, nowMs), token_type: 'bearer', state: code.state } };
}

/** Each consent makes a `UserApiKey` of its own. */
function newAccessToken({ store }: Bank, client: OAuthClient, { grantedByUserId }: AuthorizationCode, nowMs: number): string {
  const grant = store.put('userApiKeys', {
    id: store.nextId(),
    type: 'UserApiKey',
    oauthClientId: client.id,
    requestedByUserId: client.userId,
    grantedByUserId,
    createdAtMs: nowMs,
    revokedAtMs: null,
  });
  const { apiKey } = store.put('credentials', {
    id: store.nextId(),
    userId: grant.id,
    origin: 'oauth',
    apiKey: newToken(),
    createdAtMs: nowMs,
    bindUntilMs: null,
    boundAtMs: null,
    revokedAtMs: null,
    permittedIps: [],
  });
  return apiKey;
}

export const tokenRoutes: readonly Route[] = [{ method: 'POST', path: '/token', token: 'none', isOAuth: true, perform: exchange }];
