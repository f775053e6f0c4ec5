import { renewAtMs, sessionLifetimeMs } from '../../../workflows/renewal.ts';
import { isAskDue, noteAsk, slotClassOf } from '../../../workflows/slot-request.ts';
import type { GivenBack } from '../../../workflows/slots.ts';
import { type ConnectionState, isServingValid, standingOf, WAITED_FOR_MS } from '../../../workflows/state.ts';
import { nextWake } from '../../../workflows/steps.ts';
import { BANK_MS, GAP_MS, SESSION_MS, TEMPORAL_MS, TO_THE_BANK_MS } from './modelled-times.ts';
import type { Address } from './one-address.ts';
import { onboarded } from './states.ts';

const { session: SESSION_OF_WEEK } = onboarded().serving!;
const BEFORE_ITS_SESSION = { ...onboarded(), serving: null, oauthClient: null, onboardedAtMs: null };

/** An end user's connection from its first session on: the loop of keep-connection.ts, as far as sessions are concerned. */
export class ModelledConnection {
  readonly state: ConnectionState;
  /** Since when no session is served, though one was. */
  lapsedAtMs: number | null = null;
  /** Of several planned wakes only the last counts. */
  #plan = 0;
  /** While its session is opened nothing else is done. */
  #isOpening = false;
  readonly #address: Address;

  constructor(address: Address, name: string) {
    const { nowMs } = address.timeline;
    this.#address = address;
    this.state = {
      ...BEFORE_ITS_SESSION,
      name,
      startedAtMs: nowMs,
      waitedForUntilMs: nowMs + WAITED_FOR_MS,
      wishes: { renew: null, resume: null, disconnect: null },
      troubles: {},
    };
  }

  turn(): void {
    if (this.#isOpening) return;
    const { timeline } = this.#address;
    const { state } = this;
    this.#noteLapse();
    const slotClass = slotClassOf(state, timeline.nowMs);
    if (slotClass && isAskDue(state, slotClass, timeline.nowMs)) {
      const again = state.slot !== null;
      const request = { workflowId: state.name, ...noteAsk(state, slotClass, () => this.#address.newId(), timeline.nowMs) };
      this.#address.later(TEMPORAL_MS, () => this.#address.gate.ask(request, again));
    }
    const plan = ++this.#plan;
    const wake = nextWake(state, timeline.nowMs);
    if (wake) timeline.at(wake.atMs, () => plan === this.#plan && this.turn());
  }

  comeBack(requestId: string, inMs: number): void {
    const { slot } = this.state;
    if (slot?.requestId === requestId) slot.askAgainAtMs = Math.max(slot.askAgainAtMs, this.#address.timeline.nowMs + inMs);
  }

  granted(requestId: string, grantedAtMs: number): void {
    const { state } = this;
    const { slot, serving } = state;
    if (slot?.requestId !== requestId) {
      this.#giveBack({ requestId, sent: false, outcome: 'other' });
      return;
    }
    this.#isOpening = true;
    state.slot = null;
    const { class: slotClass, askedAtMs } = slot;
    const endsAtMs = serving?.session.expiresAtMs ?? null;
    this.#address.onGranted({ class: slotClass, name: state.name, askedAtMs, grantedAtMs, endsAtMs });
    const openedAtMs = this.#address.timeline.nowMs;
    this.#address.later(TO_THE_BANK_MS, () => {
      const isOpened = this.#address.bank.admits(this.#address.timeline.nowMs);
      this.#address.later(BANK_MS, () => this.#answered(requestId, isOpened, openedAtMs));
    });
  }

  /** The activity tells the gate, and then the workflow. */
  #answered(requestId: string, isOpened: boolean, openedAtMs: number): void {
    this.#giveBack(isOpened ? { requestId, sent: true, outcome: 'opened' } : { requestId, sent: true, outcome: 'other', gapMs: GAP_MS });
    this.#address.later(BANK_MS, () => {
      this.#isOpening = false;
      if (isOpened) this.#serve(openedAtMs);
      this.turn();
    });
  }

  /** What `serve` of session-step.ts does to the state. */
  #serve(openedAtMs: number): void {
    const { state } = this;
    const { nowMs } = this.#address.timeline;
    this.#noteLapse();
    const session = { ...SESSION_OF_WEEK, openedAtMs, expiresAtMs: openedAtMs + sessionLifetimeMs(SESSION_MS, false) };
    state.serving = {
      ...standingOf(state.ladder)!,
      session,
      renewAtMs: renewAtMs(session, state.name, nowMs),
      renewable: true,
      doubtful: false,
    };
    state.wishes.renew = null;
    state.waitedForUntilMs = 0;
    this.lapsedAtMs = null;
  }

  /** Somebody reports that the bank refuses its session, and our own reading is refused too; unless it was opened since. */
  refuse(endedAtMs: number): void {
    const { serving } = this.state;
    if (!serving || serving.session.openedAtMs >= endedAtMs) return;
    serving.doubtful = true;
    this.state.waitedForUntilMs = this.#address.timeline.nowMs + WAITED_FOR_MS;
    this.turn();
  }

  #noteLapse(): void {
    const { serving } = this.state;
    if (this.lapsedAtMs !== null || !serving || isServingValid(this.state, this.#address.timeline.nowMs)) return;
    this.lapsedAtMs = serving.session.expiresAtMs;
    this.#address.onLapsed(this.state.name);
  }

  #giveBack(given: Omit<GivenBack, 'workflowId'>): void {
    this.#address.later(TEMPORAL_MS, () => this.#address.gate.giveBack({ ...given, workflowId: this.state.name }));
  }
}
