import { condition } from '@temporalio/workflow';
import type { Connection } from './connection.ts';
import { seenFailure } from './failure.ts';
import type { RefusalAnswer, ReportRefusedInput } from './messages.ts';
import { sealedSession } from './sealed-callers.ts';
import { type ConnectionState, isServingValid, WAITED_FOR_MS } from './state.ts';
import { sessionView } from './status.ts';

/**
 * Reports of refused calls. A refusal may be about the call (a role, a path) or about the session: the keeper proves the session
 * itself before it believes the report. However many report, it is proven once at a time and renewed once.
 */

/** The caller has a minute. */
const ANSWER_WITHIN_MS = 55_000;

/** For the update: waits for the loop to prove the session, or to open its successor. */
export async function answerReport(connection: Connection, { sessionId }: ReportRefusedInput): Promise<RefusalAnswer> {
  const { state, reports } = connection;
  const reportedAtMs = Date.now();
  if (isServedStill(state, sessionId)) {
    reports.pending = sessionId;
    connection.woken = true;
  } else state.waitedForUntilMs = Math.max(state.waitedForUntilMs, isServingValid(state, reportedAtMs) ? 0 : reportedAtMs + WAITED_FOR_MS);
  await condition(() => outcome(connection, sessionId, reportedAtMs) !== null || connection.isMoving, ANSWER_WITHIN_MS, {
    summary: `a call on session ${sessionId} was refused: answer within a minute`,
  });
  const session = isServingValid(state, Date.now()) ? sessionView(state) : null;
  return { outcome: outcome(connection, sessionId, reportedAtMs) ?? 'repairing', session };
}

const isServedStill = (state: ConnectionState, sessionId: number) =>
  isServingValid(state, Date.now()) && state.serving!.session.sessionId === sessionId;

/** Null while it is not known. */
function outcome({ state, reports: { proof } }: Connection, sessionId: number, sinceMs: number): RefusalAnswer['outcome'] | null {
  if (isServingValid(state, Date.now()) && state.serving!.session.sessionId !== sessionId) return 'replaced';
  if (proof?.sessionId !== sessionId || proof.atMs < sinceMs) return null;
  if (proof.outcome === 'passed') return 'good';
  return proof.outcome === 'unclear' ? 'repairing' : null;
}

/** For the loop: reads with the session that was reported. Refused again, it is doubtful, and its successor is sought at once. */
export async function proveReported(connection: Connection): Promise<void> {
  const { state, reports } = connection;
  const { pending } = reports;
  reports.pending = null;
  if (pending === null || !isServedStill(state, pending)) return;
  const proof = state.serving!.doubtful ? 'refused' : await readOwnUser(connection);
  reports.proof = { sessionId: pending, atMs: Date.now(), outcome: proof };
  if (proof !== 'refused' || !isServedStill(state, pending)) return;
  state.serving!.doubtful = true;
  state.waitedForUntilMs = Date.now() + WAITED_FOR_MS;
  connection.note();
}

/** Our own reading on the session served. */
export async function readOwnUser({ state, call }: Connection): Promise<'passed' | 'refused' | 'unclear'> {
  if (!isServingValid(state, Date.now())) return 'refused';
  const { session, installation } = state.serving!;
  try {
    const { sessionToken } = session;
    const { serverPublicKeyPem } = installation;
    await call('readUser', 'prove the session after a refusal', sealedSession({ sessionToken, serverPublicKeyPem }));
    return 'passed';
  } catch (error) {
    return seenFailure(error, Date.now()).code === 'BUNQ_TOKEN_REJECTED' ? 'refused' : 'unclear';
  }
}
