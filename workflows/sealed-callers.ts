import type { SealedInstallation, SealedSession } from '../activities/context.ts';
import type { Ladder, Retiring } from './state.ts';

/** What calls to the bank are made with, as activities get it: secrets sealed, and no more than the call needs. */

/** For credentials, devices and new sessions. */
export function sealedInstallation({ keyPair, installation }: Pick<Ladder, 'keyPair' | 'installation'>): SealedInstallation {
  const { installationToken, serverPublicKeyPem, ofProvider } = installation!;
  const serverPublicKey = withoutFrame(serverPublicKeyPem);
  return { installationToken, serverPublicKey, privateKey: keyPair!.privateKey, ...(ofProvider && { ofProvider }) };
}

/** For calls without a body, which need no private key: it is most of what they would hold. */
export const sealedSession = ({
  sessionToken,
  serverPublicKeyPem,
}: Pick<Retiring, 'sessionToken' | 'serverPublicKeyPem'>): SealedSession => ({
  sessionToken,
  serverPublicKey: withoutFrame(serverPublicKeyPem),
});

/** What stands inside a PEM: base64 of the key. Its frame and line ends would stand in the history of every call to the bank. */
const withoutFrame = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
