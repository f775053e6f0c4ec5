import { hostname, userInfo } from 'node:os';
import {
  type Client,
  isGrpcServiceError,
  WorkflowExecutionAlreadyStartedError,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import { forPeople } from '../workflows/markdown.ts';
import {
  type ConnectionInput,
  type ConnectionStatus,
  type RefusalAnswer,
  type ReportRefusedInput,
  refusalUpdateId,
  reportRefusedUpdate,
  stateQuery,
} from '../workflows/messages.ts';
import { connectionWorkflowId, isUserName, NAME_PATTERN, USER_NAME_PATTERN, workflowTaskQueue } from '../workflows/names.ts';
import { type ConnectionState, initialState } from '../workflows/state.ts';
import { memoFields, type PublishedStatus, statusOf, statusOfMemo, wantedFacts } from '../workflows/status.ts';
import { KeeperError, NotRunningError, UnknownConnectionError, UsageError } from './errors.ts';
import { failingTask } from './failing-task.ts';
import {
  egressQueue,
  isUnpolled,
  lookAtQueues,
  missingWorker,
  type SeenQueue,
  silentWorker,
  type TaskQueue,
  taskQueuesOf,
} from './pollers.ts';

const ANSWER_WITHIN_MS = 2000;
const UPDATE_WITHIN_MS = 5000;
/** The keeper answers a report within a minute. */
const REPORT_WITHIN_MS = 70_000;

/** The server is not there, or not yet: whoever waits goes on waiting. */
export class TemporalUnavailableError extends KeeperError {
  override readonly name = 'TemporalUnavailableError';
}

/** Temporal's words for a person. */
export const unavailable = (error: unknown): TemporalUnavailableError =>
  new TemporalUnavailableError(
    `Temporal did not answer: ${(isGrpcServiceError(error) ? error.details : String((error as Error).message)).split('\n')[0]}`,
  );

/** The workflows of one environment's connections, by the connections' names. */
export class ConnectionWorkflows {
  readonly client: Client;
  readonly environment: string;
  readonly egress: string;

  constructor(client: Client, environment: string, egress: string) {
    this.client = client;
    this.environment = environment;
    this.egress = egress;
  }

  /** @throws UsageError when it is no name */
  idOf(name: string): string {
    if (NAME_PATTERN.test(name) || USER_NAME_PATTERN.test(name)) return connectionWorkflowId(this.environment, name);
    throw new UsageError(
      `${JSON.stringify(name)} is not a name: a-z, 0-9 and -, at most 63, starting with a letter or digit; an end user's is PROVIDER/USER. It is shown in plain text: no e-mail address, no account number.`,
    );
  }

  handle(name: string): WorkflowHandle {
    return this.client.workflow.getHandle(this.idOf(name));
  }

  /** Null when there is none. */
  async find(name: string): Promise<WorkflowExecutionDescription | null> {
    try {
      return await this.handle(name).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      if (error instanceof KeeperError) throw error;
      throw unavailable(error);
    }
  }

  /** @throws KeeperError when there is none */
  async describe(name: string): Promise<WorkflowExecutionDescription> {
    const description = await this.find(name);
    if (description) return description;
    throw this.#unknown(name);
  }

  async isRunning(name: string): Promise<boolean> {
    return (await this.find(name))?.status.name === 'RUNNING';
  }

  /** Starts it unless it runs already. */
  async start(name: string, input: ConnectionInput): Promise<void> {
    await this.#start(name, input, 'USE_EXISTING');
  }

  /** Starts it; false when it runs already. */
  async startNew(name: string, input: ConnectionInput): Promise<boolean> {
    try {
      await this.#start(name, input, 'FAIL');
      return true;
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return false;
      throw error;
    }
  }

  /** The memo answers for it until a worker takes it. */
  async #start(name: string, input: ConnectionInput, workflowIdConflictPolicy: 'USE_EXISTING' | 'FAIL'): Promise<void> {
    const state = 'state' in input ? input.state : initialState(input.request, Date.now());
    const workflowId = this.idOf(name);
    const status = statusOf(state, { workflowId, runId: '', running: null }, Date.now());
    const memo = { ...memoFields(status, wantedFacts(state)), asOf: new Date().toISOString() };
    await this.client.workflow.start(isUserName(name) ? 'userConnection' : 'providerConnection', {
      workflowId,
      taskQueue: workflowTaskQueue(this.environment),
      args: [input],
      memo,
      workflowIdConflictPolicy,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${name} at bunq (${this.environment})`,
      staticDetails: staticDetails(state),
    });
  }

  /** Null without an answer within 2 s. */
  async ask<Result>(name: string, query: QueryDefinition<Result>): Promise<Result | null> {
    try {
      return await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => this.handle(name).query(query));
    } catch {
      return null;
    }
  }

  /** In a single request. Null without an answer within 2 s. @throws KeeperError when there is no such connection */
  async askOnce<Result>(name: string, query: QueryDefinition<Result>): Promise<{ answer: Result } | null> {
    const handle = this.handle(name);
    try {
      return { answer: await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.query(query)) };
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) throw this.#unknown(name);
      return null;
    }
  }

  /** What a closed run is started again from. @throws KeeperError without an answer within 2 s */
  async lastState(name: string): Promise<ConnectionState> {
    const state = await this.ask(name, stateQuery);
    if (state) return state;
    const missing = missingWorker({ name: workflowTaskQueue(this.environment), kind: 'workflows' });
    throw new KeeperError(`The last state of ${name} could not be read: ${missing}`);
  }

  /** The bank refused a call on this session. Null when the keeper did not answer, for whatever reason. */
  async reportRefused(name: string, sessionId: number): Promise<RefusalAnswer | null> {
    const nowMs = Date.now();
    const args: [ReportRefusedInput] = [{ by: sender(), sessionId }];
    const updateId = refusalUpdateId(sessionId, nowMs);
    try {
      const handle = this.handle(name);
      return await this.client.connection.withDeadline(nowMs + REPORT_WITHIN_MS, () =>
        handle.executeUpdate(reportRefusedUpdate, { args, updateId }),
      );
    } catch {
      return null;
    }
  }

  /** @throws KeeperError when there is none, or no answer within 2 s */
  async query<Result>(name: string, query: QueryDefinition<Result>): Promise<Result> {
    await this.describe(name);
    try {
      return await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => this.handle(name).query(query));
    } catch {
      throw await this.noAnswer(name);
    }
  }

  /** @throws KeeperError when there is none or it is not recorded within 5 s, UsageError when it is refused */
  async update<Result, Argument extends [unknown]>(
    name: string,
    update: UpdateDefinition<Result, Argument>,
    ...args: Argument
  ): Promise<Result> {
    await this.describe(name);
    try {
      return await this.client.connection.withDeadline(Date.now() + UPDATE_WITHIN_MS, () =>
        this.handle(name).executeUpdate(update, { args }),
      );
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw new UsageError(error.cause?.message ?? error.message);
      if (error instanceof WorkflowNotFoundError) throw new NotRunningError(name);
      throw await this.#noAnswer(name, 'was not recorded');
    }
  }

  /** In the certificate of a provider, as it was last published: none for who has no certificate. Null without an answer within 2 s. */
  async rolesOf(provider: string): Promise<string[] | null> {
    try {
      const handle = this.handle(provider);
      const description = await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => handle.describe());
      const published = memoOf(description);
      return published && (published.status.certificate?.roles ?? []);
    } catch {
      return null;
    }
  }

  /** The task queues that it needs, and when each was last polled. */
  async queues(name: string): Promise<SeenQueue[]> {
    return this.#queuesOf(await this.find(name));
  }

  #queuesOf(execution: WorkflowExecutionDescription | null): Promise<SeenQueue[]> {
    const memo = memoOf(execution);
    return this.#lookAt(taskQueuesOf(this.environment, memo?.status.egress ?? this.egress, memo?.wanted.signer ?? null));
  }

  /** Those that the connections of these egresses need, but for signers'. */
  queuesOf(egresses: readonly string[]): Promise<SeenQueue[]> {
    const workflows = { name: workflowTaskQueue(this.environment), kind: 'workflows' } as const;
    return this.#lookAt([workflows, ...egresses.map((egress) => egressQueue(this.environment, egress))]);
  }

  #lookAt(queues: readonly TaskQueue[]): Promise<SeenQueue[]> {
    return lookAtQueues(this.client, queues, Date.now()).catch((error) => {
      throw unavailable(error);
    });
  }

  /** Why it does not answer, in a sentence for each task queue that is to blame; or that its own task fails. */
  async whyNoAnswer(name: string): Promise<string[]> {
    const execution = await this.find(name);
    const queues = await this.#queuesOf(execution);
    const missing = queues.filter(isUnpolled);
    if (missing.length > 0) return missing.map(missingWorker);
    const failing = execution && (await failingTask(this.client, execution).catch(() => null));
    return failing ? [failing] : queues.filter(({ kind }) => kind === 'workflows').map(silentWorker);
  }

  /** For who asked and got no answer: why. */
  noAnswer(name: string): Promise<KeeperError> {
    return this.#noAnswer(name, 'was not answered');
  }

  #unknown(name: string): UnknownConnectionError {
    return new UnknownConnectionError(name, this.environment);
  }

  async #noAnswer(name: string, what: string): Promise<KeeperError> {
    return new KeeperError([`The request ${what}.`, ...(await this.whyNoAnswer(name).catch(() => []))].join(' '));
  }
}

export function memoOf(execution: Pick<WorkflowExecutionDescription, 'memo'> | null): PublishedStatus | null {
  const published = statusOfMemo(execution?.memo);
  return published && { ...published, status: withLinkOf(published.status, Date.now()) };
}

/** A link expires without anything being published. Pure. */
export function withLinkOf(status: ConnectionStatus, nowMs: number): ConnectionStatus {
  const { authorization } = status;
  const isOver = authorization?.status === 'asked' && Date.parse(authorization.expiresAt) <= nowMs;
  return isOver ? { ...status, authorization: { ...authorization, status: 'expired' } } : status;
}

/** Who sends an update: it stands in the history. */
export const sender = () => `${userInfo().username}@${hostname()}`;

/** For the Temporal UI, once and for all: what changes later stands in Current Details. */
function staticDetails({ name, environment, egress, wanted }: ConnectionState): string {
  const { credential, callbackUrls, permittedIps } = wanted;
  const now = `How it is now, and what to do when it waits: Current Details, or \`bunq-keeper status ${name}\`.`;
  if (isUserName(name)) {
    const [provider, user] = name.split('/');
    return forPeople(
      `Keeps the bunq session that end user **${user}** has granted **${provider}** in ${environment}. Egress: ${egress}.\n\n${now}`,
    );
  }
  const who =
    credential.type === 'qseal'
      ? `certificate \`${credential.subject}\` (${credential.roles.join(', ')}), signer \`${credential.signer}\``
      : credential.type;
  return forPeople(
    [
      `Keeps the bunq session of **${name}** in ${environment}.`,
      `As it was started: ${who}. Callback URLs: ${callbackUrls.join(', ') || 'none'}. API key permitted for: ${permittedIps.join(', ') || 'the calling address'}. Egress: ${egress}.`,
      now,
    ].join('\n\n'),
  );
}
