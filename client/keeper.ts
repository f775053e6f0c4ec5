import { hostname, userInfo } from 'node:os';
import {
  type Client,
  type WorkflowExecutionDescription,
  type WorkflowHandle,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
} from '@temporalio/client';
import type { QueryDefinition, UpdateDefinition } from '@temporalio/common';
import type { SealingKeySet } from '../sealing/key-set.ts';
import type { Secret } from '../sealing/secret.ts';
import {
  type ConnectionInput,
  type ConnectionStatus,
  disconnectUpdate,
  oauthClientQuery,
  renewUpdate,
  resumeUpdate,
  type SessionView,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from '../workflows/messages.ts';
import { NAME_PATTERN, providerWorkflowId, workflowTaskQueue } from '../workflows/names.ts';
import { type ConnectionState, initialState, type OnboardingRequest, type WantedCredential } from '../workflows/state.ts';
import { type ConnectionMemo, statusOf, wantedFacts } from '../workflows/status.ts';
import { differences } from './differences.ts';
import { KeeperError, UsageError } from './errors.ts';
import { isUnpolled, lookAtQueues, missingWorker, type SeenQueue, silentWorker, taskQueuesOf } from './pollers.ts';
import { type ClientSettings, readClientSettings, readSealingKeys } from './settings.ts';
import { connectTemporal } from './temporal.ts';

/** What a connection is onboarded with. An API key is sealed before it leaves this process. */
export interface OnboardOptions {
  credential: Extract<WantedCredential, { type: 'qseal' } | { type: 'sandbox-user' }> | { type: 'api-key'; apiKey: Secret };
  callbackUrls: string[];
  /** IPv4 addresses, or `any`; empty binds the API key to the calling address. */
  permittedIps: string[];
}

/** A status, and how it was had. */
export type KnownStatus = ConnectionStatus & {
  /** False when no worker answered: then this is what was last published, at `asOf`. */
  worker?: false;
  asOf?: string;
  /** The workflow is closed, other than by `disconnect`: `resume` starts it from its last state. */
  closed?: 'TERMINATED' | 'FAILED' | 'TIMED_OUT' | 'CANCELLED';
};

export interface RevealedSession extends Omit<SessionView, 'sessionToken' | 'privateKey'> {
  token: Secret;
  privateKey: Secret;
}

const ANSWER_WITHIN_MS = 2000;
const UPDATE_WITHIN_MS = 5000;

/** The keeper as a library: what the command line stands on. */
export class Keeper {
  readonly client: Client;
  readonly environment: string;
  readonly apiUrl: string;
  readonly egress: string;
  readonly #sealingKeys: () => SealingKeySet;

  constructor(client: Client, settings: ClientSettings, sealingKeys: () => SealingKeySet) {
    this.client = client;
    this.environment = settings.bank.name;
    this.apiUrl = settings.bank.apiUrl;
    this.egress = settings.egress;
    this.#sealingKeys = sealingKeys;
  }

  /**
   * Connects by the environment's settings and Temporal's own.
   * @throws SettingsError, KeeperError
   */
  static async connect(env: Readonly<Record<string, string | undefined>> = process.env): Promise<Keeper> {
    const settings = readClientSettings(env);
    return new Keeper(await connectTemporal(), settings, () => readSealingKeys(env));
  }

  async close(): Promise<void> {
    await this.client.connection.close();
  }

  /**
   * Starts the connection, or attaches to it when it is there. A run that ended other than by `disconnect` goes on from
   * its last state.
   * @throws UsageError when it is there and was onboarded with something else: nothing is changed
   */
  async onboard(name: string, options: OnboardOptions): Promise<{ isNew: boolean }> {
    const request = await this.#requestOf(name, options);
    const present = await this.#describe(name);
    const isDisconnected = present?.status.name === 'COMPLETED';
    if (present && !isDisconnected) {
      const wanted = memoOf(present)?.wanted;
      const different = wanted ? differences(name, wanted, wantedFacts(initialState(request, 0))) : [];
      if (different.length > 0) throw new UsageError(`${name} exists already; nothing was changed.\n${different.join('\n')}`);
      if (present.status.name === 'RUNNING') return { isNew: false };
    }
    const state = present && !isDisconnected ? await this.#lastState(name) : null;
    await this.#start(name, state ? { state } : { request });
    return { isNew: state === null };
  }

  /** @throws KeeperError when there is no such connection */
  async status(name: string): Promise<KnownStatus> {
    const [description, answer] = await Promise.all([this.#describe(name), this.#ask(name, statusQuery)]);
    if (!description) throw this.#unknown(name);
    const closed = closedAs(description);
    if (answer) return { ...answer, ...(closed && { closed }) };
    const memo = memoOf(description);
    if (!memo) throw new KeeperError(`${description.workflowId} has published no status yet, and no worker answers.`);
    return { ...memo.status, runId: description.runId, ...(closed && { closed }), asOf: memo.asOf, worker: false };
  }

  /** Every connection of this environment, by name. */
  async list(filter: { state?: string | undefined } = {}): Promise<KnownStatus[]> {
    const found: KnownStatus[] = [];
    const prefix = providerWorkflowId(this.environment, '');
    const query = `WorkflowType = 'providerConnection' AND WorkflowId STARTS_WITH '${prefix}' AND ExecutionStatus = 'Running'`;
    for await (const execution of this.client.workflow.list({ query })) {
      const memo = execution.memo as unknown as ConnectionMemo | undefined;
      if (memo?.status) found.push({ ...memo.status, runId: execution.runId, asOf: memo.asOf });
    }
    return found.filter(({ state }) => !filter.state || state === filter.state).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The live session, sealed; null while there is none. */
  session(name: string): Promise<SessionView | null> {
    return this.#query(name, sessionQuery);
  }

  /** The live session with its token: needs the sealing keys. @throws KeeperError when no session is live */
  async revealSession(name: string): Promise<RevealedSession> {
    const view = await this.session(name);
    if (!view) throw new KeeperError(`${name} has no valid session at this moment: bunq-keeper status ${name}`);
    const { sessionToken, privateKey, ...rest } = view;
    const connection = this.#workflowId(name);
    const keys = this.#sealingKeys();
    return {
      ...rest,
      token: await keys.open('session-token', connection, sessionToken),
      privateKey: await keys.open('private-key', connection, privateKey),
    };
  }

  async oauthClient(name: string): Promise<{ id: number; clientId: string | null; callbackUrls: string[] } | null> {
    const view = await this.#query(name, oauthClientQuery);
    return view && { id: view.id, clientId: view.clientId, callbackUrls: view.callbackUrls };
  }

  /** Needs the sealing keys. */
  async revealClientSecret(name: string): Promise<Secret> {
    const view = await this.#query(name, oauthClientQuery);
    if (!view?.clientSecret) throw new KeeperError(`${name} has no OAuth client with a secret yet: bunq-keeper status ${name}`);
    return this.#sealingKeys().open('client-secret', this.#workflowId(name), view.clientSecret);
  }

  /** The callback URLs that were asked for, whether or not the bank has them yet. */
  async wantedCallbackUrls(name: string): Promise<string[]> {
    return (await this.#query(name, stateQuery)).wanted.callbackUrls;
  }

  /** These record the wish; the outcome is in the status. */
  async setCallbackUrls(name: string, change: { wanted: string[]; unwanted?: string[]; prune?: boolean }): Promise<void> {
    await this.#update(name, setCallbackUrlsUpdate, {
      by: sender(),
      wanted: change.wanted,
      unwanted: change.unwanted ?? [],
      prune: change.prune ?? false,
    });
  }

  async renew(name: string): Promise<void> {
    await this.#update(name, renewUpdate, { by: sender() });
  }

  /** Tries again what waits for a person; a run that was terminated, failed or timed out goes on from its last state. */
  async resume(name: string, credential?: OnboardOptions['credential']): Promise<void> {
    const description = await this.#describe(name);
    if (!description) throw this.#unknown(name);
    if (description.status.name === 'COMPLETED')
      throw new KeeperError(`${name} was disconnected. Onboard it again: bunq-keeper onboard ${name} …`);
    if (description.status.name !== 'RUNNING') {
      const state = await this.#lastState(name);
      if (!state)
        throw new KeeperError(
          `The last state of ${name} could not be read: ${missingWorker({ name: workflowTaskQueue(this.environment), kind: 'workflows' })}`,
        );
      await this.#start(name, { state });
    }
    const sealed = credential && (await this.#sealed(name, credential));
    await this.#update(name, resumeUpdate, { by: sender(), ...(sealed && { credential: sealed }) });
  }

  async disconnect(name: string): Promise<void> {
    await this.#update(name, disconnectUpdate, { by: sender() });
  }

  /** What the workflow of a disconnected connection ended with. */
  async disconnected(name: string): Promise<{ leftOpen: { sessionId: number; expiresAt: string }[] }> {
    return (await this.#handle(name).result()) as { leftOpen: { sessionId: number; expiresAt: string }[] };
  }

  /** Deletes every run of a closed connection from Temporal. */
  async forget(name: string): Promise<number> {
    const workflowId = this.#workflowId(name);
    let runs = 0;
    for await (const { runId } of this.client.workflow.list({ query: `WorkflowId = '${workflowId}'` })) {
      await this.client.workflowService.deleteWorkflowExecution({
        namespace: this.client.options.namespace,
        workflowExecution: { workflowId, runId },
      });
      runs++;
    }
    return runs;
  }

  /** The task queues that the connection needs and nobody polls. */
  async missingWorkers(name: string): Promise<SeenQueue[]> {
    return (await this.#queues(name)).filter(isUnpolled);
  }

  /** Why its workflow does not answer, in a sentence for each task queue that is to blame. */
  async whyNoAnswer(name: string): Promise<string[]> {
    const queues = await this.#queues(name);
    const missing = queues.filter(isUnpolled);
    return missing.length > 0 ? missing.map(missingWorker) : queues.filter(({ kind }) => kind === 'workflows').map(silentWorker);
  }

  async #queues(name: string): Promise<SeenQueue[]> {
    const memo = memoOf(await this.#describe(name));
    const queues = taskQueuesOf(this.environment, memo?.status.egress ?? this.egress, memo?.wanted.signer ?? null);
    return lookAtQueues(this.client, queues, Date.now());
  }

  async #requestOf(name: string, { credential, callbackUrls, permittedIps }: OnboardOptions): Promise<OnboardingRequest> {
    const { environment, egress } = this;
    return { version: 1, name, environment, egress, credential: await this.#sealed(name, credential), callbackUrls, permittedIps };
  }

  async #sealed(name: string, credential: OnboardOptions['credential']): Promise<WantedCredential> {
    if (credential.type !== 'api-key') return credential;
    return { type: 'api-key', apiKey: await this.#sealingKeys().seal('api-key', this.#workflowId(name), credential.apiKey) };
  }

  async #start(name: string, input: ConnectionInput): Promise<void> {
    const state = 'state' in input ? input.state : initialState(input.request, Date.now());
    const workflowId = this.#workflowId(name);
    const status = statusOf(state, { workflowId, runId: '', running: null }, Date.now());
    const memo: ConnectionMemo = { status, asOf: new Date().toISOString(), wanted: wantedFacts(state) };
    await this.client.workflow.start('providerConnection', {
      workflowId,
      taskQueue: workflowTaskQueue(this.environment),
      args: [input],
      memo: { ...memo },
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      staticSummary: `${name} at bunq (${this.environment})`,
      staticDetails: staticDetails(state),
    });
  }

  async #lastState(name: string): Promise<ConnectionState | null> {
    return this.#ask(name, stateQuery);
  }

  async #describe(name: string): Promise<WorkflowExecutionDescription | null> {
    try {
      return await this.#handle(name).describe();
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return null;
      throw unavailable(error);
    }
  }

  /** Null without an answer within 2 s. */
  async #ask<Result>(name: string, query: QueryDefinition<Result>): Promise<Result | null> {
    try {
      return await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => this.#handle(name).query(query));
    } catch {
      return null;
    }
  }

  async #query<Result>(name: string, query: QueryDefinition<Result>): Promise<Result> {
    if (!(await this.#describe(name))) throw this.#unknown(name);
    try {
      return await this.client.connection.withDeadline(Date.now() + ANSWER_WITHIN_MS, () => this.#handle(name).query(query));
    } catch {
      throw await this.#noAnswer(name, 'was not answered');
    }
  }

  async #update<Argument extends [unknown]>(name: string, update: UpdateDefinition<unknown, Argument>, ...args: Argument): Promise<void> {
    if (!(await this.#describe(name))) throw this.#unknown(name);
    try {
      await this.client.connection.withDeadline(Date.now() + UPDATE_WITHIN_MS, () => this.#handle(name).executeUpdate(update, { args }));
    } catch (error) {
      if (error instanceof WorkflowUpdateFailedError) throw new UsageError(error.cause?.message ?? error.message);
      if (error instanceof WorkflowNotFoundError) throw new KeeperError(`${name} is no longer running: bunq-keeper status ${name}`);
      throw await this.#noAnswer(name, 'was not recorded');
    }
  }

  async #noAnswer(name: string, what: string): Promise<KeeperError> {
    return new KeeperError([`The request ${what}.`, ...(await this.whyNoAnswer(name).catch(() => []))].join(' '));
  }

  #handle(name: string): WorkflowHandle {
    return this.client.workflow.getHandle(this.#workflowId(name));
  }

  #workflowId(name: string): string {
    if (!NAME_PATTERN.test(name)) {
      throw new UsageError(
        `${JSON.stringify(name)} is not a name: a-z, 0-9 and -, at most 63, starting with a letter or digit. It is shown in plain text: no e-mail address, no account number.`,
      );
    }
    return providerWorkflowId(this.environment, name);
  }

  #unknown(name: string): KeeperError {
    return new KeeperError(`There is no connection ${name} in ${this.environment}. Those that are there: bunq-keeper list`);
  }
}

/** Who sends an update: it stands in the history. */
const sender = () => `${userInfo().username}@${hostname()}`;

const memoOf = (description: WorkflowExecutionDescription | null) => (description?.memo as unknown as ConnectionMemo | undefined) ?? null;

function closedAs({ status }: WorkflowExecutionDescription): KnownStatus['closed'] {
  const { name } = status;
  return name === 'TERMINATED' || name === 'FAILED' || name === 'TIMED_OUT' || name === 'CANCELLED' ? name : undefined;
}

const unavailable = (error: unknown) => new KeeperError(`Temporal did not answer: ${(error as Error).message.split('\n')[0]}`);

function staticDetails({ name, environment, egress, wanted }: ConnectionState): string {
  const { credential, callbackUrls, permittedIps } = wanted;
  const who =
    credential.type === 'qseal'
      ? `certificate \`${credential.subject}\` (${credential.roles.join(', ')}), signer \`${credential.signer}\``
      : credential.type;
  return [
    `Keeps the bunq session of **${name}** in ${environment}: ${who}.`,
    `Callback URLs: ${callbackUrls.join(', ') || 'none'}. API key permitted for: ${permittedIps.join(', ') || 'the calling address'}. Egress: ${egress}.`,
    `What to do when it waits: see Current Details, or \`bunq-keeper status ${name}\`.`,
  ].join('\n\n');
}
