import type { SimulatorClock } from './clock.ts';

interface LaterEffect {
  readonly faultId: number;
  readonly dueAtMs: number;
  readonly perform: (atMs: number) => void;
}

/** The timer is set for when the clock, if it goes at the real rate, comes to the effect; it may be a little early. */
const TIMER_MIN_MS = 10;
const TIMER_MAX_MS = 2 ** 31 - 1;

/**
 * Effects that the bank has still before it, by its clock. Each comes at its own instant: whoever acts on the bank or
 * looks into it later settles first, so that a clock which jumps, or stands still, makes no difference.
 */
export class LaterEffects {
  readonly #clock: SimulatorClock;
  #waiting: LaterEffect[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(clock: SimulatorClock) {
    this.#clock = clock;
  }

  add(effect: LaterEffect): void {
    this.#waiting = [...this.#waiting, effect].toSorted((a, b) => a.dueAtMs - b.dueAtMs);
    this.#wait();
  }

  count(faultId: number): number {
    return this.#waiting.filter((effect) => effect.faultId === faultId).length;
  }

  /** Performs what is due, in order, each as of its own instant. @returns how many */
  settle(): number {
    const nowMs = this.#clock.nowMs();
    return this.#take(({ dueAtMs }) => dueAtMs <= nowMs);
  }

  /** Performs what is not due yet too, of one fault or of all, as of now. @returns how many were not due */
  release(faultId?: number): number {
    this.settle();
    return this.#take((effect) => faultId === undefined || effect.faultId === faultId, this.#clock.nowMs());
  }

  /** Nothing of it happens any more. */
  abandon(): void {
    this.#waiting = [];
    clearTimeout(this.#timer);
  }

  #take(isTaken: (effect: LaterEffect) => boolean, atMs?: number): number {
    if (this.#waiting.length === 0) return 0;
    const taken = this.#waiting.filter(isTaken);
    this.#waiting = this.#waiting.filter((effect) => !taken.includes(effect));
    for (const { perform, dueAtMs } of taken) perform(atMs ?? dueAtMs);
    this.#wait();
    return taken.length;
  }

  #wait(): void {
    clearTimeout(this.#timer);
    const [next] = this.#waiting;
    if (next === undefined) return;
    const ms = Math.min(Math.max(next.dueAtMs - this.#clock.nowMs(), TIMER_MIN_MS), TIMER_MAX_MS);
    this.#timer = setTimeout(() => {
      this.settle();
      this.#wait();
    }, ms).unref();
  }
}
