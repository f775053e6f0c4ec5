import { z } from 'zod';
import { endpointSchema, isAmong } from './endpoints.ts';

/** Whose requests are counted together. */
const BY = ['address', 'installation', 'api-key', 'session'] as const;

export type LimitBy = (typeof BY)[number];

/** A limit as bunq's newer documentation has them: by category of endpoint, and by API key, session or IP address. */
export const limitSchema = z.strictObject({
  /** Of requests with these methods; default: all. */
  methods: z
    .array(z.enum(['GET', 'POST', 'PUT', 'DELETE']))
    .min(1)
    .optional(),
  /** Of requests to these endpoints, written as for faults: the category; default: all. */
  endpoints: z.array(endpointSchema).min(1).optional(),
  /** So many are admitted … */
  count: z.number().int().min(1).max(10_000),
  /** … in any so many milliseconds of the simulator's clock. */
  perMs: z.number().int().min(1),
  /** Whose requests share the count. Where a request has no such thing yet, its address counts. */
  by: z.enum(BY).default('address'),
  /** Each endpoint has a count of its own; false: they share one. */
  eachEndpoint: z.boolean().default(false),
});

export type CategoryLimit = z.output<typeof limitSchema>;

/** @param endpoint `POST /session-server` */
export function isFor({ methods, endpoints }: CategoryLimit, endpoint: string): boolean {
  const isOfMethod = methods === undefined || methods.some((method) => endpoint.startsWith(`${method} `));
  return isOfMethod && (endpoints === undefined || isAmong(endpoint, endpoints));
}
