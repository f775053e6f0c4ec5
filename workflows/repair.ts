import { actionFor } from './actions.ts';
import { consultGate } from './bank.ts';
import { type Blamed, type BlamedCall, blames, type Circumstances, isRefusedAgain, isRepairAllowed, REFUSED_AGAIN_MS } from './blame.ts';
import type { ActionCode, StepName } from './codes.ts';
import type { Connection } from './connection.ts';
import { DAY_MS, MINUTE_MS } from './duration.ts';
import { publishRepaired } from './events.ts';
import type { SeenFailure } from './failure.ts';
import { readOwnUser } from './refusal-report.ts';
import { noteRevoked } from './revocation.ts';
import { othersSince } from './slots.ts';
import { isOnProvidersInstallation, type Ladder, standingOf, type Trouble } from './state.ts';
import { park, tryAgain, waitLong } from './trouble.ts';

const CALL: Partial<Record<StepName, BlamedCall>> = {
  installation: 'installation',
  'api-key': 'credential',
  device: 'device-server',
  session: 'session-server',
};

type BlameCode = Parameters<typeof blames>[0];

/** A bank that refuses what it made just now is in trouble rather than we: a person is called only when that lasts. */
const PATIENCE_MS = 15 * MINUTE_MS;

/**
 * Removes from the ladder what a refusal blames, with what stands on it; `establish` rebuilds exactly that. What is being
 * served is not touched. The refusal was noted already.
 */
export async function repair(connection: Connection, step: StepName, failure: SeenFailure): Promise<void> {
  const { state } = connection;
  const trouble = state.troubles[step]!;
  const call = isOfNewSession(failure, step) ? 'new session' : (CALL[step] ?? 'session-token call');
  const ownRead = call === 'session-token call' ? await readOwnUser(connection) : null;
  const circumstances = await circumstancesOf(connection, trouble, failure, ownRead === 'refused');
  const blamed = ownInstallationFirst(state.ladder, blames(failure.code as BlameCode, call, circumstances));
  if (blamed === 'ask again') return;
  if (blamed === 'address') return suspectAddress(connection, step);
  if (blamed === 'nothing') {
    if (ownRead !== 'unclear' && isRefusedAgain(circumstances)) park(connection, step, actionFor(step, failure.code)); // a role may be missing
    return;
  }
  if (blamed === 'api-key' && state.wanted.credential.type === 'oauth-grant') return noteRevoked(connection, step);
  if (trouble.isOnServing) {
    state.serving!.renewable = false;
    return standingOf(state.ladder) ? tryAgain(state, step) : waitLong(connection, step);
  }
  const action = GIVE_UP[blamed](connection);
  if (action === 'REPAIR_LOOP' && circumstances.sinceMs < PATIENCE_MS) return;
  if (action) park(connection, step, action);
  else if (blamed === 'session')
    trouble.retryAtMs = state.serving!.session.expiresAtMs; // it waits for the next session
  else tryAgain(state, step);
}

/** What the bank refuses on the provider's installation it may take on one of the user's own: only there is the access token to blame. */
const ownInstallationFirst = (ladder: Ladder, blamed: Blamed): Blamed =>
  blamed === 'api-key' && isOnProvidersInstallation(ladder) ? 'installation' : blamed;

const isOfNewSession = ({ endpoint }: SeenFailure, step: StepName) => step === 'session' && endpoint?.startsWith('GET ') === true;

async function circumstancesOf(
  connection: Connection,
  trouble: Trouble,
  { code }: SeenFailure,
  ownReadRefused: boolean,
): Promise<Circumstances> {
  const { ladder } = connection.state;
  const nowMs = Date.now();
  const known = {
    refusals: trouble.failures,
    sinceMs: nowMs - trouble.firstAtMs,
    ownReadRefused,
    pastBinding: ladder.apiKey?.bindBeforeMs != null && nowMs >= ladder.apiKey.bindBeforeMs,
    deviceUnproven:
      ladder.device !== null && ladder.device.deviceId === null && !ladder.deviceRepeated && !isOnProvidersInstallation(ladder),
  };
  const asksOthers = code === 'BUNQ_CREDENTIALS_INCORRECT' && !known.pastBinding && !known.deviceUnproven;
  return { ...known, others: asksOthers ? await askOfOthers(connection, trouble.firstAtMs) : 'unknown' };
}

/** Asked at every such refusal, the first too: then the gate can find out until the next. */
async function askOfOthers({ state }: Connection, sinceMs: number): Promise<Circumstances['others']> {
  try {
    return othersSince(await consultGate({ egress: state.egress }), sinceMs);
  } catch {
    return 'unknown';
  }
}

/** Nothing is given up: the gate lets one connection try every 5 minutes, and the first that gets through shows the way. */
function suspectAddress({ state }: Connection, step: StepName): void {
  const trouble = state.troubles[step]!;
  trouble.error.code = 'ADDRESS_SUSPECT';
  if (step === 'session') trouble.retryAtMs = Date.now() + REFUSED_AGAIN_MS;
}

/** What is removed for each; an action when that may not be done, or not again. */
const GIVE_UP: Record<Exclude<Blamed, 'nothing' | 'ask again' | 'address'>, (connection: Connection) => ActionCode | null> = {
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

function newInstallation(connection: Connection): ActionCode | null {
  const { state } = connection;
  if (!isRepairAllowed(state.repairs, 'installation', Date.now())) return 'REPAIR_LOOP';
  noteRepair(connection, 'installation');
  if (state.serving) state.serving.renewable = false;
  Object.assign(state.ladder, { keyPair: null, installation: null, qsealSignature: null, device: null, deviceRepeated: false });
  return null;
}

function newApiKey(connection: Connection): ActionCode | null {
  const { state } = connection;
  if (state.wanted.credential.type !== 'qseal') return 'API_KEY_REJECTED';
  if (Date.parse(state.wanted.credential.expiresAt) <= Date.now()) return 'CERTIFICATE_EXPIRED'; // nothing could take its place: it is tried again
  if (!isRepairAllowed(state.repairs, 'credential', Date.now())) return 'REPAIR_LOOP';
  noteRepair(connection, 'credential');
  if (state.serving?.apiKey.apiKey === state.ladder.apiKey?.apiKey) state.serving!.renewable = false; // else it is a new certificate's that was refused
  Object.assign(state.ladder, { qsealSignature: null, apiKey: null, device: null });
  return null;
}

function noteRepair(connection: Connection, what: 'installation' | 'credential'): void {
  const { state } = connection;
  const nowMs = Date.now();
  state.repairs = [...state.repairs.filter((repair) => nowMs - repair.atMs < DAY_MS), { what, atMs: nowMs }];
  state.counts.repairs++;
  publishRepaired(connection.status, what);
}
