import { installationKeyPairFromPem } from '../../bunq/keys.ts';
import type { SealingKeySet } from '../../sealing/key-set.ts';
import { Secret } from '../../sealing/secret.ts';
import type { SeededConnection, Simulator } from '../../simulator/index.ts';
import { connectionWorkflowId } from '../../workflows/names.ts';
import { type ConnectionState, initialState } from '../../workflows/state.ts';

/** What is the same of them. */
export interface ServedUsers {
  readonly environment: string;
  readonly egress: string;
  readonly keys: SealingKeySet;
  readonly openedAtMs: number;
  /** When the sessions of each end, in the order of the names: in the past for one that has none any more. */
  readonly expiresAtMs: (index: number) => number;
}

/**
 * States of many end users' connections that are served already, to start workflows from: each has a user, an API key in its access
 * token's place, an installation and an open session of its own at the bank. Their renewals are due at two thirds, without jitter.
 * @param names PROVIDER/USER
 */
export async function servedUsers(bank: Simulator, names: readonly string[], users: ServedUsers): Promise<ConnectionState[]> {
  const { clientPrivateKey, serverPublicKey, connections } = bank.seed({ connections: names.length });
  const { publicKeyPem, privateKey } = installationKeyPairFromPem(clientPrivateKey!)!;
  return Promise.all(
    names.map(async (name, index) => {
      const seeded = connections[index]!;
      const connection = connectionWorkflowId(users.environment, name);
      const standing = {
        keyPair: { publicKeyPem, privateKey: await users.keys.seal('private-key', connection, privateKey) },
        ...(await sealed(seeded, users.keys, connection, serverPublicKey)),
      };
      return servedState(name, seeded, standing, await users.keys.seal('session-token', connection, new Secret(seeded.sessionToken)), {
        ...users,
        expiresAtMs: users.expiresAtMs(index),
      });
    }),
  );
}

async function sealed(
  { installationId, installationToken, apiKey, credentialId, deviceId }: SeededConnection,
  keys: SealingKeySet,
  connection: string,
  serverPublicKeyPem: string,
) {
  const token = await keys.seal('installation-token', connection, new Secret(installationToken));
  return {
    installation: { installationId, installationToken: token, serverPublicKeyPem },
    apiKey: { apiKey: await keys.seal('api-key', connection, new Secret(apiKey)), credentialId, bindBeforeMs: null, unused: false },
    device: { deviceId },
  };
}

type Serving = NonNullable<ConnectionState['serving']>;

function servedState(
  name: string,
  { sessionId, userId }: SeededConnection,
  standing: Pick<Serving, 'keyPair' | 'installation' | 'apiKey' | 'device'>,
  sessionToken: Serving['session']['sessionToken'],
  { environment, egress, openedAtMs, expiresAtMs }: Omit<ServedUsers, 'expiresAtMs'> & { expiresAtMs: number },
): ConnectionState {
  const credential = { type: 'oauth-grant' as const };
  const request = { version: 1 as const, name, environment, egress, credential, callbackUrls: [], permittedIps: [] };
  const user = { kind: 'UserPerson' as const, id: userId, displayName: null };
  const session = { sessionId, sessionToken, user, openedAtMs, expiresAtMs };
  const renewAtMs = openedAtMs + ((expiresAtMs - openedAtMs) * 2) / 3;
  return {
    ...initialState(request, openedAtMs),
    ladder: { ...standing, qsealSignature: null, deviceRepeated: false },
    serving: { ...standing, session, renewAtMs, renewable: true, doubtful: false },
    onboardedAtMs: openedAtMs,
    waitedForUntilMs: 0,
    lifecycle: { state: 'ACTIVE', sinceMs: openedAtMs },
  };
}
