import { z } from 'zod';
import { endpointSchema } from './endpoints.ts';

const FAULT_KINDS = [
  /** The request is in flight: held before its effect, until it is released or `holdMs` are over. */
  'hold',
  /** The effect happens, then the connection is cut. */
  'lose-answer-after-effect',
  /** The effect happens, the answer is held until it is released or `holdMs` are over. */
  'hold-answer',
  /** There is no answer; the effect happens `effectAfterMs` after the request arrived, by the simulator's clock. */
  'effect-later',
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
  /** The effect happens; lists within the objects of the answer are in another order, which bunq documents for none of them. */
  'reordered',
] as const;

export type FaultKind = (typeof FAULT_KINDS)[number];

const instantMs = z.number().int().min(0).nullish();

export const faultSchema = z
  .strictObject({
    /** `POST /session-server`, `GET /user/{userID}/oauth-client`, `*` for all, or a list of several. */
    endpoint: z.union([endpointSchema, z.array(endpointSchema).min(1)]),
    kind: z.enum(FAULT_KINDS),
    /** How many requests it hits; null for all. Default 1; null with a `probability`, `untilMs` or `forMs`. */
    times: z.number().int().min(1).nullish(),
    /** How many requests pass before the first is hit. */
    skip: z.number().int().min(0).default(0),
    /** Above 0, up to 1: each request is hit with this probability, by dice that `seed` makes repeatable. */
    probability: z.number().gt(0).max(1).default(1),
    seed: z.union([z.string(), z.number()]).default('fault'),
    /** From this instant of the simulator's clock on; default: at once. Requests outside of its time a fault does not see. */
    fromMs: instantMs,
    /** Up to, without, this instant of the simulator's clock. */
    untilMs: instantMs,
    /** Instead of `untilMs`: for so many milliseconds of the simulator's clock, from `fromMs` or now on. */
    forMs: z.number().int().min(1).nullish(),
    /** Real milliseconds after which what is held goes on by itself; without it, it waits for its release. */
    holdMs: z.number().int().min(0).nullish(),
    /** The effect of a request that is held happens also when its client has gone. */
    effectAfterDisconnect: z.boolean().default(false),
    /** Of `effect-later`: milliseconds of the simulator's clock from the request's arrival to its effect. */
    effectAfterMs: z.number().int().min(0).default(0),
    /** Of `effect-later`: the connection is not cut but stays open, silent, until the client gives up. */
    keepOpen: z.boolean().default(false),
    /** Of `status`. */
    status: z.number().int().min(200).max(599).default(500),
    /** Of `status`: the error's description. Default: bunq's text for that status. */
    description: z.string().nullish(),
    /** Of `status`: a web page instead of the error envelope. */
    html: z.boolean().default(false),
  })
  .refine(({ untilMs, forMs }) => untilMs == null || forMs == null, 'Only one of "untilMs" and "forMs" can be given.');

/** What makes a fault: only `endpoint` and `kind` must be given. */
export type FaultOptions = z.input<typeof faultSchema>;

export type Fault = Omit<z.output<typeof faultSchema>, 'forMs' | 'times'> & {
  readonly id: number;
  readonly times: number | null;
  /** Requests to its endpoint since it was set, in its time. */
  readonly seen: number;
  /** Requests that it was applied to. */
  readonly hits: number;
  /** Requests, answers or later effects that it holds right now. */
  readonly held: number;
};

/** @throws ZodError naming what is wrong */
export function readFault(options: FaultOptions, nowMs: number): Omit<Fault, 'id' | 'seen' | 'hits' | 'held'> {
  const { forMs, times, ...fault } = faultSchema.parse(options);
  const untilMs = forMs == null ? fault.untilMs : (fault.fromMs ?? nowMs) + forMs;
  const isOnce = fault.probability === 1 && untilMs == null;
  return { ...fault, untilMs, times: times === undefined ? (isOnce ? 1 : null) : times };
}
