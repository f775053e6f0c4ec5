import type { Dice } from '../../../simulator/random.ts';
import type { SlotClass } from '../../../workflows/slot-classes.ts';
import { ModelledConnection } from './modelled-connection.ts';
import { ModelledGate } from './modelled-gate.ts';
import { GAP_MS } from './modelled-times.ts';
import type { Timeline } from './timeline.ts';

/**
 * One address with its gate, its connections and the bank, in virtual time. When to renew, when and how urgently to ask, whose turn
 * it is and until when to wait are the product's own functions; modelled are the ways between the three, the loops that call
 * those functions, and the bank. Without faults: no call fails, no worker dies.
 */

export interface Granted {
  class: SlotClass;
  name: string;
  askedAtMs: number;
  grantedAtMs: number;
  /** When the session that it replaces ends, or ended; null: the first. */
  endsAtMs: number | null;
}

/** Allows one session in 30 s, whatever became of the one before. */
export class StrictBank {
  arrivals = 0;
  refused = 0;
  leastDistanceMs = Number.POSITIVE_INFINITY;
  #lastAtMs = Number.NEGATIVE_INFINITY;

  admits(nowMs: number): boolean {
    const distanceMs = nowMs - this.#lastAtMs;
    this.#lastAtMs = nowMs;
    this.arrivals++;
    this.leastDistanceMs = Math.min(this.leastDistanceMs, distanceMs);
    if (distanceMs < GAP_MS) this.refused++;
    return distanceMs >= GAP_MS;
  }
}

export class Address {
  readonly bank = new StrictBank();
  readonly gate = new ModelledGate(this);
  readonly connections = new Map<string, ModelledConnection>();
  onGranted: (granted: Granted) => void = () => {};
  onLapsed: (name: string) => void = () => {};
  readonly timeline: Timeline;
  readonly #dice: Dice;
  #ids = 0;

  constructor(timeline: Timeline, dice: Dice) {
    this.timeline = timeline;
    this.#dice = dice;
  }

  /** An end user has granted access: its first session is wanted now, and somebody waits for it. */
  connect(name: string): void {
    const connection = new ModelledConnection(this, name);
    this.connections.set(name, connection);
    connection.turn();
  }

  connection(name: string): ModelledConnection {
    return this.connections.get(name)!;
  }

  takes([leastMs, mostMs]: readonly [number, number]): number {
    return this.#dice.between(leastMs, mostMs);
  }

  later(takes: readonly [number, number], happen: () => void): void {
    this.timeline.at(this.timeline.nowMs + this.takes(takes), happen);
  }

  newId(): string {
    return `request ${++this.#ids}`;
  }
}
