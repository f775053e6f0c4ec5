import { condition, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Surroundings } from '../activities/surroundings.ts';
import { type BankActivity, perform, readSurroundings } from './bank.ts';
import { STEP_NAMES, type StepName } from './codes.ts';
import type { ConnectionInput, ConnectionStatus } from './messages.ts';
import { egressTaskQueue } from './names.ts';
import { Publisher } from './publish.ts';
import { type ConnectionState, initialState, lifecycleState } from './state.ts';
import { statusOf } from './status.ts';
import { isEverythingDone, nextStep, nextWake, STEPS } from './steps.ts';

/** One connection at work: its state, and what of this run does not cross continue-as-new. */
export class Connection {
  readonly state: ConnectionState;
  running: StepName | null = null;
  /** Set by messages; a waiting loop turns at once. */
  woken = false;
  turns = 0;
  renewals = 0;
  updates = 0;
  /** Started from the state of a run that was closed, not continued as new by it. */
  readonly #isRestart: boolean;
  #surroundings: Surroundings | null = null;
  #publisher: Publisher | null = null;

  constructor(input: ConnectionInput) {
    this.state = 'state' in input ? structuredCloneOf(input.state) : initialState(input.request, Date.now());
    this.#isRestart = 'state' in input && workflowInfo().continuedFromExecutionRunId === undefined;
  }

  async lookAround(): Promise<void> {
    this.#surroundings = await readSurroundings();
    if (this.#isRestart) this.#settleFormerRun(this.#surroundings);
    this.#publisher = new Publisher(this.#surroundings.searchAttributes);
    this.publish();
  }

  /** A former run was closed from outside, with who knows what under way: as after an unclear answer. */
  #settleFormerRun({ settleMs }: Surroundings): void {
    const nowMs = Date.now();
    this.state.settleUntilMs = Math.max(this.state.settleUntilMs ?? 0, nowMs + settleMs);
    this.state.sessionAskedAtMs = nowMs;
  }

  get surroundings(): Surroundings {
    if (!this.#surroundings) throw new Error('lookAround comes first');
    return this.#surroundings;
  }

  get status(): ConnectionStatus {
    const { workflowId, runId } = workflowInfo();
    return statusOf(this.state, { workflowId, runId, running: this.running }, Date.now());
  }

  get isDisconnecting(): boolean {
    return this.state.wishes.disconnect !== null;
  }

  /** The history is long enough: the loop goes on in a new run. */
  get isTimeToMove(): boolean {
    return this.renewals >= 25 || this.turns >= 500 || this.updates >= 1000 || workflowInfo().continueAsNewSuggested;
  }

  /** A bank call by way of this connection's egress. */
  readonly call = <Name extends BankActivity>(
    name: Name,
    summary: string,
    ...input: Parameters<Activities[Name]>
  ): ReturnType<Activities[Name]> => perform(name, egressTaskQueue(this.state.environment, this.state.egress), summary, ...input);

  publish(): void {
    const { state } = this;
    const nowMs = Date.now();
    if (state.onboardedAtMs === null && isEverythingDone(state, nowMs)) state.onboardedAtMs = nowMs;
    for (const step of STEP_NAMES) if (state.troubles[step] && !STEPS[step].isMissing(state, nowMs)) delete state.troubles[step];
    const lifecycle = lifecycleState(state, nowMs);
    if (lifecycle !== state.lifecycle.state) state.lifecycle = { state: lifecycle, sinceMs: nowMs };
    this.#publisher?.publish(this.status, state);
  }

  /** Until a message comes or something is due. */
  async waitForNext(): Promise<void> {
    const nowMs = Date.now();
    if (this.woken || this.isDisconnecting || nextStep(this.state, nowMs)) return;
    const wake = nextWake(this.state, nowMs);
    if (!wake) await condition(() => this.woken);
    else await condition(() => this.woken, Math.max(1, wake.atMs - nowMs), { summary: wake.summary });
  }

  /**
   * Within a step: until that time.
   * @throws StepGivenUp when the connection is to be disconnected: what the step would do next is no longer wanted
   */
  async waitUntil(atMs: number, summary: string): Promise<void> {
    const leftMs = atMs - Date.now();
    if (leftMs > 0 && (await condition(() => this.isDisconnecting, leftMs, { summary }))) throw new StepGivenUp();
  }
}

export class StepGivenUp extends Error {
  override readonly name = 'StepGivenUp';
}

/** Workflow inputs are JSON and so is this copy: nobody else holds a part of the state. */
const structuredCloneOf = (state: ConnectionState): ConnectionState => JSON.parse(JSON.stringify(state)) as ConnectionState;
