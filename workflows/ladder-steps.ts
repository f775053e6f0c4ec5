import { exchangeCode } from './authorization-step.ts';
import { isUnclear } from './blame.ts';
import type { Connection } from './connection.ts';
import { MINUTE_MS } from './duration.ts';
import { StepFailure, seenFailure } from './failure.ts';
import { signQseal } from './qseal-signature.ts';
import { sealedInstallation } from './sealed-callers.ts';
import { type ApiKey, isOnProvidersInstallation, type WantedCredential } from './state.ts';

/** The steps below the session. Each reads what it stands on from the ladder and puts its own result there. */

export async function generateKeyPair(connection: Connection): Promise<void> {
  connection.state.ladder.keyPair = await connection.call('generateKeyPair', 'generate key pair');
}

export async function createInstallation(connection: Connection): Promise<void> {
  const { ladder } = connection.state;
  const { publicKeyPem } = ladder.keyPair!;
  ladder.installation = await connection.call('createInstallation', 'create installation', { publicKeyPem });
}

export async function obtainApiKey(connection: Connection): Promise<void> {
  const { ladder, wanted } = connection.state;
  const { credential } = wanted;
  if (credential.type === 'api-key') ladder.apiKey = given(credential.apiKey);
  else if (credential.type === 'sandbox-user')
    ladder.apiKey = given((await connection.call('createSandboxUser', 'create sandbox user')).apiKey);
  else if (credential.type === 'oauth-grant') ladder.apiKey = given(await exchangeCode(connection));
  else ladder.apiKey = await createCredential(connection, credential);
  const device = isOnProvidersInstallation(ladder) ? { deviceId: null } : null;
  Object.assign(ladder, { qsealSignature: null, device, deviceRepeated: false });
}

const given = (apiKey: ApiKey['apiKey']): ApiKey => ({ apiKey, credentialId: null, bindBeforeMs: null, unused: false });

/** An hour, by the bank's documentation. A shorter one is rather a clock that is wrong, and must not have us make credential after credential. */
const SHORTEST_BINDING_MS = MINUTE_MS;

async function createCredential(connection: Connection, credential: Extract<WantedCredential, { type: 'qseal' }>): Promise<ApiKey> {
  const { state } = connection;
  const { certificatePem, chainPem } = credential;
  if (Date.parse(credential.expiresAt) <= Date.now())
    throw new StepFailure('CERTIFICATE_EXPIRED', `The certificate expired on ${credential.expiresAt}.`);
  state.ladder.qsealSignature ??= await signQseal(state, credential);
  delete state.ladder.installation!.qsealDigest;
  const askedAtMs = Date.now();
  const created = await connection.call('createCredential', 'create payment service provider credential', {
    installation: sealedInstallation(state.ladder),
    certificatePem,
    chainPem,
    qsealSignature: state.ladder.qsealSignature,
  });
  const { apiKey, credentialId, bindWithinMs } = created;
  const bindBeforeMs = bindWithinMs === null ? null : askedAtMs + Math.max(bindWithinMs, SHORTEST_BINDING_MS);
  return { apiKey, credentialId, bindBeforeMs, unused: true };
}

/** A refusal after a lost answer may mean that the key is bound already: the session step will tell. */
export async function bindDevice(connection: Connection): Promise<void> {
  const { state } = connection;
  const { ladder, troubles } = state;
  try {
    const { deviceId } = await connection.call('createDevice', 'bind API key to device', {
      installation: sealedInstallation(state.ladder),
      apiKey: ladder.apiKey!.apiKey,
      description: `bunq-keeper ${state.name}`,
      permittedIps: state.wanted.permittedIps,
    });
    ladder.device = { deviceId };
    ladder.apiKey!.bindBeforeMs = null;
  } catch (error) {
    const failure = seenFailure(error, Date.now());
    const lostBefore = failure.repeated || (troubles.device !== undefined && isUnclear(troubles.device.error.code));
    if (failure.code !== 'BUNQ_CREDENTIALS_INCORRECT' || !lostBefore) throw error;
    ladder.device = { deviceId: null };
  }
}
