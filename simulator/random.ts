import { createHash, randomBytes } from 'node:crypto';

/** 64 hex digits, as bunq's tokens, OAuth client ids and secrets. Never from the seed: a restarted bank must not repeat them. */
export const newToken = (): string => randomBytes(32).toString('hex');

/** Repeatable dice (mulberry32) for ids, names and the probability of faults; for nothing that must be unguessable. */
export class Dice {
  readonly #start: number;
  #state: number;

  constructor(seed: string | number) {
    this.#start = createHash('sha256').update(String(seed)).digest().readUInt32LE(0);
    this.#state = this.#start;
  }

  /** The same rolls again. */
  restart(): void {
    this.#state = this.#start;
  }

  /** From 0 up to, but not including, 1. */
  roll(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `min` to `max`, both included. */
  between(min: number, max: number): number {
    return min + Math.floor(this.roll() * (max - min + 1));
  }

  pick<T>(items: readonly [T, ...T[]]): T {
    return items[this.between(0, items.length - 1)] ?? items[0];
  }
}
