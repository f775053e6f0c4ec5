import type { SealingKeySet } from '../sealing/key-set.ts';
import type { Secret } from '../sealing/secret.ts';
import type { SessionView } from '../workflows/messages.ts';
import { providerIdOf } from '../workflows/names.ts';

/**
 * Opens what a session's calls need. The token is the connection's own; the private key is its provider's where an end user's session
 * stands on the provider's installation.
 * @param connection its workflow id
 * @throws SealingError
 */
export async function openSession(
  { sessionToken, privateKey, ofProvider }: SessionView,
  connection: string,
  keys: SealingKeySet,
): Promise<{ sessionToken: Secret; privateKey: Secret }> {
  return {
    sessionToken: await keys.open('session-token', connection, sessionToken),
    privateKey: await keys.open('private-key', ofProvider ? providerIdOf(connection) : connection, privateKey),
  };
}
