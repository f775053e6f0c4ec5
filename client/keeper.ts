import type { Client } from '@temporalio/client';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { Secret } from '../sealing/secret.ts';
import { systemClock } from '../settings/clock.ts';
import { connectUser } from '../workflows/actions.ts';
import {
  disconnectUpdate,
  oauthClientQuery,
  renewUpdate,
  resealUpdate,
  resumeUpdate,
  type SessionView,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from '../workflows/messages.ts';
import { isUserName } from '../workflows/names.ts';
import { rollOverProblem } from '../workflows/roll-over.ts';
import { keyIdsIn } from '../workflows/sealed-values.ts';
import { initialState, isServingValid, type OnboardingRequest, type WantedCredential } from '../workflows/state.ts';
import { wantedFacts } from '../workflows/status.ts';
import type { AddressUse } from './address-use.ts';
import { Addresses } from './addresses.ts';
import type { CompletedAuthorization } from './authorizations.ts';
import { type BankCallInit, BankCalls } from './bank-calls.ts';
import { type ConnectionPage, connectionPages, type ListFilter, listClosed, listConnections, type PageOptions } from './connection-list.ts';
import { ConnectionWorkflows, memoOf, sender, unavailable } from './connection-workflows.ts';
import { CONSENT_AGE_MS } from './consent-age.ts';
import { differences } from './differences.ts';
import { Egresses } from './egresses.ts';
import { type ConnectUserOptions, EndUsers, type LinkOutcome, type UserLink } from './end-users.ts';
import { KeeperError, NoSessionError, UsageError } from './errors.ts';
import { exportedContext } from './exported-context.ts';
import { forgetWorkflow, GONE_WITHIN_MS } from './forget.ts';
import { checkImport, type ImportOptions } from './import-options.ts';
import { importedState } from './imported-state.ts';
import { closedAs, type KnownStatus } from './known-status.ts';
import { RENEWABLE_FIELDS, type RenewalProgress } from './mass-renewal.ts';
import { openSession } from './open-session.ts';
import { egressesOf, isUnpolled, lookAtPollers, type Poller, type SeenQueue, taskQueuesOf } from './pollers.ts';
import { renewAll } from './renew-all.ts';
import { type ClientSettings, readClientSettings, readSealingKeys } from './settings.ts';
import { connectTemporal } from './temporal.ts';

/** What a connection is onboarded with. An API key is sealed before it leaves this process. */
export interface OnboardOptions {
  credential: Extract<WantedCredential, { type: 'qseal' } | { type: 'sandbox-user' }> | { type: 'api-key'; apiKey: Secret };
  callbackUrls: string[];
  /** IPv4 addresses, or `any`; empty binds the API key to the calling address. */
  permittedIps: string[];
}

export interface RevealedSession extends Omit<SessionView, 'sessionToken' | 'privateKey'> {
  token: Secret;
  privateKey: Secret;
}

export interface ExportedBunqContext {
  /** The file's text: JSON. */
  context: Secret;
  /** From then on the keeper replaces the session in it, and closes it after its grace: a few minutes. */
  renewAt: string;
  /** The private key and the installation in it are the provider's, on whose installation this end user's session stands. */
  ofProvider: boolean;
}

/** bunq's own. */
const SESSION_GAP_MS = 30_000;

/** The keeper as a library: what the command line stands on. */
export class Keeper {
  readonly client: Client;
  readonly environment: string;
  readonly apiUrl: string;
  readonly egress: string;
  /** From this age on an end user's consent is to be asked for again. */
  readonly consentAgeMs: number;
  readonly #sealingKeys: () => SealingKeySet;
  readonly #workflows: ConnectionWorkflows;
  readonly #addresses: Addresses;
  readonly #egresses: Egresses;
  readonly #endUsers: EndUsers;
  readonly #bankCalls: BankCalls;

  constructor(client: Client, settings: ClientSettings, sealingKeys: () => SealingKeySet) {
    this.client = client;
    this.environment = settings.bank.name;
    this.apiUrl = settings.bank.apiUrl;
    this.egress = settings.egress;
    this.#sealingKeys = sealingKeys;
    this.#workflows = new ConnectionWorkflows(client, this.environment, this.egress);
    const { sessionGapMs = SESSION_GAP_MS, consentAgeMs = CONSENT_AGE_MS } = settings;
    this.#egresses = new Egresses(client, this.environment);
    this.#addresses = new Addresses(client, this.environment, sessionGapMs);
    this.#endUsers = new EndUsers(settings, this.#workflows, this.#addresses, sealingKeys);
    this.consentAgeMs = consentAgeMs;
    const rolesOf = (provider: string) => this.#workflows.rolesOf(provider);
    this.#bankCalls = new BankCalls(settings, { workflows: this.#workflows, rolesOf, sealingKeys, clock: systemClock, sessionGapMs });
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
    await this.#bankCalls.close();
    await this.client.connection.close();
  }

  /**
   * Starts the connection, or attaches to it when it is there. A run that ended other than by `disconnect` goes on from
   * its last state.
   * @throws UsageError when it is there and was onboarded with something else, KeeperError when its egress's address cannot renew
   * one more session: nothing is changed
   */
  async onboard(name: string, options: OnboardOptions): Promise<{ isNew: boolean }> {
    const request = await this.#requestOf(name, options);
    const present = await this.#workflows.find(name);
    const isDisconnected = present?.status.name === 'COMPLETED';
    if (present && !isDisconnected) {
      const wanted = memoOf(present)?.wanted;
      const different = wanted ? differences(name, wanted, wantedFacts(initialState(request, 0))) : [];
      if (different.length > 0) throw new UsageError(`${name} exists already; nothing was changed.\n${different.join('\n')}`);
      if (present.status.name === 'RUNNING') return { isNew: false };
    }
    const state = present && !isDisconnected ? await this.#workflows.ask(name, stateQuery) : null;
    if (!present || isDisconnected) await this.#addresses.demandRoom(request);
    await this.#workflows.start(name, state ? { state } : { request });
    return { isNew: state === null };
  }

  /**
   * Starts a connection that goes on with what bunq's SDK has registered. Secrets are sealed before they leave this process.
   * @throws UsageError when the file is of another environment or the name is taken: nothing is changed
   */
  async importBunqContext(name: string, options: ImportOptions): Promise<void> {
    checkImport(options, this.environment);
    const { context, credential, callbackUrls, permittedIps } = options;
    const present = await this.#workflows.find(name);
    if (present && present.status.name !== 'COMPLETED') throw nameTaken(name);
    const wanted = credential ?? { type: 'api-key' as const, apiKey: context.apiKey };
    const request = await this.#requestOf(name, { credential: wanted, callbackUrls, permittedIps });
    await this.#addresses.demandRoom(request);
    const state = await importedState(request, context, this.#sealingKeys(), this.#workflows.idOf(name), Date.now());
    if (!(await this.#workflows.startNew(name, { state }))) throw nameTaken(name);
  }

  /**
   * Makes a link with which an end user grants access, and the connection `PROVIDER/USER` that keeps the session then. One that is
   * there is connected again in place: what it serves goes on being served until the new access is proven.
   * @throws UsageError, KeeperError when the provider has no OAuth client, or not that callback URL, or for a new connection when the
   * provider's egress's address cannot renew one more session
   */
  connectUser(provider: string, user: string, options: ConnectUserOptions = {}): Promise<UserLink> {
    return this.#endUsers.connect(provider, user, options);
  }

  /**
   * What became of a link; null without an answer within 2 s.
   * @param url the link, or the URL with which the end user came back
   */
  linkOutcome(name: string, url: URL | string): Promise<LinkOutcome | null> {
    return this.#endUsers.outcomeOf(name, new URL(url));
  }

  /**
   * For an application's own callback URL: takes the whole URL that the bank sent the end user back to, and answers what came of it
   * when its code was exchanged, within 20 s or so. Needs the sealing keys.
   * @param expected the connection that the signed-in user belongs to, as `acme/alice`: a link of any other is `unknown`
   * @throws NotCompletedError when nobody answers: the URL stays good, and is to be brought again
   */
  async completeAuthorization(url: URL | string, expected?: string): Promise<CompletedAuthorization> {
    return this.#endUsers.complete(new URL(url), expected);
  }

  /** Whether there is such a connection, and it was not disconnected. */
  async has(name: string): Promise<boolean> {
    const present = await this.#workflows.find(name);
    return present !== null && present.status.name !== 'COMPLETED';
  }

  /** @throws KeeperError when there is no such connection */
  async status(name: string): Promise<KnownStatus> {
    const described = this.#workflows.describe(name);
    const [description, answer, missing] = await Promise.all([
      described,
      this.#workflows.ask(name, statusQuery),
      described.then((description) => this.#egresses.withoutWorker(memoOf(description)?.status ?? null)),
    ]);
    const closed = closedAs(description);
    const seen = { ...(closed && { closed }), ...missing };
    if (answer) return { ...answer, ...seen };
    const memo = memoOf(description);
    if (!memo) throw new KeeperError(`${description.workflowId} has published no status yet, and no worker answers.`);
    return { ...memo.status, runId: description.runId, ...seen, asOf: memo.asOf, worker: false };
  }

  /** Every running connection of this environment, as it was last published: each provider, and after it its end users. */
  async list(filter: ListFilter = {}): Promise<KnownStatus[]> {
    return this.#egresses.tellOf(await listConnections(this.client, this.environment, filter));
  }

  /**
   * The same a page at a time, so that thousands need not be held: those first whose run was started last, and on each page each provider
   * before its end users. One that is started, or goes on in a new run, while the pages are read, may be missed; none comes twice.
   *
   *     for await (const { connections } of keeper.pages({ state: 'LAPSED' })) …
   *
   * @throws UsageError when `after` is no `next` of a page
   */
  async *pages(filter: ListFilter = {}, options: PageOptions = {}): AsyncGenerator<ConnectionPage, void> {
    for await (const { connections, next } of connectionPages(this.client, this.environment, filter, options))
      yield { connections: await this.#egresses.tellOf(connections), next };
  }

  /** Those whose workflow was closed other than by `disconnect`, and nobody has resumed: nobody keeps their sessions. At most the last 100. */
  listClosed(filter: Pick<ListFilter, 'provider' | 'egress'> = {}): Promise<KnownStatus[]> {
    return listClosed(this.client, this.environment, filter);
  }

  /** What the address of each egress has to renew, by the connections that run; of this one also where it has none. */
  addressUses(): Promise<AddressUse[]> {
    return this.#addresses.uses(this.egress);
  }

  /** The live session, sealed; null while there is none. */
  session(name: string): Promise<SessionView | null> {
    return this.#workflows.query(name, sessionQuery);
  }

  /** The live session with its token: needs the sealing keys. @throws KeeperError when no session is live */
  async revealSession(name: string): Promise<RevealedSession> {
    const view = await this.session(name);
    if (!view) throw new NoSessionError(name);
    const opened = await openSession(view, this.#workflows.idOf(name), this.#sealingKeys());
    const { sessionToken: _token, privateKey: _key, ...rest } = view;
    return { ...rest, token: opened.sessionToken, privateKey: opened.privateKey };
  }

  /**
   * The context file that bunq's own SDKs load: the live session with the installation, key pair and API key that it was opened with,
   * in plain text. Needs the sealing keys. The keeper goes on as before: it is a copy.
   * @throws KeeperError when no session is live; SealingError
   */
  async exportBunqContext(name: string): Promise<ExportedBunqContext> {
    const state = await this.#workflows.query(name, stateQuery);
    const { serving } = state;
    if (!serving || !isServingValid(state, Date.now())) throw new NoSessionError(name);
    const context = await exportedContext(serving, this.environment, this.#workflows.idOf(name), this.#sealingKeys());
    return {
      context: new Secret(`${JSON.stringify(context, null, 4)}\n`),
      renewAt: new Date(serving.renewAtMs).toISOString(),
      ofProvider: serving.installation.ofProvider === true,
    };
  }

  /**
   * One signed and verified call to the bank on the connection's session, as the Web's `fetch`: the answer comes as it is, also
   * a refusal. The session is held in memory, so that most calls cost no request to Temporal; it is never used longer than it
   * may be served. A call whose token the bank refuses is reported to the keeper and repeated once on the session that
   * replaced it. It waits its turn within the bank's limits for the address, by which this process has to leave: the bank
   * binds API keys to it. What the provider's certificate is known not to allow is refused before anything is sent. Needs the sealing keys.
   * @param path `/user/{userId}/monetary-account?count=10`; `{userId}` is filled in
   * @param init `method`, `body` (JSON), `signal`, and of `headers` those that bunq lets a caller choose
   * @throws BankCallError when no answer of the bank's came; NotPermittedError; NoSessionError, KeeperError, SealingError; what `signal` was aborted with
   */
  fetch(name: string, path: string, init: BankCallInit = {}): Promise<Response> {
    return this.#bankCalls.fetch(name, path, init);
  }

  /**
   * Whether the certificate of the provider (of an end user's connection too) allows a call, as far as bunq has said: `fetch` looks itself.
   * @throws NotPermittedError
   */
  checkPermitted(name: string, call: { method: string; path: string }): Promise<void> {
    return this.#bankCalls.checkPermitted(name, call);
  }

  async oauthClient(name: string): Promise<{ id: number; clientId: string | null; callbackUrls: string[] } | null> {
    const view = await this.#workflows.query(name, oauthClientQuery);
    return view && { id: view.id, clientId: view.clientId, callbackUrls: view.callbackUrls };
  }

  /** Needs the sealing keys. */
  async revealClientSecret(name: string): Promise<Secret> {
    const view = await this.#workflows.query(name, oauthClientQuery);
    if (!view?.clientSecret) throw new KeeperError(`${name} has no OAuth client with a secret yet: bunq-keeper status ${name}`);
    return this.#sealingKeys().open('client-secret', this.#workflows.idOf(name), view.clientSecret);
  }

  /** The callback URLs that were asked for, whether or not the bank has them yet. */
  async wantedCallbackUrls(name: string): Promise<string[]> {
    return (await this.#workflows.query(name, stateQuery)).wanted.callbackUrls;
  }

  /** These record the wish; the outcome is in the status. */
  async setCallbackUrls(name: string, change: { wanted: string[]; unwanted?: string[]; prune?: boolean }): Promise<void> {
    await this.#workflows.update(name, setCallbackUrlsUpdate, {
      by: sender(),
      wanted: change.wanted,
      unwanted: change.unwanted ?? [],
      prune: change.prune ?? false,
    });
  }

  /** @param options `bulk`: one of many, for which nobody waits: after all that is more urgent */
  async renew(name: string, { bulk = false }: { bulk?: boolean } = {}): Promise<void> {
    await this.#workflows.update(name, renewUpdate, { by: sender(), bulk });
  }

  /**
   * Has every connection renewed that matches and has something to renew. They are asked in turns, 20 a second, and come after all that is more
   * urgent at their address's gate. Gives how it stands before anybody is asked, and then about twice a second until all have come to an end; who
   * goes no further asks nobody more, and what was asked goes on by itself.
   *
   *     for await (const { renewed, connections } of keeper.renewAll({ state: 'DEGRADED' })) …
   *
   * @throws UsageError when an address could not renew them before the first is due again: nobody was asked
   */
  renewAll(filter: ListFilter = {}): AsyncGenerator<RenewalProgress, void> {
    const { provider, egress } = filter;
    return renewAll({
      clock: systemClock,
      chosen: () => listConnections(this.client, this.environment, filter, RENEWABLE_FIELDS),
      pages: () => this.pages({ provider, egress }),
      slotMs: (of, connections) => this.#addresses.slotMs(of, connections),
      ask: (name) => this.renew(name, { bulk: true }),
      isThere: (name) => this.#workflows.isRunning(name),
    });
  }

  /**
   * Tries again what waits for a person; a run that was terminated, failed or timed out goes on from its last state.
   * @param credential of a certificate: it is proven first, and until then the session of the former is served and renewed
   * @param qsealSignature over the digest that the status shows (`SIGNER_UNREACHABLE`), base64; it is checked before it is used
   * @throws UsageError for a certificate with fewer roles, or of another authorization number, than the one in use: nothing is changed
   */
  async resume(name: string, credential?: OnboardOptions['credential'], qsealSignature?: string): Promise<void> {
    const description = await this.#workflows.describe(name);
    if (description.status.name === 'COMPLETED') throw new KeeperError(`${name} was disconnected. ${again(name)}`);
    const isRunning = description.status.name === 'RUNNING';
    const state = isRunning ? credential && (await this.#workflows.ask(name, stateQuery)) : await this.#workflows.lastState(name);
    const sealed = credential && (await this.#sealed(name, credential));
    const problem = state && sealed && rollOverProblem(state, sealed); // without an answer the workflow says it
    if (problem) throw new UsageError(problem);
    if (!isRunning) await this.#workflows.start(name, { state: state! });
    await this.#workflows.update(name, resumeUpdate, {
      by: sender(),
      ...(sealed && { credential: sealed }),
      ...(qsealSignature !== undefined && { qsealSignature }),
    });
  }

  /** The ids of the keys by which a connection's secrets are sealed. @throws KeeperError when no worker answers */
  async sealingKeysOf(name: string): Promise<string[]> {
    return keyIdsIn(await this.#workflows.query(name, stateQuery));
  }

  /** After the sealing keys were rotated: seals the connection's secrets by the key by which its workers seal. Otherwise its next renewal does. */
  async reseal(name: string): Promise<string[]> {
    const { keyIds } = await this.#workflows.update(name, resealUpdate, { by: sender() });
    return keyIds;
  }

  /** Who polls the task queues of this environment, as far as is known: its workflows', and those of its connections' egresses. */
  async pollers(): Promise<Poller[]> {
    const queues = (await this.#egressesInUse()).flatMap((egress) => taskQueuesOf(this.environment, egress, null));
    return lookAtPollers(this.client, queues, Date.now());
  }

  async disconnect(name: string): Promise<void> {
    await this.#workflows.update(name, disconnectUpdate, { by: sender() });
  }

  /** What the workflow of a disconnected connection ended with. */
  async disconnected(name: string): Promise<{ leftOpen: { sessionId: number; expiresAt: string }[] }> {
    return (await this.#workflows.handle(name).result()) as { leftOpen: { sessionId: number; expiresAt: string }[] };
  }

  /** Deletes every run of a closed connection from Temporal; answers, how many there were, when none is left there: within a minute or so. */
  forget(name: string, { timeoutMs = GONE_WITHIN_MS }: { timeoutMs?: number } = {}): Promise<number> {
    return forgetWorkflow(this.client, this.#workflows.idOf(name), timeoutMs);
  }

  /** The task queues that a connection needs (or any of this environment's, without a name) and nobody polls. */
  async missingWorkers(name: string | null): Promise<SeenQueue[]> {
    const queues = name === null ? await this.#workflows.queuesOf(await this.#egressesInUse()) : await this.#workflows.queues(name);
    return queues.filter(isUnpolled);
  }

  /** Why its workflow does not answer, in a sentence for each task queue that is to blame. */
  whyNoAnswer(name: string): Promise<string[]> {
    return this.#workflows.whyNoAnswer(name);
  }

  async #egressesInUse(): Promise<string[]> {
    const listed = await listConnections(this.client, this.environment, {}, ['egress']).catch((error) => {
      throw unavailable(error);
    });
    return egressesOf(this.egress, listed);
  }

  async #requestOf(name: string, { credential, callbackUrls, permittedIps }: OnboardOptions): Promise<OnboardingRequest> {
    const { environment, egress } = this;
    return { version: 1, name, environment, egress, callbackUrls, permittedIps, credential: await this.#sealed(name, credential) };
  }

  async #sealed(name: string, credential: OnboardOptions['credential']): Promise<WantedCredential> {
    if (credential.type !== 'api-key') return credential;
    return { type: 'api-key', apiKey: await this.#sealingKeys().seal('api-key', this.#workflows.idOf(name), credential.apiKey) };
  }
}

const nameTaken = (name: string) =>
  new UsageError(`There is a connection ${name} already; nothing was changed. Use another name, or: bunq-keeper disconnect ${name}`);

const again = (name: string) =>
  isUserName(name) ? `Its end user has to grant access again: ${connectUser(name)}` : `Onboard it again: bunq-keeper onboard ${name} …`;
