import { createInstallation } from '../bunq/installation.ts';
import type { Installation } from '../workflows/state.ts';
import { activity } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export const installationActivities = (dependencies: Dependencies) => ({
  /** Twice: one unused installation more at the bank. */
  createInstallation: activity(
    dependencies,
    async ({ bank, fenced, seal }, { publicKeyPem }: { publicKeyPem: string }): Promise<Installation> => {
      const { installationId, installationToken, serverPublicKeyPem } = await createInstallation(bank, { publicKeyPem }, fenced);
      return { installationId, installationToken: await seal('installation-token', installationToken), serverPublicKeyPem };
    },
  ),
});
