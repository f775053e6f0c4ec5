import { z } from 'zod';
import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { idSchema, itemOf } from './envelope.ts';
import { listAll } from './list.ts';
import { request } from './request.ts';

const callbackUrlSchema = z.looseObject({ id: z.int(), url: z.string() });

export interface CallbackUrl {
  readonly id: number;
  readonly url: string;
}

/** Which OAuth client: its user, and its numeric id. */
export interface OAuthClientReference {
  readonly userId: number;
  readonly oauthClientId: number;
}

const pathOf = ({ userId, oauthClientId }: OAuthClientReference) => `user/${userId}/oauth-client/${oauthClientId}/callback-url`;

/**
 * `GET …/callback-url`: all callback URLs of the OAuth client, newest first.
 * @throws BunqError
 */
export async function listCallbackUrls(
  bank: Bank,
  caller: SessionCaller,
  client: OAuthClientReference,
  options?: CallOptions,
): Promise<CallbackUrl[]> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  const urls = await listAll(bank, { path: pathOf(client), token, serverPublicKeyPem }, 'OauthCallbackUrl', callbackUrlSchema, options);
  return urls.map(({ id, url }) => ({ id, url }));
}

/**
 * `POST …/callback-url`: one more URL to which the bank may redirect. It compares to the last slash.
 * @throws BunqError
 */
export function createCallbackUrl(
  bank: Bank,
  caller: SessionCaller,
  { url, ...client }: OAuthClientReference & { url: string },
  options?: CallOptions,
): Promise<{ callbackUrlId: number }> {
  const { sessionToken: token, privateKey, serverPublicKeyPem } = caller;
  const call = { method: 'POST', path: pathOf(client), body: { url }, token, privateKey, serverPublicKeyPem } as const;
  return request(bank, call, options, (items) => ({ callbackUrlId: itemOf(items, ['Id'], idSchema).id }));
}

/**
 * `DELETE …/callback-url/{id}`.
 * @throws BunqError
 */
export async function deleteCallbackUrl(
  bank: Bank,
  caller: SessionCaller,
  { callbackUrlId, ...client }: OAuthClientReference & { callbackUrlId: number },
  options?: CallOptions,
): Promise<void> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  await request(
    bank,
    { method: 'DELETE', path: `${pathOf(client)}/${callbackUrlId}`, token, serverPublicKeyPem },
    options,
    () => undefined,
  );
}
