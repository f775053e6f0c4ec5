import { allHandlersFinished, condition, continueAsNew } from '@temporalio/workflow';
import { Connection } from './connection.ts';
import { deliverEvents } from './deliver-events.ts';
import { disconnect, untilDisconnected } from './disconnect.ts';
import { establish } from './establish.ts';
import { answerMessages } from './handlers.ts';
import type { ConnectionInput, Disconnected } from './messages.ts';
import { resealAfterRenewal } from './reseal.ts';
import { closeFormerSessions } from './session-step.ts';
import { takeBack } from './slot-request.ts';

/**
 * Establishes what is missing, waits, and repeats, for years: onboarding, renewal and repair are this one loop over one state,
 * whoever's connection it is.
 */
export async function keepConnection(input: ConnectionInput): Promise<Disconnected> {
  const connection = new Connection(input);
  answerMessages(connection);
  await connection.lookAround();
  while (!connection.isDisconnecting) {
    await untilDisconnected(connection, async () => {
      await establish(connection);
      await closeFormerSessions(connection);
      await resealAfterRenewal(connection);
    });
    deliverEvents(connection);
    if (connection.isTimeToMove) return moveHouse(connection);
    await connection.waitForNext();
    connection.woken = false;
    connection.turns++;
    connection.note();
  }
  return disconnect(connection);
}

/** Goes on in a new run with the state alone, once every message was answered; a slot that was granted meanwhile is not kept. */
async function moveHouse(connection: Connection): Promise<never> {
  connection.isMoving = true;
  do {
    if (connection.grant) await takeBack(connection);
    await condition(() => allHandlersFinished() && connection.delivering === null);
  } while (connection.grant);
  return continueAsNew<typeof keepConnection>({ state: connection.state });
}
