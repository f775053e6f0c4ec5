import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions, InstallationCaller } from './bank.ts';
import { type Item, idSchema, itemOf, responseItems, ShapeError } from './envelope.ts';
import { rsaPublicKey } from './keys.ts';
import { request } from './request.ts';

const tokenSchema = z.looseObject({ token: z.string().min(1) });
const serverPublicKeySchema = z.looseObject({ server_public_key: z.string() });

export interface Installation {
  readonly installationId: number;
  readonly installationToken: Secret;
  /** SPKI PEM with LF. */
  readonly serverPublicKeyPem: string;
}

/**
 * `POST /installation`: makes our public key known. The answer is verified with the key that it brings: that proves that it
 * came whole; that it came from the bank is TLS's word.
 * @param input the installation's own key, SPKI PEM
 * @throws BunqError
 */
export function createInstallation(bank: Bank, { publicKeyPem }: { publicKeyPem: string }, options?: CallOptions): Promise<Installation> {
  const serverPublicKeyPem = (bytes: Uint8Array) => serverPublicKeyOf(responseItems(bytes));
  const call = { method: 'POST', path: 'installation', body: { client_public_key: publicKeyPem }, serverPublicKeyPem } as const;
  return request(bank, call, options, (items) => ({
    installationId: itemOf(items, ['Id'], idSchema).id,
    installationToken: new Secret(itemOf(items, ['Token'], tokenSchema).token),
    serverPublicKeyPem: serverPublicKeyOf(items),
  }));
}

/**
 * `GET /installation/{id}/server-public-key`: the bank's key once more, verified with the one that is known.
 * @throws BunqError
 */
export function readServerPublicKey(
  bank: Bank,
  caller: InstallationCaller,
  { installationId }: { installationId: number },
  options?: CallOptions,
): Promise<{ serverPublicKeyPem: string }> {
  const { installationToken: token, serverPublicKeyPem } = caller;
  const call = { method: 'GET', path: `installation/${installationId}/server-public-key`, token, serverPublicKeyPem } as const;
  return request(bank, call, options, (items) => ({ serverPublicKeyPem: serverPublicKeyOf(items) }));
}

function serverPublicKeyOf(items: Item[]): string {
  const { server_public_key } = itemOf(items, ['ServerPublicKey', 'InstallationServerPublicKey'], serverPublicKeySchema);
  const key = rsaPublicKey(server_public_key);
  if (!key) throw new ShapeError('ServerPublicKey.server_public_key is not the PEM of an RSA public key');
  return key.export({ type: 'spki', format: 'pem' }).toString();
}
