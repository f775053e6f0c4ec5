import { type Installed, install, type KeyPair, type Received, type Send, type Sent, send } from '../simulator/client.ts';
import { NotTried } from './case.ts';
import { Leftovers } from './leftovers.ts';
import { Pace, type Time } from './pace.ts';

/** A bank to be looked at. */
export interface Target {
  /** What the report calls it. */
  readonly title: string;
  /** `https://public-api.sandbox.bunq.com/v1/` */
  readonly apiUrl: string;
  readonly tokenUrl: string;
  readonly time: Time;
  /** Another address of this machine that the bank can tell from its first; null: there is none. */
  readonly otherAddress: string | null;
  /** Of a sandbox user; null: one is made. */
  readonly apiKey: string | null;
  /** Of an end user's consent to some provider. */
  readonly accessToken: string | null;
  /** Consents as an end user. @returns the code; null: an end user must do it */
  readonly consent: ((asked: { clientId: string; redirectUri: string }) => string) | null;
}

/** There is no bank at that address, or none of it can be reached from here. */
export class Unreachable extends Error {}

const ANSWER_WITHIN_MS = 30_000;
/** How often a call is repeated that the limits refuse because of others at this address. */
const REPEATS = 2;
const USER_AGENT = 'bunq-keeper-contract';

const isLimited = ({ status, text }: Received): boolean => (status === 429 || status === 409) && text.includes('Too many requests');

/** A bank as the cases use it: each call waits for its turn, and what was made is known. */
export class ContractBank {
  readonly target: Target;
  readonly leftovers = new Leftovers();
  readonly #pace: Pace;
  readonly #made = new Map<string, Promise<unknown>>();
  #isReached = false;

  constructor(target: Target) {
    this.target = target;
    this.#pace = new Pace(target.time);
  }

  /** One call within the bank's limits. */
  readonly send: Send = async (method, path, sent) => {
    for (let repeats = 0; ; repeats += 1) {
      await this.#pace.turn(method, path);
      const received = await this.#sendNow(method, path, sent);
      if (!isLimited(received) || repeats === REPEATS) return received;
      await this.#pace.quiet(method, path);
    }
  };

  /** Calls beyond the limits, all at once, from when none count any more. */
  async burst(calls: number, method: string, path: string, sent: Sent = {}): Promise<Received[]> {
    await this.#pace.quiet(method, path);
    const received = await Promise.all(Array.from({ length: calls }, () => this.#sendNow(method, path, sent)));
    await this.#pace.quiet(method, path);
    return received;
  }

  install(keys?: KeyPair, publicKeyText?: string): Promise<Installed> {
    return install(this.send, keys, publicKeyText);
  }

  /** What several cases share is made once. */
  once<T>(name: string, make: () => Promise<T>): Promise<T> {
    const made = this.#made.get(name) ?? make();
    this.#made.set(name, made);
    return made as Promise<T>;
  }

  /** @throws NotTried where time really passes */
  passTime(ms: number, what: string): void {
    if (this.target.time.pass === null) throw new NotTried(`${what} would have to pass`);
    this.target.time.pass(ms);
  }

  /** @throws NotTried where there is but one address */
  elsewhere(): { from: string } {
    if (this.target.otherAddress === null) throw new NotTried('it takes a second address');
    return { from: this.target.otherAddress };
  }

  async #sendNow(method: string, path: string, sent: Sent = {}): Promise<Received> {
    const headers = { 'User-Agent': USER_AGENT, ...sent.headers };
    try {
      const received = await send(this.target.apiUrl, method, path, { ...sent, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
      this.#isReached = true;
      this.leftovers.note(method, path, sent, received);
      return received;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (!this.#isReached) throw new Unreachable(message);
      throw new Error(`no answer (${code ?? message})`);
    } finally {
      this.#pace.count(method, path);
    }
  }
}
