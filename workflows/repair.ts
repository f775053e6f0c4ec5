import { type BlamedCall, blames, isRepairAllowed } from './blame.ts';
import type { Connection } from './connection.ts';
import { hold } from './establish.ts';
import { type SeenFailure, seenFailure } from './failure.ts';
import { isServingValid, type StepName } from './state.ts';

const CALL: Partial<Record<StepName, BlamedCall>> = { 'api-key': 'credential', device: 'device-server', session: 'session-server' };

type BlameCode = Parameters<typeof blames>[0];

/**
 * Removes from the ladder what a refusal blames, with what stands on it; `establish` rebuilds exactly that. What is being
 * served is not touched. The refusal was noted already.
 */
export async function repair(connection: Connection, step: StepName, failure: SeenFailure): Promise<void> {
  const { state } = connection;
  const { ladder, troubles } = state;
  const call = CALL[step] ?? 'session-token call';
  const nowMs = Date.now();
  const trouble = troubles[step]!;
  const blamed = blames(failure.code as BlameCode, call, {
    refusals: trouble.failures,
    sinceMs: nowMs - trouble.firstAtMs,
    ownReadRefused: call === 'session-token call' && (await isOwnReadRefused(connection)),
    pastBinding: ladder.apiKey?.bindBeforeMs != null && nowMs >= ladder.apiKey.bindBeforeMs,
    deviceUnproven: ladder.device !== null && ladder.device.deviceId === null && !ladder.deviceRepeated,
  });
  switch (blamed) {
    case 'nothing':
    case 'ask again':
      return;
    case 'session':
      state.serving!.doubtful = true;
      return tryAgain(connection, step);
    case 'device':
      ladder.device = null;
      ladder.deviceRepeated = true;
      return tryAgain(connection, step);
    case 'credential': // never bound: it died by itself, which no repair budget counts
      ladder.apiKey = ladder.device = null;
      return tryAgain(connection, step);
    case 'installation':
    case 'key-pair':
      return newInstallation(connection, step, failure);
    case 'api-key':
      return newApiKey(connection, step, failure);
  }
}

/** Proves a refusal by our own reading before the session is blamed for it. */
async function isOwnReadRefused(connection: Connection): Promise<boolean> {
  const { state } = connection;
  if (!isServingValid(state, Date.now())) return true;
  const { session, installation } = state.serving!;
  try {
    await connection.call('readUser', 'prove the session after a refusal', {
      sessionToken: session.sessionToken,
      serverPublicKeyPem: installation.serverPublicKeyPem,
    });
    return false;
  } catch (error) {
    return seenFailure(error, Date.now()).code === 'BUNQ_TOKEN_REJECTED';
  }
}

function newInstallation(connection: Connection, step: StepName, failure: SeenFailure): void {
  const { state } = connection;
  if (!isRepairAllowed(state.repairs, 'installation', Date.now())) return hold(connection, step, failure, 'REPAIR_LOOP');
  noteRepair(connection, 'installation');
  Object.assign(state.ladder, { keyPair: null, installation: null, qsealSignature: null, device: null, deviceRepeated: false });
  tryAgain(connection, step);
}

function newApiKey(connection: Connection, step: StepName, failure: SeenFailure): void {
  const { state } = connection;
  if (state.wanted.credential.type !== 'qseal') return hold(connection, step, failure, 'API_KEY_REJECTED');
  if (!isRepairAllowed(state.repairs, 'credential', Date.now())) return hold(connection, step, failure, 'REPAIR_LOOP');
  noteRepair(connection, 'credential');
  Object.assign(state.ladder, { qsealSignature: null, apiKey: null, device: null });
  tryAgain(connection, step);
}

const DAY_MS = 24 * 60 * 60 * 1000;

function noteRepair({ state }: Connection, what: 'installation' | 'credential'): void {
  const nowMs = Date.now();
  state.repairs = [...state.repairs.filter((repair) => nowMs - repair.atMs < DAY_MS), { what, atMs: nowMs }];
  state.counts.repairs++;
}

/** What was blamed is gone, so the step has no reason to wait. */
function tryAgain({ state }: Connection, step: StepName): void {
  const trouble = state.troubles[step];
  if (trouble) trouble.retryAtMs = Date.now();
}
