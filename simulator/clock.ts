/** The bank's clock: the source's time plus what it was moved by, or an instant at which it stands still. All expiries, limits and the `Date` header follow it. */
export class SimulatorClock {
  readonly #source: () => number;
  #offsetMs = 0;
  #frozenAtMs: number | null = null;

  /** @param source milliseconds since 1970, pulled at each reading; it may be a virtual clock */
  constructor(source: () => number) {
    this.#source = source;
  }

  /** How far it is ahead of its source, or was when it was frozen. */
  get offsetMs(): number {
    return this.#offsetMs;
  }

  get frozenAtMs(): number | null {
    return this.#frozenAtMs;
  }

  nowMs(): number {
    return Math.floor(this.#frozenAtMs ?? this.#source() + this.#offsetMs);
  }

  advance(ms: number): void {
    if (this.#frozenAtMs === null) this.#offsetMs += ms;
    else this.#frozenAtMs += ms;
  }

  set(nowMs: number): void {
    if (this.#frozenAtMs === null) this.#offsetMs = nowMs - this.#source();
    else this.#frozenAtMs = nowMs;
  }

  /** It stands still, and only moves when it is moved. */
  freeze(): void {
    this.#frozenAtMs = this.nowMs();
  }

  /** It goes on from where it stands. */
  unfreeze(): void {
    if (this.#frozenAtMs === null) return;
    this.#offsetMs = this.#frozenAtMs - this.#source();
    this.#frozenAtMs = null;
  }

  /** It is the source's again. */
  follow(): void {
    this.restore({ offsetMs: 0, frozenAtMs: null });
  }

  /** As it was. */
  restore({ offsetMs, frozenAtMs }: Pick<SimulatorClock, 'offsetMs' | 'frozenAtMs'>): void {
    this.#offsetMs = offsetMs;
    this.#frozenAtMs = frozenAtMs;
  }
}

export const wholeSeconds = (ms: number): number => Math.floor(ms / 1000);

/** bunq's times: UTC `YYYY-MM-DD hh:mm:ss.ffffff`. */
export function bunqTime(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, -1).replace('T', ' ')}000`;
}
