import type { OAuthClientRead } from '../activities/oauth-client.ts';
import type { BunqUser } from '../bunq/user.ts';
import { settleConsent } from './authorization.ts';
import { type Connection, StepGivenUp } from './connection.ts';
import { SECOND_MS } from './duration.ts';
import { publishRenewed } from './events.ts';
import { StepFailure, seenFailure } from './failure.ts';
import { takeOAuthClient } from './oauth-client-steps.ts';
import { closeAgainMs, graceMs, renewAtMs, sessionLifetimeMs } from './renewal.ts';
import { sealedInstallation, sealedSession } from './sealed-callers.ts';
import { giveBack, takeSlot } from './slot-request.ts';
import {
  type Candidate,
  type ConnectionState,
  type Retiring,
  type Session,
  type Standing,
  standingOf,
  standingOfCandidate,
} from './state.ts';
import { OAUTH_STEPS, sessionStandsOn } from './steps.ts';
import { tryAgain } from './trouble.ts';

/** A new session is opened, proven by a signed read, its user compared, and only then served. */
export async function openAndProveSession(connection: Connection): Promise<void> {
  const { state } = connection;
  let read: OAuthClientRead | null = null;
  if (state.candidate && state.candidate.expiresAtMs <= Date.now()) dropCandidate(state); // it could not be proven in time
  connection.isOnServing = state.candidate ? state.candidate.isOnServing === true : sessionStandsOn(state, Date.now()) === 'serving';
  if (!state.candidate) ({ candidate: state.candidate, read } = await openSession(connection));
  if (!state.candidate.isProven) await prove(connection, state.candidate);
  compareUser(connection, state.candidate);
  serve(connection, state.candidate);
  if (read) takeOAuthClient(state, read);
}

/** @throws StepGivenUp when its slot is over: another one is asked for */
async function openSession(connection: Connection): Promise<{ candidate: Candidate; read: OAuthClientRead | null }> {
  const { state } = connection;
  const standsOn = sessionStandsOn(state, Date.now());
  const requestId = standsOn && (await takeSlot(connection));
  if (!requestId) throw new StepGivenUp();
  const standing = standsOn === 'ladder' ? standingOf(state.ladder)! : state.serving!;
  const openedAtMs = Date.now();
  const { apiKey } = standing;
  const { oauthClient } = state;
  const request = {
    installation: sealedInstallation(standing),
    apiKey: apiKey.apiKey,
    slot: { egress: state.egress, requestId },
    ...(oauthClient && { oauthClientId: oauthClient.oauthClientId }),
  };
  try {
    const opened = await connection.call('openSession', 'open session, and prove it by a reading', request);
    if (!opened.gaveBack) await giveBack(connection, { requestId, sent: true, outcome: 'opened' });
    const { sessionId, sessionToken, user, lifetimeMs, isProven } = opened;
    const expiresAtMs = openedAtMs + sessionLifetimeMs(lifetimeMs, apiKey.unused);
    const toldExpiresAtMs = openedAtMs + sessionLifetimeMs(lifetimeMs, false);
    if (expiresAtMs <= Date.now()) throw new StepFailure('BUNQ_RESPONSE_INVALID', 'The bank opened a session that is over already.');
    Object.assign(apiKey, { unused: false, bindBeforeMs: null });
    const session = { sessionId, sessionToken, user, openedAtMs, expiresAtMs, ...(toldExpiresAtMs > expiresAtMs && { toldExpiresAtMs }) };
    return { candidate: { ...session, isProven, ...(standsOn === 'serving' && { isOnServing: true }) }, read: opened.oauthClient ?? null };
  } catch (error) {
    const { sent, code } = seenFailure(error, Date.now());
    await giveBack(connection, { requestId, sent, outcome: code === 'BUNQ_CREDENTIALS_INCORRECT' ? 'refused' : 'other' });
    throw error;
  }
}

async function prove({ state, call }: Connection, candidate: Candidate): Promise<void> {
  const { sessionToken } = candidate;
  const { serverPublicKeyPem } = standingOfCandidate(state, candidate).installation;
  try {
    const session = sealedSession({ sessionToken, serverPublicKeyPem });
    const user = await call('readUser', 'prove the new session: whom the bank says we are', session);
    if (candidate.sessionId === 0) candidate.user = user; // imported: only a file has said whose it is
  } catch (error) {
    if (seenFailure(error, Date.now()).code === 'BUNQ_TOKEN_REJECTED') state.candidate = null;
    throw error;
  }
}

/** Another user than before is never served: the candidate is closed and the next session stands where the present one does. */
function compareUser(connection: Connection, candidate: Candidate): void {
  const { state } = connection;
  const { serving } = state;
  if (!serving || isSameUser(serving.session.user, candidate.user)) return;
  dropCandidate(state);
  const { keyPair, installation, apiKey, device } = serving;
  state.ladder = { keyPair, installation, apiKey, device, qsealSignature: null, deviceRepeated: false };
  state.wanted.credential = state.wanted.formerCredential ?? state.wanted.credential;
  delete state.wanted.formerCredential;
  if (state.authorization) state.authorization = settleConsent(state.authorization, false);
  throw new StepFailure(
    'DIFFERENT_USER',
    `The new session belongs to ${candidate.user.kind} ${candidate.user.id}, not to ${serving.session.user.kind} ${serving.session.user.id}.`,
  );
}

/** What was opened and will not be served is closed at the bank at once. */
export function dropCandidate(state: ConnectionState): void {
  if (!state.candidate) return;
  state.retiring.push(toBeClosed(state.candidate, standingOfCandidate(state, state.candidate), Date.now()));
  state.candidate = null;
}

/** A provider and an API-key user are themselves; an end user's grant is whom it is by and for, as its own id may change. */
export function isSameUser(one: BunqUser, other: BunqUser): boolean {
  if (one.grantedBy && other.grantedBy) return one.grantedBy.id === other.grantedBy.id && one.requestedBy?.id === other.requestedBy?.id;
  return one.id === other.id;
}

function serve(connection: Connection, { isOnServing, isProven: _, ...session }: Candidate): void {
  const { state } = connection;
  const nowMs = Date.now();
  const isRenewal = state.serving !== null;
  const { keyPair, installation, apiKey, device } = standingOfCandidate(state, state.candidate!);
  if (state.serving) {
    connection.renewals++;
    state.counts.renewals++;
    const { session: former } = state.serving;
    if (endsAtMs(former) > nowMs) state.retiring.push(toBeClosed(former, state.serving, nowMs + graceMs(former.expiresAtMs - nowMs)));
  }
  state.serving = {
    session,
    keyPair,
    installation,
    apiKey,
    device,
    renewAtMs: renewAtMs(session, state.name, nowMs),
    renewable: true,
    doubtful: false,
  };
  state.candidate = null;
  if (isRenewal) publishRenewed(connection.status);
  delete state.revoked;
  if (!isOnServing) delete state.wanted.formerCredential;
  if (!isOnServing && state.authorization) state.authorization = settleConsent(state.authorization, true);
  state.wishes.renew = null;
  state.waitedForUntilMs = 0;
  for (const step of OAUTH_STEPS) if (state.troubles[step]?.error.code === 'BUNQ_TOKEN_REJECTED') tryAgain(state, step);
}

/** A session that is not served, or not for long any more. */
export const toBeClosed = (session: Session, { installation }: Pick<Standing, 'installation'>, closeAtMs: number): Retiring => ({
  sessionId: session.sessionId,
  sessionToken: session.sessionToken,
  serverPublicKeyPem: installation.serverPublicKeyPem,
  closeAtMs,
  failures: 0,
  expiresAtMs: endsAtMs(session),
});

/** By itself, at the bank: until then what is not served any more has to be closed. */
const endsAtMs = ({ expiresAtMs, toldExpiresAtMs = expiresAtMs }: Session): number => toldExpiresAtMs;

/** With their whole grace: where renewals follow each other quickly, those before them have the time below. */
const MOST_RETIRING = 2;

/** What was being called on a session when it was replaced has its answer by then: a call is given up after 5 s. */
const LAST_CALLS_MS = 10 * SECOND_MS;

/**
 * Former sessions are closed at the bank after their grace period, the oldest of many sooner; one that has expired or is gone
 * needs no closing, and what cannot be closed is kept only while there are not too many.
 */
export async function closeFormerSessions(connection: Connection): Promise<void> {
  const { state } = connection;
  const nowMs = Date.now();
  const isTooMany = (former: Retiring) => state.retiring.indexOf(former) < state.retiring.length - MOST_RETIRING;
  for (const former of state.retiring.filter(isTooMany)) former.closeAtMs = Math.min(former.closeAtMs, nowMs + LAST_CALLS_MS);
  for (const former of state.retiring.filter(({ closeAtMs }) => closeAtMs <= nowMs)) {
    const isGone = former.expiresAtMs <= nowMs || (await closeSession(connection, former)) || isTooMany(former);
    if (isGone) state.retiring = state.retiring.filter((other) => other !== former);
    else former.closeAtMs = Date.now() + closeAgainMs(++former.failures);
  }
}

/** True when the session is closed, also when it was before. */
export async function closeSession(
  connection: Connection,
  former: Pick<Retiring, 'sessionId' | 'sessionToken' | 'serverPublicKeyPem'>,
): Promise<boolean> {
  const { sessionId } = former;
  try {
    await connection.call('closeSession', `close session ${sessionId}`, { session: sealedSession(former), sessionId });
    return true;
  } catch (error) {
    const { code } = seenFailure(error, Date.now());
    return code === 'BUNQ_TOKEN_REJECTED' || code === 'BUNQ_NOT_FOUND';
  }
}
