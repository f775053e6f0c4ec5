import { isIP } from 'node:net';
import { z } from 'zod';
import { hostileRatesSchema } from './hostility.ts';
import { limitSchema } from './limit.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

const lifetimeMs = (defaultMs: number) => z.number().int().min(SECOND_MS).default(defaultMs);
const off = z.boolean().default(false);
const on = z.boolean().default(true);

const addressSchema = z.string().refine((address) => isIP(address) !== 0, 'is not an IP address');

/**
 * How the bank behaves. Everything here may be given to `startSimulator` and be changed while the bank runs
 * (`simulator.changeSettings`, `PATCH /settings`). Lifetimes are in milliseconds of the simulator's clock; what is
 * already issued keeps its own.
 */
export const settingsSchema = z.strictObject({
  /** Sessions of a payment service provider, but for its first: 90 days. */
  sessionLifetimeMs: lifetimeMs(90 * DAY_MS),
  /** The first session of a new payment service provider: 1 hour. */
  firstSessionLifetimeMs: lifetimeMs(HOUR_MS),
  /** Sessions of ordinary users: their auto-logout time, 7 days. */
  userSessionLifetimeMs: lifetimeMs(7 * DAY_MS),
  /** How long an API key made from a certificate waits for its first device: 1 hour. */
  credentialLifetimeMs: lifetimeMs(HOUR_MS),
  /** How long an authorization code waits for its exchange: 10 minutes. */
  authorizationCodeLifetimeMs: lifetimeMs(10 * MINUTE_MS),
  /** The status of an error of the token endpoint; both are seen. */
  tokenErrorStatus: z.union([z.literal(400), z.literal(401)]).default(400),
  /** Which `session_timeout` ends the session of a `UserApiKey`: sources disagree, a client that goes by the smaller is never late. */
  userApiKeySessionEndsBy: z.enum(['smaller', 'requested_by_user', 'granted_by_user']).default('smaller'),
  /** Who set a filter of category `OAUTH` is told of connections that are taken back; false: bunq's documents say so, and no known client ever heard of one. */
  oauthCallbacks: on,
  /** How often a callback that was not taken (no answer, or another than 2xx) is repeated. */
  callbackRepeats: z.number().int().min(0).default(5),
  /** How long after the answer: a minute. */
  callbackRepeatMs: z.number().int().min(1).default(MINUTE_MS),
  /** Now and then it is slow, cuts the connection, refuses, or fails, by the bank's `seed`; false: only where a fault is set. */
  hostile: z.boolean().default(false),
  /** How often each happens; what is not given is as it was at first. */
  hostileRates: hostileRatesSchema.prefault({}),
  /** All limits; false lifts them. */
  rateLimits: z.boolean().default(true),
  /** bunq's limits per address and endpoint of all calls but `POST /session-server`. */
  callRateLimits: z.boolean().default(true),
  /** One `POST /session-server` in any so many milliseconds: 30 seconds; 0 lifts that limit. */
  sessionGapMs: z
    .number()
    .int()
    .min(0)
    .default(30 * SECOND_MS),
  /** More limits, besides the two above: all that are for a request must admit it. */
  limits: z.array(limitSchema).max(100).default([]),
  /** The status of a refused request beyond the limit; bunq's sandbox is said to answer 409. */
  rateLimitStatus: z.union([z.literal(429), z.literal(409)]).default(429),
  /** The status for an unknown or expired token; both are seen. */
  refusedTokenStatus: z.union([z.literal(401), z.literal(403)]).default(401),
  /** The status for a wrong signature: 400 is seen, bunq's table of status codes says 401. */
  wrongSignatureStatus: z.union([z.literal(400), z.literal(401)]).default(400),
  /** The status for a bad parameter; both stand in bunq's table. */
  badParameterStatus: z.union([z.literal(400), z.literal(490)]).default(400),
  /** An error carries `error_additional_parameter` besides its descriptions, as it may. */
  errorAdditionalParameter: off,
  /** Answers with status 491 and 5xx are signed as well. */
  signAllAnswers: off,
  /** A request id is good once on an installation and its sessions, as documented; clients that repeat theirs are known. */
  refuseRepeatedRequestIds: on,
  /** A call without `Cache-Control` or `User-Agent` is refused with 400: documented as mandatory, and left out by bunq's own guide. */
  demandDocumentedHeaders: off,
  /** The address that all requests seem to come from, for limits, API keys and the log; null: the one that they do come from. */
  callerAddress: addressSchema.nullable().default(null),
  /** The same of those from single addresses, real to seen: `{"127.0.0.2":"198.51.100.7"}`. It goes before `callerAddress`. */
  callerAddresses: z.record(addressSchema, addressSchema).default({}),
  /** Lets a second `POST /user/{userID}/oauth-client` through, so that a client that sends two can be caught. */
  allowSecondOAuthClient: off,
  /** The status of the refusal of a second OAuth client, which is recorded nowhere. */
  secondOAuthClientStatus: z.union([z.literal(400), z.literal(403), z.literal(409)]).default(400),
  /** What an OAuth client is that was cancelled by `PUT`; when it is which is told nowhere. */
  cancelledStatus: z.enum(['CANCELLED', 'CANCELLED_PENDING']).default('CANCELLED'),
  /** An API key and a sandbox user are answered by their `Id` alone, as bunq's OpenAPI file has it, and no SDK reads it. */
  idInsteadOfObject: off,
  /** A redirect URI fits a registered one that differs from it by a last slash. */
  ignoreLastSlash: off,
  /** A second session on one installation is refused: "Authentication token already has a user session." */
  oneSessionPerInstallation: off,
  /** A request shortly before the end of a session extends it to at most 5 minutes from then. */
  extendSessions: off,
  /** How shortly, where that is on: 30 minutes; sources disagree. */
  extendSessionsWithinMs: z
    .number()
    .int()
    .min(1)
    .default(30 * MINUTE_MS),
  /** A bare `["*"]` in `permitted_ips` binds to the calling address instead of to any. */
  bareWildcardBindsCaller: off,
  /** IPv6 addresses are taken in `permitted_ips`. */
  permitIpv6: off,
  /** A public key that an installation was made with before is refused. */
  refuseRepeatedPublicKey: off,
  /** An API key that is bound on this installation already is refused instead of answered 200. */
  refuseRebinding: off,
  /** A PISP's payment on what a user granted is made instead of refused: bunq's announcement says so, its page of today that it drafts. */
  pispMakesPayments: off,
  /** `DELETE` answers `{}` instead of `{"Response":[]}`. */
  emptyObjectOnDelete: off,
});

export type Settings = z.output<typeof settingsSchema>;

/** Settings to start with, or to change: each may be left out. */
export type SettingsChange = z.input<typeof settingsSchema>;
