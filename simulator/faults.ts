import { z } from 'zod';
import { Dice } from './random.ts';
import { ENDPOINTS } from './router.ts';

export const ANY_ENDPOINT = '*';

const FAULT_KINDS = [
  /** The request is in flight: held before its effect, until it is released or `holdMs` are over. */
  'hold',
  /** The effect happens, then the connection is cut. */
  'lose-answer-after-effect',
  /** The effect happens, the answer is held until it is released or `holdMs` are over. */
  'hold-answer',
  /** The connection is cut before any effect. */
  'reset',
  /** No effect; `status` is answered, as an error envelope or, with `html`, as a web page. */
  'status',
  /** The effect happens; of the answer only the headers and the first half of the body arrive. */
  'truncated',
  /** The effect happens; the answer is signed over other bytes. */
  'wrong-signature',
  /** The effect happens; the answer has no signature. */
  'no-signature',
  /** The effect happens; the answer is signed and not JSON. */
  'garbage',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

/** `/v1/…`, and other names of the path's parameters, mean the same endpoint. */
function knownEndpoint(given: string): string | undefined {
  const plain = (endpoint: string) => endpoint.replace(/^(\w+) \/v1\//, '$1 /').replace(/\{[^}]*\}/g, '{}');
  return given === ANY_ENDPOINT ? given : ENDPOINTS.find((endpoint) => plain(endpoint) === plain(given));
}

export const faultSchema = z
  .strictObject({
    /** `POST /session-server`, `GET /user/{userID}/oauth-client`, or `*` for all. */
    endpoint: z.string().transform((given, context) => {
      const endpoint = knownEndpoint(given);
      if (endpoint === undefined)
        context.addIssue({ code: 'custom', message: `The bank has no endpoint "${given}". It has: *, ${ENDPOINTS.join(', ')}.` });
      return endpoint ?? given;
    }),
    kind: z.enum(FAULT_KINDS),
    /** How many requests it hits; null for all. Default 1, with `probability` null. */
    times: z.number().int().min(1).nullish(),
    /** How many requests pass before the first is hit. */
    skip: z.number().int().min(0).default(0),
    /** Above 0, up to 1: each request is hit with this probability, by dice that `seed` makes repeatable. */
    probability: z.number().gt(0).max(1).default(1),
    seed: z.union([z.string(), z.number()]).default('fault'),
    /** Real milliseconds after which what is held goes on by itself; without it, it waits for its release. */
    holdMs: z.number().int().min(0).nullish(),
    /** The effect of a request that is held happens also when its client has gone. */
    effectAfterDisconnect: z.boolean().default(false),
    /** Of `status`. */
    status: z.number().int().min(200).max(599).default(500),
    /** Of `status`: the error's description. */
    description: z.string().default('Something went wrong at bunq.'),
    /** Of `status`: a web page instead of the error envelope. */
    html: z.boolean().default(false),
  })
  .transform((fault) => ({ ...fault, times: fault.times === undefined ? (fault.probability < 1 ? null : 1) : fault.times }));

/** What makes a fault: only `endpoint` and `kind` must be given. */
export type FaultOptions = z.input<typeof faultSchema>;

export type Fault = z.output<typeof faultSchema> & {
  readonly id: number;
  /** Requests to its endpoint since it was set. */
  readonly seen: number;
  /** Requests that it was applied to. */
  readonly hits: number;
  /** Requests or answers that it holds right now. */
  readonly held: number;
};

type Held = 'released' | 'disconnected';

interface Entry {
  fault: Fault;
  readonly dice: Dice;
  readonly holding: Set<(how: Held) => void>;
}

/** What goes wrong, in the order in which it was asked for. One request is hit by one fault at most. */
export class Faults {
  readonly #entries = new Map<number, Entry>();
  #lastId = 0;

  /** @throws ZodError naming what is wrong */
  add(options: FaultOptions): Fault {
    const fault = { ...faultSchema.parse(options), id: ++this.#lastId, seen: 0, hits: 0, held: 0 };
    this.#entries.set(fault.id, { fault, dice: new Dice(fault.seed), holding: new Set() });
    return fault;
  }

  list(): Fault[] {
    return Array.from(this.#entries.values(), ({ fault, holding }) => ({ ...fault, held: holding.size }));
  }

  /** The fault that hits this request. */
  take(endpoint: string): Fault | null {
    for (const entry of this.#entries.values()) {
      const { fault, dice } = entry;
      if (fault.endpoint !== ANY_ENDPOINT && fault.endpoint !== endpoint) continue;
      const seen = fault.seen + 1;
      const isHit = seen > fault.skip && (fault.times === null || fault.hits < fault.times) && dice.roll() < fault.probability;
      entry.fault = { ...fault, seen, hits: fault.hits + (isHit ? 1 : 0) };
      if (isHit) return entry.fault;
    }
    return null;
  }

  /** Waits until what the fault holds is released, its time is over, or the client has gone. */
  hold({ id, holdMs }: Fault, gone: AbortSignal): Promise<Held> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return Promise.resolve('released');
    return new Promise((resolve) => {
      const end = (how: Held) => {
        clearTimeout(timer);
        entry.holding.delete(end);
        gone.removeEventListener('abort', leave);
        resolve(how);
      };
      const leave = () => end('disconnected');
      const timer = holdMs == null ? undefined : setTimeout(end, holdMs, 'released');
      entry.holding.add(end);
      if (gone.aborted) leave();
      else gone.addEventListener('abort', leave);
    });
  }

  /** Lets go what is held now, by one fault or by all; the faults stay. @returns how many were held */
  release(id?: number): number {
    const entries = id === undefined ? [...this.#entries.values()] : [this.#entries.get(id)].filter((entry) => entry !== undefined);
    return letGo(entries, 'released');
  }

  /** Ends all that is held without an effect or answer: the bank closes. */
  abandon(): void {
    letGo(this.#entries.values(), 'disconnected');
  }

  /** Removes one fault or all, and lets go what they hold. */
  clear(id?: number): void {
    this.release(id);
    if (id === undefined) this.#entries.clear();
    else this.#entries.delete(id);
  }
}

function letGo(entries: Iterable<Entry>, how: Held): number {
  const held = Array.from(entries, ({ holding }) => [...holding]).flat();
  for (const end of held) end(how);
  return held.length;
}
