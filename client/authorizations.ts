import { createHash, randomBytes } from 'node:crypto';
import {
  type Client,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  WorkflowUpdateRPCTimeoutOrCancelledError,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { parseRedirect } from '../bunq/authorization.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import type { AuthorizationAnswer } from '../workflows/authorization.ts';
import { completeAuthorizationUpdate } from '../workflows/messages.ts';
import { connectionWorkflowId, USER_NAME_PATTERN } from '../workflows/names.ts';
import { KeeperError } from './errors.ts';

/** The links with which end users grant access, and what comes back of them: for the client, and for the worker's callback server. */

/** 256 bits, and whose link it is: names are no secret, and a redirect brings nothing else to find the connection by. */
export function newState(name: string): string {
  return `${randomBytes(32).toString('base64url')}.${name.replace('/', '.')}`;
}

export const stateSha256 = (state: string) => createHash('sha256').update(state).digest('base64url');

/** PROVIDER/USER; null when it is no state of ours. */
export function nameInState(state: string): string | null {
  const [random, provider, user, ...more] = state.split('.');
  const name = `${provider}/${user}`;
  return random?.length === 43 && more.length === 0 && USER_NAME_PATTERN.test(name) ? name : null;
}

export interface Completing {
  readonly client: Client;
  readonly environment: string;
  readonly sealingKeys: () => SealingKeySet;
  /** Who brings it: it stands in the history. */
  readonly by: string;
}

/** What came of a redirect, and whose it is; null when it is none of ours. */
export interface CompletedAuthorization extends AuthorizationAnswer {
  readonly name: string | null;
}

/** The workflow answers within 20 s. */
const ANSWER_WITHIN_MS = 30_000;

/**
 * Takes the URL that the bank sent an end user back to, and answers what came of it. The code is sealed before it leaves this process.
 * @param expected the connection that it is to be of, as `acme/alice`
 * @throws NotCompletedError when nobody answers: the URL stays good, and is to be brought again
 */
export async function completeAuthorization(
  url: URL,
  { client, environment, sealingKeys, by }: Completing,
  expected?: string,
): Promise<CompletedAuthorization> {
  const redirect = parseRedirect(url);
  const name = redirect && nameInState(redirect.state);
  if (!name || (expected !== undefined && name !== expected)) return { outcome: 'unknown', name: null };
  const connection = connectionWorkflowId(environment, name);
  const code = redirect.code && (await sealingKeys().seal('authorization-code', connection, redirect.code));
  const input = { by, stateSha256: stateSha256(redirect.state), code, error: redirect.error, broughtAtMs: Date.now() };
  const handle = client.workflow.getHandle(connection);
  try {
    const answer = await client.withDeadline(Date.now() + ANSWER_WITHIN_MS, () =>
      handle.executeUpdate(completeAuthorizationUpdate, { args: [input] }),
    );
    return { ...answer, name };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError || isRejected(error)) return { outcome: 'unknown', name: null };
    throw new NotCompletedError(
      error instanceof WorkflowUpdateRPCTimeoutOrCancelledError ? 'no worker answers' : 'Temporal does not answer',
    );
  }
}

/** The redirect could not be brought to its connection: it stays good. */
export class NotCompletedError extends KeeperError {
  override readonly name = 'NotCompletedError';
}

/** By the workflow, which has made no such link. What was accepted and cut off by its end says so by this type of Temporal's. */
const isRejected = (error: unknown) =>
  error instanceof WorkflowUpdateFailedError &&
  !(error.cause instanceof ApplicationFailure && error.cause.type === 'AcceptedUpdateCompletedWorkflow');
