import { installationPrivateKeyPem } from '../bunq/keys.ts';
import type { BunqUser, UserReference } from '../bunq/user.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { providerIdOf } from '../workflows/names.ts';
import type { Serving } from '../workflows/state.ts';

/** The context file of bunq's SDKs, in plain text. Not for printing but to whoever asked for it. */
export interface ExportedContext {
  readonly environment_type: 'SANDBOX' | 'PRODUCTION';
  readonly api_key: string;
  readonly installation_context: {
    readonly token: string;
    readonly private_key_client: string;
    readonly public_key_client: string;
    readonly public_key_server: string;
  };
  /** And the user, under the name that the SDK looks for. */
  readonly session_context: {
    readonly token: string;
    readonly expiry_time: string;
    readonly user_id: number;
    readonly [user: string]: unknown;
  };
  readonly proxy_url: null;
}

/**
 * All of one bundle: the session served, and the installation, key pair and API key that it was opened with. Those of an end user's
 * that stands on the provider's installation are opened as the provider's.
 * @param connection its workflow id
 * @throws SealingError
 */
export async function exportedContext(
  { session, keyPair, installation, apiKey }: Pick<Serving, 'session' | 'keyPair' | 'installation' | 'apiKey'>,
  environment: string,
  connection: string,
  keys: SealingKeySet,
): Promise<ExportedContext> {
  const installedBy = installation.ofProvider ? providerIdOf(connection) : connection;
  const privateKey = await keys.open('private-key', installedBy, keyPair.privateKey);
  return {
    environment_type: environment === 'production' ? 'PRODUCTION' : 'SANDBOX',
    api_key: (await keys.open('api-key', connection, apiKey.apiKey)).text(),
    installation_context: {
      token: (await keys.open('installation-token', installedBy, installation.installationToken)).text(),
      private_key_client: installationPrivateKeyPem(privateKey).text().trim(),
      public_key_client: keyPair.publicKeyPem.trim(),
      public_key_server: installation.serverPublicKeyPem.trim(),
    },
    session_context: {
      token: (await keys.open('session-token', connection, session.sessionToken)).text(),
      expiry_time: sdkTime(session.expiresAtMs),
      user_id: session.user.id,
      ...userMembers(session.user),
    },
    proxy_url: null,
  };
}

/** Python's name for it (`user_api_key`) and PHP's (`userApiKey`): each overlooks the other's. */
function userMembers({ kind, id, displayName, requestedBy, grantedBy }: BunqUser): Record<string, unknown> {
  const user = {
    id,
    ...(displayName !== null && { display_name: displayName }),
    ...(requestedBy && { requested_by_user: anchored(requestedBy) }),
    ...(grantedBy && { granted_by_user: anchored(grantedBy) }),
  };
  const camelCase = kind.charAt(0).toLowerCase() + kind.slice(1);
  return { [camelCase.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]: user, [camelCase]: user };
}

const anchored = ({ kind, id }: UserReference) => ({ [kind]: { id } });

/** Naive local time with microseconds, as `datetime.now()` in the SDK's `%Y-%m-%d %H:%M:%S.%f`, with which it is compared. */
function sdkTime(atMs: number): string {
  const at = new Date(atMs);
  const [month, day, hours, minutes, seconds] = [at.getMonth() + 1, at.getDate(), at.getHours(), at.getMinutes(), at.getSeconds()].map(
    (part) => String(part).padStart(2, '0'),
  );
  return `${at.getFullYear()}-${month}-${day} ${hours}:${minutes}:${seconds}.${String(at.getMilliseconds()).padStart(3, '0')}000`;
}
