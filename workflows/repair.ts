import { actionFor } from './actions.ts';
import { type Blamed, type BlamedCall, blames, isRefusedAgain, isRepairAllowed } from './blame.ts';
import type { ActionCode, StepName } from './codes.ts';
import type { Connection } from './connection.ts';
import { DAY_MS } from './duration.ts';
import { type SeenFailure, seenFailure } from './failure.ts';
import { isServingValid } from './state.ts';
import { park, tryAgain } from './trouble.ts';

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
  const ownRead = call === 'session-token call' ? await readOwnUser(connection) : null;
  const circumstances = {
    refusals: trouble.failures,
    sinceMs: nowMs - trouble.firstAtMs,
    ownReadRefused: ownRead === 'refused',
    pastBinding: ladder.apiKey?.bindBeforeMs != null && nowMs >= ladder.apiKey.bindBeforeMs,
    deviceUnproven: ladder.device !== null && ladder.device.deviceId === null && !ladder.deviceRepeated,
  };
  const blamed = blames(failure.code as BlameCode, call, circumstances);
  if (blamed === 'ask again') return;
  if (blamed === 'nothing') {
    if (ownRead !== 'unclear' && isRefusedAgain(circumstances)) park(connection, step, actionFor(step, failure.code)); // a role may be missing
    return;
  }
  const action = GIVE_UP[blamed](connection);
  if (action) park(connection, step, action);
  else if (blamed === 'session')
    trouble.retryAtMs = state.serving!.session.expiresAtMs; // it waits for the next session
  else tryAgain(state, step);
}

/** What is removed for each; an action when that may not be done, or not again. */
const GIVE_UP: Record<Exclude<Blamed, 'nothing' | 'ask again'>, (connection: Connection) => ActionCode | null> = {
  session: ({ state }) => {
    state.serving!.doubtful = true;
    return null;
  },
  device: ({ state }) => {
    Object.assign(state.ladder, { device: null, deviceRepeated: true });
    return null;
  },
  // Never bound: it died by itself, which no repair budget counts.
  credential: ({ state }) => {
    Object.assign(state.ladder, { apiKey: null, device: null });
    return null;
  },
  installation: newInstallation,
  'key-pair': newInstallation,
  'api-key': newApiKey,
};

/** Proves a refusal by our own reading before the session is blamed for it. */
async function readOwnUser(connection: Connection): Promise<'passed' | 'refused' | 'unclear'> {
  const { state } = connection;
  if (!isServingValid(state, Date.now())) return 'refused';
  const { session, installation } = state.serving!;
  try {
    await connection.call('readUser', 'prove the session after a refusal', {
      sessionToken: session.sessionToken,
      serverPublicKeyPem: installation.serverPublicKeyPem,
    });
    return 'passed';
  } catch (error) {
    return seenFailure(error, Date.now()).code === 'BUNQ_TOKEN_REJECTED' ? 'refused' : 'unclear';
  }
}

function newInstallation(connection: Connection): ActionCode | null {
  const { state } = connection;
  if (!isRepairAllowed(state.repairs, 'installation', Date.now())) return 'REPAIR_LOOP';
  noteRepair(connection, 'installation');
  Object.assign(state.ladder, { keyPair: null, installation: null, qsealSignature: null, device: null, deviceRepeated: false });
  return null;
}

function newApiKey(connection: Connection): ActionCode | null {
  const { state } = connection;
  if (state.wanted.credential.type !== 'qseal') return 'API_KEY_REJECTED';
  if (!isRepairAllowed(state.repairs, 'credential', Date.now())) return 'REPAIR_LOOP';
  noteRepair(connection, 'credential');
  Object.assign(state.ladder, { qsealSignature: null, apiKey: null, device: null });
  return null;
}

function noteRepair({ state }: Connection, what: 'installation' | 'credential'): void {
  const nowMs = Date.now();
  state.repairs = [...state.repairs.filter((repair) => nowMs - repair.atMs < DAY_MS), { what, atMs: nowMs }];
  state.counts.repairs++;
}
