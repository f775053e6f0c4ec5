import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { idSchema, itemOf } from './envelope.ts';
import { listAll } from './list.ts';
import { request } from './request.ts';

const TYPE_NAME = 'OauthClient';

/** The callback URLs inside are plain objects, without a type name around them. */
const oauthClientSchema = z.looseObject({
  id: z.int(),
  status: z.string().nullish(),
  display_name: z.string().nullish(),
  client_id: z.string().nullish(),
  secret: z.string().nullish(),
  callback_url: z.array(z.looseObject({ id: z.int(), url: z.string() })).nullish(),
});

export interface OAuthClient {
  readonly oauthClientId: number;
  /** `ACTIVE`, `CANCELLED`, `CANCELLED_PENDING`. */
  readonly status: string;
  readonly displayName: string | null;
  /** The long hex string for authorization URLs. Null where the bank leaves it out, as it may in lists. */
  readonly clientId: string | null;
  /** Null where the bank leaves it out, as it may in lists. */
  readonly clientSecret: Secret | null;
  readonly callbackUrls: readonly { readonly id: number; readonly url: string }[];
}

/**
 * `GET /user/{userID}/oauth-client`: all OAuth clients of the user, newest first.
 * @throws BunqError
 */
export async function listOAuthClients(
  bank: Bank,
  caller: SessionCaller,
  { userId }: { userId: number },
  options?: CallOptions,
): Promise<OAuthClient[]> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  const clients = await listAll(
    bank,
    { path: `user/${userId}/oauth-client`, token, serverPublicKeyPem },
    TYPE_NAME,
    oauthClientSchema,
    options,
  );
  return clients.map(oauthClientOf);
}

/**
 * `POST /user/{userID}/oauth-client`. A user can have only one: list first, and adopt what is there.
 * @throws BunqError
 */
export function createOAuthClient(
  bank: Bank,
  caller: SessionCaller,
  { userId }: { userId: number },
  options?: CallOptions,
): Promise<{ oauthClientId: number }> {
  const { sessionToken: token, privateKey, serverPublicKeyPem } = caller;
  const call = {
    method: 'POST',
    path: `user/${userId}/oauth-client`,
    body: { status: 'ACTIVE' },
    token,
    privateKey,
    serverPublicKeyPem,
  } as const;
  return request(bank, call, options, (items) => ({ oauthClientId: itemOf(items, ['Id'], idSchema).id }));
}

/**
 * `GET /user/{userID}/oauth-client/{id}`: the OAuth client with its id, secret and callback URLs.
 * @throws BunqError
 */
export function readOAuthClient(
  bank: Bank,
  caller: SessionCaller,
  { userId, oauthClientId }: { userId: number; oauthClientId: number },
  options?: CallOptions,
): Promise<OAuthClient> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  const call = { method: 'GET', path: `user/${userId}/oauth-client/${oauthClientId}`, token, serverPublicKeyPem } as const;
  return request(bank, call, options, (items) => oauthClientOf(itemOf(items, [TYPE_NAME], oauthClientSchema)));
}

function oauthClientOf({ id, status, display_name, client_id, secret, callback_url }: z.output<typeof oauthClientSchema>): OAuthClient {
  return {
    oauthClientId: id,
    status: status ?? 'UNKNOWN',
    displayName: display_name ?? null,
    clientId: client_id || null,
    clientSecret: secret ? new Secret(secret) : null,
    callbackUrls: (callback_url ?? []).map((one) => ({ id: one.id, url: one.url })),
  };
}
