import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { verifyBody } from '../bunq/signature.ts';
import { refusalUpdateId, reportRefusedUpdate, type SessionView, sessionQuery } from '../workflows/messages.ts';
import { connectionWorkflowId, isUserName, NAME_PATTERN } from '../workflows/names.ts';
import { NotCompletedError } from './authorizations.ts';
import { listConnections } from './connection-list.ts';

/**
 * The bank's notifications of category OAUTH: an end user may have taken access back. They are not believed, only looked into: each
 * connection that one is about proves its session by a reading of its own, so a false or repeated one drops nothing.
 */

export interface Noticing {
  readonly client: Client;
  readonly environment: string;
  /** Who brings it: it stands in the history. */
  readonly by: string;
}

/** `forged`: not signed by the bank for this provider, or no such provider; otherwise the connections that look into it, if any. */
export type NoticedNotification = 'forged' | { readonly connections: readonly string[] };

/** The bank sends it again a minute later. */
const ANSWER_WITHIN_MS = 5000;

/** @throws NotCompletedError when it could not be looked into: it is to be sent again */
export async function takeOAuthNotification(
  provider: string,
  { bytes, signature }: { bytes: Uint8Array; signature: string },
  { client, environment, by }: Noticing,
): Promise<NoticedNotification> {
  if (!NAME_PATTERN.test(provider)) return 'forged';
  const sessionOf = (name: string) =>
    client.workflow.getHandle(connectionWorkflowId(environment, name)).query<SessionView | null>(sessionQuery);
  const look = async (): Promise<NoticedNotification> => {
    const session = await sessionOf(provider).catch((error) => (error instanceof WorkflowNotFoundError ? 'none' : Promise.reject(error)));
    if (session === 'none') return 'forged';
    if (session === null) throw new NotCompletedError(`${provider} has no session to know the bank by`);
    if (!verifyBody(bytes, signature, session.serverPublicKeyPem)) return 'forged';
    const ids = idsIn(bytes);
    const connections = (await listConnections(client, environment, { provider }, ['name', 'session']))
      .filter((status) => isUserName(status.name) && status.session !== null && ids.has(status.session.userId))
      .map(({ name }) => name);
    for (const name of connections) {
      const served = await sessionOf(name);
      if (served) await report(name, served.sessionId);
    }
    return { connections };
  };
  /** Without waiting for what comes of it. */
  const report = (name: string, sessionId: number) =>
    client.workflow.getHandle(connectionWorkflowId(environment, name)).startUpdate(reportRefusedUpdate, {
      args: [{ by, sessionId }],
      updateId: refusalUpdateId(sessionId, Date.now()),
      waitForStage: 'ACCEPTED',
    });
  try {
    return await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, look);
  } catch (error) {
    if (error instanceof NotCompletedError) throw error;
    throw new NotCompletedError('no worker, or no Temporal, answers');
  }
}

/** What such a notification looks like is published nowhere: whatever has an id may be whom it is about. */
function idsIn(bytes: Uint8Array): Set<number> {
  const ids = new Set<number>();
  try {
    JSON.parse(Buffer.from(bytes).toString('utf8'), (key, value: unknown) => {
      if (key === 'id' && typeof value === 'number') ids.add(value);
      return value;
    });
  } catch {
    // signed by the bank and not JSON: it is about nobody
  }
  return ids;
}
