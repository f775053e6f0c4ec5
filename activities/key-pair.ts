import { generateInstallationKeyPair } from '../bunq/keys.ts';
import type { KeyPair } from '../workflows/state.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export const keyPairActivities = (dependencies: Dependencies) => ({
  /** An activity of its own, recorded before its key is used: so a repeated installation sends the same public key. */
  generateKeyPair: activity(dependencies, async ({ seal }): Promise<KeyPair> => {
    const { publicKeyPem, privateKey } = await generateInstallationKeyPair();
    return { publicKeyPem, privateKey: await seal('private-key', privateKey) };
  }),
});
