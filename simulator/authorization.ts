import type { Bank } from './bank.ts';
import type { OAuthClient, User } from './entities.ts';
import { acceptDrafts } from './provider-drafts.ts';
import { newToken } from './random.ts';

/** What the browser of an end user brings along. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state: string | null;
}

/** A provider's request that may be put before an end user. */
export interface Connection {
  readonly client: OAuthClient;
  readonly requestedBy: User;
  readonly redirectUri: string;
  readonly state: string | null;
}

/** @returns null unless client and redirect URI belong together, to the last slash: the browser must then be sent nowhere */
export function findConnection({ store, settings }: Bank, { clientId, redirectUri, state }: AuthorizationRequest): Connection | null {
  const client = store.find('oauthClients', (other) => other.clientId === clientId && other.status === 'ACTIVE');
  if (client === undefined) return null;
  const comparable = (url: string) => (settings.ignoreLastSlash ? url.replace(/\/$/, '') : url);
  const isRegistered = store.find(
    'callbackUrls',
    ({ oauthClientId, url }) => oauthClientId === client.id && comparable(url) === comparable(redirectUri),
  );
  if (isRegistered === undefined) return null;
  return { client, requestedBy: store.get('users', client.userId)!, redirectUri, state };
}

/** The end user consents, and accepts the payments that the provider has asked for. @returns where its browser is sent */
export function accept(bank: Bank, { client, requestedBy, redirectUri, state }: Connection, grantedBy: User): string {
  const { store, settings, clock } = bank;
  const nowMs = clock.nowMs();
  acceptDrafts(bank, requestedBy, grantedBy, nowMs);
  const { code } = store.put('authorizationCodes', {
    id: store.nextId(),
    code: newToken(),
    oauthClientId: client.id,
    redirectUri,
    state,
    grantedByUserId: grantedBy.id,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + settings.authorizationCodeLifetimeMs,
    usedAtMs: null,
  });
  return redirectTo(redirectUri, { code, state });
}

/** @param error as RFC 6749 names them. @returns where the end user's browser is sent */
export function refuse({ redirectUri, state }: Connection, error: 'access_denied' | 'unsupported_response_type'): string {
  return redirectTo(redirectUri, { error, state });
}

/** The registered URL stays as it is, to the character. */
function redirectTo(redirectUri: string, parameters: Record<string, string | null>): string {
  const [base = '', ...fragment] = redirectUri.split(/(?=#)/);
  const query = new URLSearchParams(Object.entries(parameters).filter((entry): entry is [string, string] => entry[1] !== null));
  return `${base}${base.includes('?') ? '&' : '?'}${query}${fragment.join('')}`;
}
