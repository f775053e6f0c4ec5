import type { SimulatorClock } from './clock.ts';
import { isAmong } from './endpoints.ts';
import { type Fault, type FaultOptions, readFault } from './fault-options.ts';
import { HOSTILE, Hostility } from './hostility.ts';
import { LaterEffects } from './later-effects.ts';
import { Dice } from './random.ts';
import type { Settings } from './settings.ts';

type Held = 'released' | 'disconnected';
type Holding = Set<(how: Held) => void>;

interface Entry {
  fault: Fault;
  readonly dice: Dice;
  readonly holding: Holding;
}

/** What goes wrong, in the order in which it was asked for, and last what a hostile bank does by itself. One request is hit by one fault at most. */
export class Faults {
  readonly #clock: SimulatorClock;
  readonly #entries = new Map<number, Entry>();
  readonly #hostility: Hostility;
  readonly #hostileHolding: Holding = new Set();
  readonly #later: LaterEffects;
  #lastId = HOSTILE;

  /** @param seed of what a hostile bank does */
  constructor(clock: SimulatorClock, seed: string | number) {
    this.#clock = clock;
    this.#hostility = new Hostility(seed);
    this.#later = new LaterEffects(clock);
  }

  /** @throws ZodError naming what is wrong */
  add(options: FaultOptions): Fault {
    const fault = { ...readFault(options, this.#clock.nowMs()), id: ++this.#lastId, seen: 0, hits: 0, held: 0 };
    this.#entries.set(fault.id, { fault, dice: new Dice(fault.seed), holding: new Set() });
    return fault;
  }

  list(): Fault[] {
    this.settle();
    return Array.from(this.#entries.values(), ({ fault, holding }) => ({ ...fault, held: holding.size + this.#later.count(fault.id) }));
  }

  /** The fault that hits this request. */
  take(endpoint: string, { hostile, hostileRates }: Pick<Settings, 'hostile' | 'hostileRates'>): Fault | null {
    const nowMs = this.#clock.nowMs();
    const misfortune = hostile ? this.#hostility.next(endpoint, hostileRates) : null; // counted also where a fault that was set goes first
    for (const entry of this.#entries.values()) {
      const { fault, dice } = entry;
      if (!isAmong(endpoint, [fault.endpoint].flat()) || !isInTime(fault, nowMs)) continue;
      const seen = fault.seen + 1;
      const isHit = seen > fault.skip && (fault.times === null || fault.hits < fault.times) && dice.roll() < fault.probability;
      entry.fault = { ...fault, seen, hits: fault.hits + (isHit ? 1 : 0) };
      if (isHit) return entry.fault;
    }
    return misfortune;
  }

  /** Waits until what the fault holds is released, its time is over, or the client has gone. */
  hold({ id, holdMs }: Fault, gone: AbortSignal): Promise<Held> {
    const holding = id === HOSTILE ? this.#hostileHolding : this.#entries.get(id)?.holding;
    if (holding === undefined) return Promise.resolve('released');
    return new Promise((resolve) => {
      const end = (how: Held) => {
        clearTimeout(timer);
        holding.delete(end);
        gone.removeEventListener('abort', leave);
        resolve(how);
      };
      const leave = () => end('disconnected');
      const timer = holdMs == null ? undefined : setTimeout(end, holdMs, 'released');
      holding.add(end);
      if (gone.aborted) leave();
      else gone.addEventListener('abort', leave);
    });
  }

  /** Puts an effect off until `effectAfterMs` after the request's arrival. */
  postpone({ id, effectAfterMs }: Fault, arrivedAtMs: number, perform: (atMs: number) => void): void {
    this.#later.add({ faultId: id, dueAtMs: arrivedAtMs + effectAfterMs, perform });
  }

  /** Performs the later effects that are due by now. To be called before the bank acts and before it is looked into. */
  settle(): number {
    return this.#later.settle();
  }

  /** Lets go what is held now, by one fault or by all; the faults stay. @returns how many were held */
  release(id?: number): number {
    const held = id === undefined ? this.#holding() : [this.#entries.get(id)?.holding ?? new Set()];
    return letGo(held, 'released') + this.#later.release(id);
  }

  /** Ends all that is held without an effect or answer: the bank closes. */
  abandon(): void {
    letGo(this.#holding(), 'disconnected');
    this.#later.abandon();
  }

  /** As it was at first: nothing is set or held, and what a hostile bank does begins again. */
  restart(): void {
    this.abandon();
    this.#entries.clear();
    this.#hostility.restart();
  }

  /** Removes one fault or all, and lets go what they hold. */
  clear(id?: number): void {
    this.release(id);
    if (id === undefined) this.#entries.clear();
    else this.#entries.delete(id);
  }

  #holding(): Holding[] {
    return [...Array.from(this.#entries.values(), ({ holding }) => holding), this.#hostileHolding];
  }
}

const isInTime = ({ fromMs, untilMs }: Fault, nowMs: number): boolean => (fromMs ?? nowMs) <= nowMs && (untilMs == null || nowMs < untilMs);

function letGo(holding: readonly Holding[], how: Held): number {
  const held = holding.flatMap((ends) => [...ends]);
  for (const end of held) end(how);
  return held.length;
}
