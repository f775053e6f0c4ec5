import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Connection } from './connection.ts';
import { MINUTE_MS } from './duration.ts';
import { publishChange } from './events.ts';
import type { Disconnected } from './messages.ts';
import { closeSession, toBeClosed } from './session-step.ts';
import { takeBack } from './slot-request.ts';
import { changeLifecycle, standingOfCandidate } from './state.ts';
import { iso } from './status.ts';

/** The bank, and the workers, are given this long from the wish on; half of it to what was being done then. */
const PATIENCE_MS = 2 * MINUTE_MS;

/** Does the connection's work; a wish to disconnect waits for it, but not for ever: no worker may be there to do it. */
export const untilDisconnected = (connection: Connection, work: () => Promise<void>) => givenUpAfter(connection, PATIENCE_MS / 2, work);

/** Closes what is open at the bank and ends; what could not be closed is named with the time at which it ends by itself. */
export async function disconnect(connection: Connection): Promise<Disconnected> {
  const { state } = connection;
  await takeBack(connection);
  const open = openSessions(connection);
  const closed = new Set<number>();
  await givenUpAfter(connection, PATIENCE_MS, async () => {
    for (const session of open) if (await closeSession(connection, session)) closed.add(session.sessionId);
  });
  state.serving = state.candidate = null;
  state.retiring = [];
  const change = changeLifecycle(state, 'DISCONNECTED', Date.now());
  if (change) publishChange(connection.status, change);
  connection.publish();
  await condition(allHandlersFinished);
  const leftOpen = open
    .filter(({ sessionId }) => !closed.has(sessionId))
    .map(({ sessionId, expiresAtMs }) => ({ sessionId, expiresAt: iso(expiresAtMs) }));
  return { name: state.name, disconnectedBy: state.wishes.disconnect!.by, leftOpen };
}

function openSessions({ state }: Connection) {
  const { serving, candidate, retiring } = state;
  const nowMs = Date.now();
  return [
    ...retiring,
    ...(candidate ? [toBeClosed(candidate, standingOfCandidate(state, candidate), nowMs)] : []),
    ...(serving ? [toBeClosed(serving.session, serving, nowMs)] : []),
  ].filter(({ expiresAtMs }) => expiresAtMs > nowMs);
}

/** Cancels what is not done so long after the wish to disconnect. */
async function givenUpAfter(connection: Connection, patienceMs: number, work: () => Promise<void>): Promise<void> {
  const scope = new CancellationScope();
  let isDone = false;
  let isGivenUp = false;
  const watch = async () => {
    await condition(() => isDone || connection.isDisconnecting);
    if (isDone) return;
    const leftMs = connection.state.wishes.disconnect!.atMs + patienceMs - Date.now();
    if (await condition(() => isDone, Math.max(1, leftMs), { summary: 'disconnect: what is not done by then is given up' })) return;
    isGivenUp = true;
    scope.cancel();
  };
  const watching = watch();
  try {
    await scope.run(work);
  } catch (error) {
    if (!(isGivenUp && isCancellation(error))) throw error;
  } finally {
    isDone = true;
    await watching;
  }
}
