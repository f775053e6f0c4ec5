import { createDeviceServer } from '../bunq/device-server.ts';
import type { ApiKey } from '../workflows/state.ts';
import { activity, type SealedInstallation } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export const deviceActivities = (dependencies: Dependencies) => ({
  /** Twice: the key is bound already; the bank says 200 again or refuses, and the session step proves it either way. */
  createDevice: activity(
    dependencies,
    async (
      { bank, fenced, open, openInstallation, settings },
      input: { installation: SealedInstallation; apiKey: ApiKey['apiKey']; description: string; permittedIps: string[] },
    ): Promise<{ deviceId: number }> => {
      const { deviceId } = await createDeviceServer(
        bank,
        await openInstallation(input.installation),
        {
          description: input.description,
          apiKey: await open('api-key', input.apiKey),
          permittedIps: permittedIpsFor(input.permittedIps, settings.egressAddress),
        },
        fenced,
      );
      return { deviceId };
    },
  ),
});

/**
 * What is sent as `permitted_ips`. The bank refuses a list without the calling address unless it holds the wildcard, and
 * documents the wildcard beside the own address.
 * @param permitted addresses, or `any`; empty leaves the field out, which binds to the calling address
 */
export function permittedIpsFor(permitted: readonly string[], ownAddress: string | null): string[] {
  if (permitted.length === 0) return [];
  const addresses = permitted.filter((address) => address !== 'any');
  const own = ownAddress !== null && !addresses.includes(ownAddress) ? [ownAddress] : [];
  return [...own, ...addresses, ...(permitted.includes('any') ? ['*'] : [])];
}
