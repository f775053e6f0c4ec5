import type { Simulator } from '../../../simulator/index.ts';
import { until } from '../../support/until.ts';
import type { GrantedSlot, ObservedGate } from './gate.ts';

const SESSION_SERVER = 'POST /session-server';

/** Time in which nothing was injected, from one grant to another. */
export interface Stretch {
  readonly slots: number;
  readonly ms: number;
  readonly medianOpenMs: number;
}

/** What is injected while a gate hands out slots, each until the next session was opened after it, and the peace between. By the machine's clock, which is Temporal's. */
export class Disturbances {
  readonly #bank: Simulator;
  readonly #gate: ObservedGate;
  readonly #slotsBetween: number;
  readonly #all: { readonly fromMs: number; untilMs: number }[] = [];

  constructor(bank: Simulator, gate: ObservedGate, slotsBetween: number) {
    this.#bank = bank;
    this.#gate = gate;
    this.#slotsBetween = slotsBetween;
  }

  /** That the bank was asked for. */
  get sessions(): number {
    return sessionRequests(this.#bank).length;
  }

  /** Injects a fault, waits for the next session after it, and leaves the gate in peace for some. */
  async disturb(what: string, inject: () => Promise<void>): Promise<void> {
    const disturbance = { fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY };
    this.#all.push(disturbance);
    await inject();
    const before = this.sessions;
    await until(`a session is opened after ${what}`, () => this.sessions > before, { everyMs: 20 });
    disturbance.untilMs = Date.now();
    const enough = this.sessions + this.#slotsBetween; // a late look may have missed some
    await this.#gate.noteRun();
    await until('some sessions are opened in peace', () => this.sessions >= enough, { everyMs: 50 });
  }

  /** The bank has the next request for a session, and its answer is held until that is done. @param act is told who has the slot */
  async whileASlotIsOut(act: (workflowId: string) => Promise<void>): Promise<void> {
    this.#bank.fault({ endpoint: SESSION_SERVER, kind: 'hold-answer' });
    await until('the bank holds an answer', () => this.#bank.faults()[0]?.held === 1, { everyMs: 10 });
    const { out } = await this.#gate.slots();
    await act(out!.workflowId);
    this.#bank.releaseFaults();
    this.#bank.clearFaults();
  }

  /** The stretches between, the last one until now. */
  undisturbed(slots: readonly GrantedSlot[], nowMs: number): Stretch[] {
    const ends = [...this.#all.slice(1).map(({ fromMs }) => fromMs), nowMs];
    return ends.map((fromMs, index) => stretch(slots, this.#all[index]!.untilMs, fromMs));
  }
}

export const sessionRequests = (bank: Simulator) => bank.requests().filter(({ endpoint }) => endpoint === SESSION_SERVER);

/** From the first grant to the last: so many times a slot and its gap. */
function stretch(all: readonly GrantedSlot[], fromMs: number, untilMs: number): Stretch {
  const slots = all.filter(({ grantedAtMs }) => grantedAtMs >= fromMs && grantedAtMs < untilMs);
  const ms = slots.length > 0 ? slots.at(-1)!.grantedAtMs - slots[0]!.grantedAtMs : 0;
  return { slots: Math.max(0, slots.length - 1), ms, medianOpenMs: median(slots.map(openMs)) };
}

export const openMs = ({ grantedAtMs, givenBackAtMs }: GrantedSlot) => givenBackAtMs! - grantedAtMs;
export const median = (numbers: readonly number[]) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** The share of the slots for which there was time. */
export const used = ({ slots, ms, medianOpenMs }: Stretch, gapMs: number) => slots / (ms / (gapMs + medianOpenMs));

/** A machine that has other things to do delays timers and tasks: the calmer half of the stretches tells what the gate does. */
export function usedWhenCalm(shares: readonly number[]): number {
  const calmer = shares.toSorted((a, b) => b - a).slice(0, Math.ceil(shares.length / 2));
  return calmer.reduce((total, share) => total + share, 0) / calmer.length;
}
