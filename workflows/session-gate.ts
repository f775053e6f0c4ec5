import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { readSurroundings } from './bank.ts';
import { formatDuration, MINUTE_MS } from './duration.ts';
import { gateDetails } from './gate-details.ts';
import {
  askSignal,
  asksSignal,
  comeBackSignal,
  egressQuery,
  type GateInput,
  giveBackSignal,
  isQueuedQuery,
  refusedSignal,
  secondOpinionSignal,
  slotGrantedSignal,
  slotsQuery,
} from './gate-messages.ts';
import {
  ask,
  endLease,
  forget,
  gapOf,
  giveBack,
  grant,
  isQueued,
  isSuspect,
  LEASE_MS,
  learn,
  NO_SLOTS,
  next,
  opinionDueMs,
  type SlotRequest,
  type Slots,
  seekOpinion,
  tellOf,
  ungrant,
  viewOf,
} from './slots.ts';

/** So many are under way; the rest hear nothing and ask again by themselves. 2,000 pending ones would fail the task for ever. */
const MOST_TOLD = 100;
const COME_BACK_MS = 15 * MINUTE_MS;
/** Until the worker's own setting is read. */
const BUNQ_SESSION_GAP_MS = 30_000;

/**
 * Hands out the slots for new sessions from one address: one at a time, the most urgent first and providers in turn, the full gap after each came back.
 * The connections open their own sessions. It keeps ids only.
 */
export async function sessionGate(input: GateInput): Promise<void> {
  const gate = new Gate(input);
  gate.answerMessages();
  await gate.lookAround();
  while (!gate.isTimeToMove) {
    await gate.turn();
    gate.show();
  }
  await condition(allHandlersFinished);
  const { environment, egress } = input;
  return continueAsNew<typeof sessionGate>({ version: 2, environment, egress, slots: gate.slots, sessionGapMs: gate.sessionGapMs });
}

class Gate {
  slots: Slots;
  sessionGapMs: number;
  #dropped: SlotRequest[] = [];
  #telling = 0;
  #signals = 0;
  #granted = 0;
  /** Something was learnt of the address. */
  #hasNews = false;
  readonly #input: GateInput;

  constructor(input: GateInput) {
    this.#input = input;
    const { turns = [], ...slots } = 'slots' in input ? input.slots : NO_SLOTS;
    this.slots = input.version === 1 ? slots : { ...slots, turns };
    this.sessionGapMs = ('slots' in input && input.sessionGapMs) || BUNQ_SESSION_GAP_MS;
  }

  /** Handlers only note: the loop does the rest. */
  answerMessages(): void {
    const note = (change: () => void) => {
      const { address } = this.slots;
      change();
      this.#hasNews ||= this.slots.address !== address;
      this.#signals++;
    };
    const queue = (...requests: readonly SlotRequest[]) =>
      note(() => {
        const { slots, dropped } = ask(this.slots, ...requests);
        this.slots = slots;
        this.#dropped.push(...dropped);
      });
    setHandler(askSignal, (request) => queue(request));
    setHandler(asksSignal, (requests) => queue(...requests));
    setHandler(giveBackSignal, (given) =>
      note(() => {
        this.slots = giveBack(this.slots, given, this.sessionGapMs, Date.now());
      }),
    );
    setHandler(refusedSignal, ({ workflowId, others = [] }) =>
      note(() => {
        const address = learn(this.slots.address, { workflowId, outcome: 'refused' }, Date.now());
        this.slots = { ...this.slots, address: tellOf(address, others, Date.now()) };
      }),
    );
    setHandler(egressQuery, (workflowId) => viewOf(this.slots, workflowId));
    setHandler(isQueuedQuery, (request) => isQueued(this.slots, request));
    setHandler(slotsQuery, () => this.slots, { description: 'Who waits for a session, and who may open one now' });
  }

  /** A gate in the place of one that was closed does not know who has a slot. */
  async lookAround(): Promise<void> {
    const { sessionGapMs } = await readSurroundings();
    this.sessionGapMs = sessionGapMs;
    if ('replaces' in this.#input && this.#input.replaces)
      this.slots = { ...this.slots, freeAtMs: Math.max(this.slots.freeAtMs, Date.now() + LEASE_MS + this.#gapMs) };
  }

  get isTimeToMove(): boolean {
    return this.#granted >= 200 || this.#signals >= 1000 || workflowInfo().continueAsNewSuggested;
  }

  get #gapMs(): number {
    return gapOf(this.slots, this.sessionGapMs);
  }

  async turn(): Promise<void> {
    await this.#tellDropped();
    await this.#seekOpinion();
    this.slots = endLease(this.slots, this.sessionGapMs, Date.now());
    const todo = next(this.slots, Date.now());
    if (todo !== 'wait' && 'grant' in todo) await this.#grant(todo.grant);
    else await this.#wait();
  }

  /** The slot is out before it is known whether the connection still lives: another signal may come meanwhile. */
  async #grant(request: SlotRequest): Promise<void> {
    const grantedAtMs = Date.now();
    this.slots = grant(this.slots, request, grantedAtMs);
    this.#granted++;
    const { workflowId, requestId } = request;
    const isThere = await told(() => getExternalWorkflowHandle(workflowId).signal(slotGrantedSignal, { requestId, grantedAtMs }));
    if (!isThere) this.slots = ungrant(this.slots, request);
  }

  /** Until something is due; one more request in the queue changes nothing of that, and costs no timer. */
  async #wait(): Promise<void> {
    const dueMs = this.#dueMs;
    const isOver = () => this.#hasNews || this.#dropped.length > 0 || this.#dueMs !== dueMs || this.isTimeToMove;
    if (Number.isFinite(dueMs)) await condition(isOver, Math.max(1, dueMs - Date.now()), { summary: this.#waitSummary });
    else await condition(isOver);
    this.#hasNews = false;
  }

  /** 0: at once; infinite: until somebody asks. */
  get #dueMs(): number {
    const todo = next(this.slots, Date.now());
    if (todo !== 'wait' && 'grant' in todo) return 0;
    return Math.min(todo === 'wait' ? Number.POSITIVE_INFINITY : todo.waitUntilMs, opinionDueMs(this.slots) ?? Number.POSITIVE_INFINITY);
  }

  get #waitSummary(): string {
    const { out, address } = this.slots;
    if (out) return `${out.workflowId.split('.').at(-1)} opens a session`; // stands in two events a slot: the name suffices
    if (isSuspect(address)) return 'every connection is refused from this address: one tries every 5 minutes';
    return `one session per ${formatDuration(this.#gapMs)} and address`;
  }

  /** Not waited for: while signals pour in, the server takes a minute for what a run sends, and the run has to end before it has got 10,000. */
  async #tellDropped(): Promise<void> {
    const dropped = this.#dropped.splice(0).slice(0, MOST_TOLD - this.#telling);
    const telling = dropped.map(async ({ workflowId, requestId }) => {
      this.#telling++;
      await told(() => getExternalWorkflowHandle(workflowId).signal(comeBackSignal, { requestId, inMs: COME_BACK_MS }));
      this.#telling--;
    });
    if (this.#input.version === 1) await Promise.all(telling);
  }

  async #seekOpinion(): Promise<void> {
    const { slots, askNow } = seekOpinion(this.slots, Date.now());
    this.slots = slots;
    if (askNow !== null && !(await told(() => getExternalWorkflowHandle(askNow).signal(secondOpinionSignal))))
      this.slots = forget(this.slots, askNow);
  }

  show(): void {
    const { egress, environment } = this.#input;
    setCurrentDetails(gateDetails(this.slots, { egress, environment, gapMs: this.#gapMs }, Date.now()));
  }
}

/** False when the connection is gone. */
async function told(signal: () => Promise<void>): Promise<boolean> {
  try {
    await signal();
    return true;
  } catch {
    return false;
  }
}
