import type { SealingKeySet } from '../sealing/key-set.ts';
import type { StepName } from '../workflows/codes.ts';
import { type ConnectionState, initialState, type OnboardingRequest } from '../workflows/state.ts';
import type { BunqContext } from './bunq-context.ts';

const IMPORTED_STEPS: readonly StepName[] = ['key-pair', 'installation', 'api-key', 'device'];

/**
 * The state of a connection that goes on with what bunq's SDK has registered: its key pair, installation, API key and device,
 * and its session as a candidate that the workflow proves before it serves it. Sealed for the connection.
 * @param connection its workflow id
 */
export async function importedState(
  request: OnboardingRequest,
  { keyPair, installationToken, serverPublicKeyPem, apiKey, session }: BunqContext,
  keys: SealingKeySet,
  connection: string,
  nowMs: number,
): Promise<ConnectionState> {
  const state = initialState(request, nowMs);
  Object.assign(state.ladder, {
    keyPair: { publicKeyPem: keyPair.publicKeyPem, privateKey: await keys.seal('private-key', connection, keyPair.privateKey) },
    installation: {
      installationId: null,
      installationToken: await keys.seal('installation-token', connection, installationToken),
      serverPublicKeyPem,
    },
    apiKey: { apiKey: await keys.seal('api-key', connection, apiKey), credentialId: null, bindBeforeMs: null, unused: false },
    device: { deviceId: null },
  } satisfies Partial<ConnectionState['ladder']>);
  for (const step of IMPORTED_STEPS) state.doneAtMs[step] = nowMs;
  if (session)
    state.candidate = {
      sessionId: 0, // as the bank's SDKs close the session of the token
      sessionToken: await keys.seal('session-token', connection, session.token),
      user: session.user,
      openedAtMs: nowMs,
      expiresAtMs: session.expiresAtMs,
    };
  return state;
}
