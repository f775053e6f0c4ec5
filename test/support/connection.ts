import type { Client, WorkflowHandle } from '@temporalio/client';
import type proto from '@temporalio/proto';
import type { Simulator } from '../../simulator/index.ts';
import type { ActionCode } from '../../workflows/codes.ts';
import type { providerConnection } from '../../workflows/index.ts';
import {
  type ConnectionInput,
  type ConnectionStatus,
  type Disconnected,
  disconnectUpdate,
  oauthClientQuery,
  type RefusalAnswer,
  type ReportRefusedInput,
  renewUpdate,
  reportRefusedUpdate,
  resumeUpdate,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from '../../workflows/messages.ts';
import { connectionWorkflowId, isUserName, sessionGateWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import type { LifecycleState, OnboardingRequest, WantedCredential } from '../../workflows/state.ts';
import { providerCertificate } from './credentials.ts';
import { MINUTE, SECOND, type VirtualTime } from './virtual-time.ts';

const BY = 'ada@test';

type History = proto.temporal.api.history.v1.IHistory;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

/** What a report was answered, and when. */
export interface ReportAnswer {
  readonly answer: RefusalAnswer;
  readonly afterMs: number;
}

interface Parts {
  readonly client: Client;
  readonly environment: string;
  readonly name: string;
  readonly egress: string;
  readonly simulator: Simulator;
  readonly time: VirtualTime;
}

/** A connection's workflow under time skipping, and the bank that it alone speaks to. */
export class TestConnection {
  readonly name: string;
  /** Its own, unless it was made beside another. */
  readonly egress: string;
  readonly workflowId: string;
  readonly simulator: Simulator;
  readonly client: Client;
  readonly handle: WorkflowHandle<typeof providerConnection>;
  /** Every state that it told the log of, in their order. */
  readonly states: { readonly state: LifecycleState; readonly code: ActionCode | null; readonly atMs: number }[] = [];
  /** Every session that it said it serves, in their order. */
  readonly served: { readonly sessionId: number; readonly renewAtMs: number; readonly expiresAtMs: number }[] = [];
  /** Every time that it said that its certificate ends soon. */
  readonly expiring: { readonly daysLeft: number; readonly atMs: number }[] = [];
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.name = parts.name;
    this.egress = parts.egress;
    this.workflowId = connectionWorkflowId(parts.environment, parts.name);
    this.simulator = parts.simulator;
    this.client = parts.client;
    this.handle = parts.client.workflow.getHandle(this.workflowId);
  }

  /** By default a provider with a certificate and without callback URLs. */
  async onboard({
    credential,
    ...more
  }: Partial<Pick<OnboardingRequest, 'credential' | 'callbackUrls' | 'permittedIps'>> = {}): Promise<void> {
    const { environment, name, egress } = this.#parts;
    const request = { version: 1 as const, name, environment, egress, callbackUrls: [], permittedIps: [], ...more };
    await this.start({ request: { ...request, credential: credential ?? (await providerCertificate()) } });
  }

  async start(input: ConnectionInput): Promise<void> {
    const { client, environment } = this.#parts;
    await client.workflow.start<typeof providerConnection>(isUserName(this.name) ? 'userConnection' : 'providerConnection', {
      workflowId: this.workflowId,
      taskQueue: workflowTaskQueue(environment),
      args: [input],
    });
  }

  readonly status = () => this.handle.query(statusQuery);
  readonly session = () => this.handle.query(sessionQuery);
  readonly oauthClient = () => this.handle.query(oauthClientQuery);
  readonly state = () => this.handle.query(stateQuery);

  readonly renew = () => this.handle.executeUpdate(renewUpdate, { args: [{ by: BY }] });
  /** Time passes only when the report has arrived, and then until it is answered. */
  async reportRefused(sessionId: number): Promise<RefusalAnswer> {
    const report = await this.handle.startUpdate(reportRefusedUpdate, { args: [{ by: BY, sessionId }], waitForStage: 'ACCEPTED' });
    await this.#parts.time.pass(MINUTE);
    return report.result();
  }

  readonly disconnect = () => this.handle.executeUpdate(disconnectUpdate, { args: [{ by: BY }] });
  readonly resume = (credential?: WantedCredential) =>
    this.handle.executeUpdate(resumeUpdate, { args: [{ by: BY, ...(credential && { credential }) }] });
  readonly giveSignature = (qsealSignature: string) => this.handle.executeUpdate(resumeUpdate, { args: [{ by: BY, qsealSignature }] });
  readonly setCallbackUrls = (wanted: string[], { unwanted = [] as string[], prune = false } = {}) =>
    this.handle.executeUpdate(setCallbackUrlsUpdate, { args: [{ by: BY, wanted, unwanted, prune }] });

  /** Says that a call on the session was refused, and lets time pass until that is answered. */
  async report(sessionId: number, updateId?: string): Promise<ReportAnswer> {
    return (await this.reports(sessionId, [updateId]))[0]!;
  }

  /** The same, many times: whoever gives the same update id shares its answer. Time passes only when all have arrived. */
  async reports(sessionId: number, updateIds: readonly (string | undefined)[]): Promise<ReportAnswer[]> {
    const { time } = this.#parts;
    const sentAtMs = await time.nowMs();
    const args: [ReportRefusedInput] = [{ by: BY, sessionId }];
    const start = (updateId: string | undefined) =>
      this.handle.startUpdate(reportRefusedUpdate, { args, waitForStage: 'ACCEPTED', ...(updateId !== undefined && { updateId }) });
    const handles = await Promise.all(updateIds.map(start));
    let open = handles.length;
    const answers = Promise.all(
      handles.map(async (handle) => {
        const answer = await handle.result().finally(() => open--);
        return { answer, afterMs: (await time.nowMs()) - sentAtMs };
      }),
    );
    answers.catch(() => {});
    while (open > 0) await time.pass(SECOND / 2);
    return answers;
  }

  /** What the Temporal UI shows above the history. */
  async currentDetails(): Promise<string> {
    const { currentDetails } = await this.handle.query<{ currentDetails: string }>('__temporal_workflow_metadata');
    return currentDetails;
  }

  /** Lets virtual time pass, in steps that grow, until the status fits. */
  async until(description: string, fits: (status: ConnectionStatus) => boolean, withinMs = 2 * MINUTE): Promise<ConnectionStatus> {
    const { time } = this.#parts;
    const deadlineMs = (await time.nowMs()) + withinMs;
    for (let stepMs = 100; ; stepMs = Math.min(stepMs * 1.5, withinMs / 20)) {
      const status = await this.status();
      if (fits(status)) return status;
      if ((await time.nowMs()) > deadlineMs)
        throw new Error(
          `${this.name}, not within ${withinMs / SECOND} virtual s: ${description}. It is\n${JSON.stringify(status, null, 2)}`,
        );
      await time.pass(stepMs);
    }
  }

  becomes(state: LifecycleState, withinMs?: number): Promise<ConnectionStatus> {
    const isAtRest = (status: ConnectionStatus) => !status.steps.some((step) => step.status === 'running');
    return this.until(`is ${state}`, (status) => status.state === state && isAtRest(status), withinMs);
  }

  /** What the workflow ends with. Not by `result()`, which would let years pass. */
  async ended(withinMs = 2 * MINUTE): Promise<Disconnected> {
    const deadlineMs = (await this.#parts.time.nowMs()) + withinMs;
    for (;;) {
      const last = (await this.events()).at(-1);
      const completed = last?.workflowExecutionCompletedEventAttributes;
      if (completed) return this.decoded<Disconnected>(completed.result)[0]!;
      if ((await this.#parts.time.nowMs()) > deadlineMs)
        throw new Error(`${this.name} has not ended within ${withinMs / SECOND} virtual s`);
      await this.#parts.time.pass(SECOND);
    }
  }

  /** To a time on the workflow's clock, ISO 8601, and a second beyond it. */
  async passUntil(at: string): Promise<void> {
    const { time } = this.#parts;
    const leftMs = Date.parse(at) + SECOND - (await time.nowMs());
    if (leftMs > 0) await time.pass(leftMs);
  }

  /** Of all runs that continued one another, the oldest first. */
  histories(): Promise<History[]> {
    return historiesOf(this.client, this.workflowId);
  }

  /** Of the gate of its egress. */
  gateHistories(): Promise<History[]> {
    return historiesOf(this.client, sessionGateWorkflowId(this.#parts.environment, this.egress));
  }

  async events(): Promise<HistoryEvent[]> {
    return (await this.histories()).flatMap(({ events }) => events ?? []);
  }

  noteState({ state, action }: ConnectionStatus): void {
    this.states.push({ state, code: action?.code ?? null, atMs: this.#parts.time.pulledMs });
  }

  noteExpiring(daysLeft: number): void {
    this.expiring.push({ daysLeft, atMs: this.#parts.time.pulledMs });
  }

  /** The bank counts lapses by it. */
  noteServed({ session }: ConnectionStatus, sessionId: number | null): void {
    if (session && sessionId !== null)
      this.served.push({ sessionId, renewAtMs: Date.parse(session.renewAt), expiresAtMs: Date.parse(session.expiresAt) });
    this.simulator.published({ connection: this.name, sessionId: sessionId === 0 ? this.#importedSessionId() : sessionId });
  }

  /** Whoever made it did not note its id; the bank has it, the latest before ours. */
  #importedSessionId(): number | null {
    return this.simulator.state().sessions.findLast(({ status }) => status === 'ACTIVE')?.id ?? null;
  }

  /** What stands in an event: plain JSON. */
  decoded<T>(payloads: proto.temporal.api.common.v1.IPayloads | null | undefined): T[] {
    return (payloads?.payloads ?? []).map(({ data }) => JSON.parse(Buffer.from(data ?? []).toString()) as T);
  }

  /** Requests of one kind that reached the bank. */
  requests(endpoint: string) {
    return this.simulator.requests().filter((request) => request.endpoint === endpoint);
  }

  /** The bank does not answer: every connection is cut, without an effect. */
  bankGoesDown(): void {
    this.simulator.fault({ endpoint: '*', kind: 'reset', times: null });
  }

  bankComesBack(): void {
    this.simulator.clearFaults();
  }

  /** How many of each the bank holds that are in use. */
  bankHolds() {
    const { installations, credentials, devices, sessions, oauthClients, callbackUrls } = this.simulator.state();
    const active = (entities: readonly { status: string }[]) => entities.filter(({ status }) => status === 'ACTIVE').length;
    return {
      installations: active(installations),
      credentials: active(credentials),
      devices: devices.length,
      sessions: active(
        sessions.filter(({ installationId }) => installations.some(({ id, status }) => id === installationId && status === 'ACTIVE')),
      ),
      oauthClients: oauthClients.length,
      callbackUrls: callbackUrls.map(({ url }) => url).sort(),
    };
  }
}

async function historiesOf(client: Client, workflowId: string): Promise<History[]> {
  const histories: History[] = [];
  let runId: string | null | undefined = (await client.workflow.getHandle(workflowId).describe()).runId;
  while (runId) {
    const history: History = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    histories.unshift(history);
    runId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  }
  return histories;
}
