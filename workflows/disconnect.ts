import { allHandlersFinished, CancellationScope, condition, isCancellation } from '@temporalio/workflow';
import type { Connection } from './connection.ts';
import type { Disconnected } from './messages.ts';
import { closeSession } from './session-step.ts';
import { isServingValid } from './state.ts';
import { iso } from './status.ts';

/** The bank is given this long. */
const PATIENCE_MS = 120_000;

/** Closes what is open at the bank and ends; what could not be closed is named with the time at which it ends by itself. */
export async function disconnect(connection: Connection): Promise<Disconnected> {
  const { state } = connection;
  const open = openSessions(connection);
  const closed = new Set<number>();
  try {
    await CancellationScope.withTimeout(PATIENCE_MS, async () => {
      for (const session of open) if (await closeSession(connection, session)) closed.add(session.sessionId);
    });
  } catch (error) {
    if (!isCancellation(error)) throw error;
  }
  state.lifecycle = { state: 'DISCONNECTED', sinceMs: Date.now() };
  state.serving = state.candidate = null;
  state.retiring = [];
  connection.publish();
  await condition(allHandlersFinished);
  const leftOpen = open
    .filter(({ sessionId }) => !closed.has(sessionId))
    .map(({ sessionId, expiresAtMs }) => ({ sessionId, expiresAt: iso(expiresAtMs) }));
  return { name: state.name, disconnectedBy: state.wishes.disconnect!.by, leftOpen };
}

function openSessions({ state }: Connection) {
  const { serving, candidate, retiring, ladder } = state;
  const open = retiring.map((former) => ({ ...former }));
  if (candidate) open.push({ ...candidate, serverPublicKeyPem: ladder.installation!.serverPublicKeyPem, closeAtMs: 0 });
  if (serving && isServingValid(state, Date.now()))
    open.push({ ...serving.session, serverPublicKeyPem: serving.installation.serverPublicKeyPem, closeAtMs: 0 });
  return open.filter(({ expiresAtMs }) => expiresAtMs > Date.now());
}
