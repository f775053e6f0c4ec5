import { z } from 'zod';
import { ANY_ENDPOINT } from './endpoints.ts';
import { type Fault, type FaultOptions, readFault } from './fault-options.ts';
import { Dice } from './random.ts';

/** Faults that nobody has set have this id. */
export const HOSTILE = 0;

/** Long enough for a client to notice, and within the patience of most. */
const SLOW_MS = { least: 100, most: 1_500 } as const;

const rate = (share: number) => z.number().min(0).max(1).default(share);

/** Of how many requests each happens to: 0.05 is one in twenty. */
export const hostileRatesSchema = z
  .strictObject({
    /** The answer comes 0.1 to 1.5 s late. */
    slow: rate(0.05),
    /** No effect: the text of the limit, within the limit, as where others call from the same address. */
    tooManyRequests: rate(0.02),
    /** The connection is cut, without an effect. */
    cutBeforeEffect: rate(0.01),
    /** The connection is cut, and the effect has happened. */
    cutAfterEffect: rate(0.01),
    /** No effect: 500, 502 with a web page, 503 or 491, without a signature. */
    unavailable: rate(0.01),
    /** Lists within objects are in another order. */
    reordered: rate(0.05),
  })
  .refine((rates) => Object.values(rates).reduce((sum, share) => sum + share, 0) <= 1, 'The rates are more than 1 together.');

export type HostileRates = z.output<typeof hostileRatesSchema>;

type Misfortune = Omit<FaultOptions, 'endpoint'>;

const MISFORTUNES: Record<keyof HostileRates, (dice: Dice) => Misfortune> = {
  slow: (dice) => ({ kind: 'hold-answer', holdMs: dice.between(SLOW_MS.least, SLOW_MS.most) }),
  tooManyRequests: () => ({ kind: 'status', status: 429 }),
  cutBeforeEffect: () => ({ kind: 'reset' }),
  cutAfterEffect: () => ({ kind: 'lose-answer-after-effect' }),
  unavailable: (dice) => ({
    kind: 'status',
    ...dice.pick([{ status: 500 }, { status: 502, html: true }, { status: 503 }, { status: 491 }]),
  }),
  reordered: () => ({ kind: 'reordered' }),
};

/** What happens to the `number`th request (the first is 1) to an endpoint: the same for the same seed and rates, whatever other endpoints meet. */
export function misfortuneOf(seed: string | number, endpoint: string, number: number, rates: HostileRates): Misfortune | null {
  const dice = new Dice(`hostile ${seed} ${endpoint} ${number}`);
  let rest = dice.roll();
  for (const [name, misfortune] of Object.entries(MISFORTUNES)) {
    rest -= rates[name as keyof HostileRates];
    if (rest < 0) return misfortune(dice);
  }
  return null;
}

/** Counts the requests to each endpoint, and says what goes wrong with them. */
export class Hostility {
  readonly #seed: string | number;
  readonly #seen = new Map<string, number>();

  constructor(seed: string | number) {
    this.#seed = seed;
  }

  /** What hits the next request to that endpoint. */
  next(endpoint: string, rates: HostileRates): Fault | null {
    const number = (this.#seen.get(endpoint) ?? 0) + 1;
    this.#seen.set(endpoint, number);
    const misfortune = misfortuneOf(this.#seed, endpoint, number, rates);
    if (misfortune === null) return null;
    return { ...readFault({ endpoint: ANY_ENDPOINT, ...misfortune }, 0), id: HOSTILE, seen: number, hits: 1, held: 0 };
  }

  /** Counts from the start again. */
  restart(): void {
    this.#seen.clear();
  }
}
