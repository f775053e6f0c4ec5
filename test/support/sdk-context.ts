import { createPrivateKey, createPublicKey } from 'node:crypto';
import { createBank } from '../../bunq/bank.ts';
import { createDeviceServer } from '../../bunq/device-server.ts';
import { createInstallation } from '../../bunq/installation.ts';
import { generateInstallationKeyPair } from '../../bunq/keys.ts';
import { createSessionServer } from '../../bunq/session-server.ts';
import type { Secret } from '../../sealing/secret.ts';
import { systemClock } from '../../settings/clock.ts';

/** The members of `bunq.conf` as bunq's Python SDK writes them: sorted, without those that are null, PEM without a last line break. */
export interface SdkContext {
  api_key: string;
  environment_type: string;
  installation_context: { private_key_client: string; public_key_client: string; public_key_server: string; token: string };
  session_context: { expiry_time: string; token: string; user_id: number; [user: string]: unknown };
}

const pem = (text: string | Buffer) => text.toString().trim();

/** Naive local time with microseconds, as Python's `%Y-%m-%d %H:%M:%S.%f` writes it; here the zone is UTC. */
export const sdkTime = (atMs: number) => `${new Date(atMs).toISOString().replace('T', ' ').replace('Z', '')}000`;

/** What bunq's SDK leaves behind once it has registered an API key: made at the bank by the same calls. @param nowMs by the bank's clock */
export async function registerAsSdk(apiUrl: string, apiKey: Secret, nowMs = Date.now()): Promise<SdkContext> {
  const bank = createBank({ apiUrl, clock: systemClock });
  try {
    const { privateKey, publicKeyPem } = await generateInstallationKeyPair();
    const { installationToken, serverPublicKeyPem } = await createInstallation(bank, { publicKeyPem });
    const caller = { installationToken, privateKey, serverPublicKeyPem };
    await createDeviceServer(bank, caller, { description: 'an SDK', apiKey, permittedIps: [] });
    const { sessionToken, user, lifetimeMs } = await createSessionServer(bank, caller, { apiKey });
    const key = createPrivateKey({ key: Buffer.from(privateKey.bytes()), format: 'der', type: 'pkcs8' });
    const member = user.kind.replace(/[A-Z]/g, (letter, at: number) => (at > 0 ? '_' : '') + letter.toLowerCase());
    return {
      api_key: apiKey.text(),
      environment_type: 'SANDBOX',
      installation_context: {
        private_key_client: pem(key.export({ type: 'pkcs8', format: 'pem' })),
        public_key_client: pem(createPublicKey(key).export({ type: 'spki', format: 'pem' })),
        public_key_server: pem(serverPublicKeyPem),
        token: installationToken.text(),
      },
      session_context: {
        expiry_time: sdkTime(nowMs + lifetimeMs),
        token: sessionToken.text(),
        user_id: user.id,
        [member]: { display_name: user.displayName, id: user.id, status: 'ACTIVE' },
      },
    };
  } finally {
    await bank.close();
  }
}
