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
  renewUpdate,
  resumeUpdate,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from '../../workflows/messages.ts';
import { providerWorkflowId, workflowTaskQueue } from '../../workflows/names.ts';
import type { LifecycleState, OnboardingRequest, WantedCredential } from '../../workflows/state.ts';
import { providerCertificate } from './credentials.ts';
import { MINUTE, SECOND, type VirtualTime } from './virtual-time.ts';

const BY = 'ada@test';

type History = proto.temporal.api.history.v1.IHistory;
type HistoryEvent = proto.temporal.api.history.v1.IHistoryEvent;

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
  /** Of every run that served a session. */
  readonly runIds = new Set<string>();
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.name = parts.name;
    this.egress = parts.egress;
    this.workflowId = providerWorkflowId(parts.environment, parts.name);
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
    await client.workflow.start<typeof providerConnection>('providerConnection', {
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
  readonly disconnect = () => this.handle.executeUpdate(disconnectUpdate, { args: [{ by: BY }] });
  readonly resume = (credential?: WantedCredential) =>
    this.handle.executeUpdate(resumeUpdate, { args: [{ by: BY, ...(credential && { credential }) }] });
  readonly setCallbackUrls = (wanted: string[], { unwanted = [] as string[], prune = false } = {}) =>
    this.handle.executeUpdate(setCallbackUrlsUpdate, { args: [{ by: BY, wanted, unwanted, prune }] });

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
  async histories(): Promise<History[]> {
    const histories: History[] = [];
    let runId: string | null | undefined = (await this.handle.describe()).runId;
    while (runId) {
      const history: History = await this.client.workflow.getHandle(this.workflowId, runId).fetchHistory();
      histories.unshift(history);
      runId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
    }
    return histories;
  }

  async events(): Promise<HistoryEvent[]> {
    return (await this.histories()).flatMap(({ events }) => events ?? []);
  }

  noteState({ state, action }: ConnectionStatus): void {
    this.states.push({ state, code: action?.code ?? null, atMs: this.#parts.time.pulledMs });
  }

  /** The bank counts lapses by it. */
  noteServed({ runId }: ConnectionStatus, sessionId: number | null): void {
    this.runIds.add(runId);
    this.simulator.published({ connection: this.name, sessionId });
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
