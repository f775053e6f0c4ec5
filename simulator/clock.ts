/** The bank's clock: the source's time plus what it was moved by. All expiries, limits and the `Date` header follow it. */
export class SimulatorClock {
  readonly #source: () => number;
  #offsetMs = 0;

  /** @param source milliseconds since 1970, pulled at each reading; it may be a virtual clock */
  constructor(source: () => number) {
    this.#source = source;
  }

  get offsetMs(): number {
    return this.#offsetMs;
  }

  nowMs(): number {
    return Math.floor(this.#source() + this.#offsetMs);
  }

  advance(ms: number): void {
    this.#offsetMs += ms;
  }

  set(nowMs: number): void {
    this.#offsetMs = nowMs - this.#source();
  }
}

export const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** bunq's times: UTC `YYYY-MM-DD hh:mm:ss.ffffff`. */
export function bunqTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1).replace('T', ' ')}000`;
}
