/** The time that a bank goes by, and how to let it pass. */
export interface Time {
  nowMs(): number;
  sleep(ms: number): Promise<void>;
  /** Lets hours and days pass; null where they would really have to. */
  readonly pass: ((ms: number) => void) | null;
}

interface Limit {
  readonly calls: number;
  readonly windowMs: number;
}

/** bunq's limits, here for all endpoints of a method together: a guest keeps further away than it has to. For `DELETE` none is published. */
const LIMITS: Record<string, Limit> = {
  GET: { calls: 3, windowMs: 3_000 },
  POST: { calls: 5, windowMs: 3_000 },
  PUT: { calls: 2, windowMs: 3_000 },
  DELETE: { calls: 2, windowMs: 3_000 },
};
const SESSIONS: Limit = { calls: 1, windowMs: 30_000 };

/** Two calls may be on their way for unlike long. */
const SLACK_MS = 500;

/** Keeps the bank's limits: each call waits for its turn. */
export class Pace {
  readonly #time: Time;
  readonly #answeredAtMs = new Map<string, number[]>();

  constructor(time: Time) {
    this.#time = time;
  }

  /** Waits until one call more is within the limits. */
  async turn(method: string, path: string): Promise<void> {
    for (const [name, { calls, windowMs }] of limitsOf(method, path)) await this.#until(name, calls, windowMs);
  }

  /** Waits until nothing counts any more. */
  async quiet(method: string, path: string): Promise<void> {
    for (const [name, { windowMs }] of limitsOf(method, path)) await this.#until(name, 1, windowMs);
  }

  /** Waits until the last call but so many is out of the window. */
  async #until(name: string, calls: number, windowMs: number): Promise<void> {
    const blocking = this.#answeredAtMs.get(name)?.at(-calls);
    const waitMs = blocking === undefined ? 0 : blocking + windowMs + SLACK_MS - this.#time.nowMs();
    if (waitMs > 0) await this.#time.sleep(waitMs);
  }

  /** A call was answered. That is later than when the bank counted it. */
  count(method: string, path: string): void {
    for (const [name] of limitsOf(method, path))
      this.#answeredAtMs.set(name, [...(this.#answeredAtMs.get(name) ?? []), this.#time.nowMs()].slice(-10));
  }
}

function limitsOf(method: string, path: string): [string, Limit][] {
  const limit: [string, Limit][] = LIMITS[method] === undefined ? [] : [[method, LIMITS[method]]];
  return method === 'POST' && path === '/session-server' ? [...limit, ['sessions', SESSIONS]] : limit;
}
