import { allHandlersFinished, condition, patched, uuid4, workflowInfo } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { Surroundings } from '../activities/surroundings.ts';
import { giveUpCode } from './authorization.ts';
import { type BankActivity, perform, readSurroundings } from './bank.ts';
import { certificateRemark, daysLeft, dueWarning, nextWarning } from './certificate-life.ts';
import { STEP_NAMES, type StepName } from './codes.ts';
import { MINUTE_MS } from './duration.ts';
import { publishChange, publishExpiring, publishServed } from './events.ts';
import type { ConnectionInput, ConnectionStatus } from './messages.ts';
import { egressTaskQueue } from './names.ts';
import { EMPTY_OUTBOX, nextTelling, noteChange, noteEvent, type Outbox, type WebhookEventType } from './outbox.ts';
import { Publisher } from './publish.ts';
import { isAskDue, slotClassOf, startLate } from './slot-request.ts';
import { type ConnectionState, changeLifecycle, initialState, isServingValid, lifecycleState, WAITED_FOR_MS } from './state.ts';
import { statusOf } from './status.ts';
import { isEverythingDone, nextStep, nextWake, STEPS, type Wake } from './steps.ts';

/** One connection at work: its state, and what of this run does not cross continue-as-new. */
export class Connection {
  readonly state: ConnectionState;
  running: StepName | null = null;
  /** Set by messages; a waiting loop turns at once. */
  woken = false;
  /** The gate lets this connection open a session; soon used or given back. */
  grant: { readonly requestId: string; readonly grantedAtMs: number } | null = null;
  /** The session that is being opened, or was last, stands on what the session served does. */
  isOnServing = false;
  readonly reports = new Reports();
  /** The loop is about to go on in a new run: whoever waits for an answer gets what there is. */
  isMoving = false;
  /** Somebody is to be told of events; known anew at each renewal. */
  hasWebhook = false;
  /** An event is being told by webhook. */
  delivering: Promise<void> | null = null;
  /** The session with which it was last looked whether everything is sealed by one key. */
  sealedWithSessionId: number | null = null;
  turns = 0;
  renewals = 0;
  updates = 0;
  /** Started from the state of a run that was closed, not continued as new by it; before its first session there is nothing to settle. */
  readonly #isRestart: boolean;
  #surroundings: Surroundings | null = null;
  #publisher: Publisher | null = null;
  #servedSessionId: number | null = null;

  constructor(input: ConnectionInput) {
    this.state = 'state' in input ? structuredCloneOf(input.state) : initialState(input.request, Date.now());
    const isContinued = workflowInfo().continuedFromExecutionRunId !== undefined;
    this.#isRestart = this.state.serving !== null && !isContinued;
    if ('state' in input && !isContinued && this.state.authorization)
      this.state.authorization = giveUpCode(this.state.authorization, Date.now());
  }

  async lookAround(): Promise<void> {
    this.#surroundings = await readSurroundings();
    this.hasWebhook = this.#surroundings.hasWebhook === true;
    if (this.#isRestart) this.#settleFormerRun(this.#surroundings);
    this.#publisher = new Publisher(this.#surroundings.searchAttributes);
    this.note();
    this.#publishAtRest();
  }

  /** A former run was closed from outside, with who knows what under way: as after an unclear answer. What it asked of the gate is void. */
  #settleFormerRun({ settleMs }: Surroundings): void {
    const nowMs = Date.now();
    this.state.settleUntilMs = Math.max(this.state.settleUntilMs ?? 0, nowMs + settleMs);
    this.state.slot = null;
    this.state.waitedForUntilMs = nowMs + WAITED_FOR_MS;
  }

  get workflowId(): string {
    return workflowInfo().workflowId;
  }

  get hasSlot(): boolean {
    return this.grant !== null;
  }

  get surroundings(): Surroundings {
    if (!this.#surroundings) throw new Error('lookAround comes first');
    return this.#surroundings;
  }

  get status(): ConnectionStatus {
    const { workflowId, runId } = workflowInfo();
    return statusOf(this.state, { workflowId, runId, running: this.running }, Date.now());
  }

  /** Nothing is told where no webhook is set any more. */
  get outbox(): Outbox {
    return (this.hasWebhook && this.state.outbox) || EMPTY_OUTBOX;
  }

  set outbox(outbox: Outbox) {
    this.state.outbox = outbox;
  }

  get isDisconnecting(): boolean {
    return this.state.wishes.disconnect !== null;
  }

  /** The history is long enough: the loop goes on in a new run, when no slot is held and, unless it is high time, nobody waits for an answer. */
  get isTimeToMove(): boolean {
    const { continueAsNewSuggested } = workflowInfo();
    if (this.grant) return false;
    return continueAsNewSuggested || ((this.renewals >= 25 || this.turns >= 500 || this.updates >= 1000) && allHandlersFinished());
  }

  /** A bank call by way of this connection's egress. */
  readonly call = <Name extends BankActivity>(
    name: Name,
    summary: string,
    ...input: Parameters<Activities[Name]>
  ): ReturnType<Activities[Name]> => perform(name, egressTaskQueue(this.state.environment, this.state.egress), summary, ...input);

  /** Brings the state up to date with the time, and tells what changed: the log, and the UI's current details. */
  note(): void {
    const { state } = this;
    const nowMs = Date.now();
    if (state.onboardedAtMs === null && isEverythingDone(state, nowMs)) state.onboardedAtMs = nowMs;
    for (const step of STEP_NAMES)
      if (state.troubles[step]?.action === null && !STEPS[step].isMissing(state, nowMs)) delete state.troubles[step];
    const change = changeLifecycle(state, lifecycleState(state, nowMs), nowMs);
    const { status } = this;
    if (change) publishChange(status, change);
    if (change && this.hasWebhook) this.outbox = noteChange(this.outbox, status, change, uuid4(), nowMs);
    this.#noteServed(nowMs);
    this.#noteCertificate(nowMs);
    this.#publisher?.show(status);
  }

  /** By webhook: what is no change of state. */
  tell(type: WebhookEventType): void {
    if (this.hasWebhook) this.outbox = noteEvent(this.outbox, type, this.status, uuid4(), Date.now());
  }

  #noteServed(nowMs: number): void {
    const { state } = this;
    const sessionId = isServingValid(state, nowMs) ? state.serving!.session.sessionId : null;
    if (sessionId !== this.#servedSessionId) publishServed(this.status, sessionId);
    this.#servedSessionId = sessionId;
  }

  #noteCertificate(nowMs: number): void {
    const { state } = this;
    const warning = dueWarning(state, nowMs);
    if (!warning) return;
    state.certificateWarning = warning;
    const { status } = this;
    publishExpiring(status, { daysLeft: daysLeft(status.certificate!.expiresAt, nowMs), remedy: certificateRemark(status, nowMs)! });
    this.tell('certificate.expiring');
  }

  /**
   * Memo and search attributes are events in the history: they are written when the loop comes to rest. A renewal that waits for its
   * slot is not told to them before a minute is over.
   */
  #publishAtRest(): void {
    const { state } = this;
    const isPassing = state.lifecycle.state === 'RENEWING' && state.slot !== null && Date.now() - state.slot.askedAtMs < MINUTE_MS;
    if (!isPassing) this.publish();
  }

  publish(): void {
    this.#publisher?.publish(this.status, this.state);
  }

  /** Until a message comes or something is due. */
  async waitForNext(): Promise<void> {
    const nowMs = Date.now();
    const { state } = this;
    if (this.woken || this.isDisconnecting || nextStep(state, nowMs, this.hasSlot)) return;
    const slotClass = slotClassOf(state, nowMs);
    if (slotClass && !this.hasSlot && isAskDue(state, slotClass, nowMs)) return;
    this.#publishAtRest();
    const wake = this.#nextWake(nowMs);
    if (!wake || this.delivering)
      await condition(() => this.woken); // the end of a delivery wakes it, within seconds
    else if (!(await condition(() => this.woken, Math.max(1, wake.atMs - nowMs), { summary: wake.summary })))
      startLate(state, Date.now() - wake.atMs, Date.now());
  }

  /** A run that began before there were warnings was not woken for them, and its history says so. */
  #nextWake(nowMs: number): Wake | null {
    const wake = earlier(nextWake(this.state, nowMs), nextTelling(this.outbox, nowMs));
    const warning = nextWarning(this.state, nowMs);
    return earlier(wake, warning) === warning && warning && patched('certificate-expiring') ? warning : wake;
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

const earlier = (one: Wake | null, other: Wake | null) => (!other || (one && one.atMs <= other.atMs) ? one : other);

/** Reports of refused calls, and what our own reading said of the session then. */
class Reports {
  /** To be proven: the session that was reported. */
  pending: number | null = null;
  /** The last reading. */
  proof: { readonly sessionId: number; readonly atMs: number; readonly outcome: 'passed' | 'refused' | 'unclear' } | null = null;
}

/** The step ends without having been done, and without any trouble. */
export class StepGivenUp extends Error {
  override readonly name = 'StepGivenUp';
}

/** Workflow inputs are JSON and so is this copy: nobody else holds a part of the state. */
const structuredCloneOf = (state: ConnectionState): ConnectionState => JSON.parse(JSON.stringify(state)) as ConnectionState;
