import { isIPv4 } from 'node:net';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { isLoopback } from '../bunq/loopback.ts';
import { DAY_MS, parseDuration } from '../workflows/duration.ts';
import { NAME_PATTERN } from '../workflows/names.ts';
import { parseAddressList } from './address-list.ts';
import { parseWay, WHAT_A_WAY_IS } from './egress-way.ts';
import { parseHostPort } from './host-port.ts';

/** Every setting that comes by the environment, in one place: its form, its unit and its default. */

const webUrl = z
  .string()
  .refine((text) => URL.canParse(text), { error: 'is not a URL', abort: true })
  .refine((text) => new URL(text).protocol === 'https:' || (new URL(text).protocol === 'http:' && isLoopback(new URL(text))), {
    error: 'has to be https (http on loopback only)',
    abort: true,
  })
  .refine((text) => new URL(text).username === '' && new URL(text).password === '', {
    error: 'holds a user name or password, which is not sent: leave it out',
    abort: true,
  });

/** Empty means none, as elsewhere. Its text may hold a password and is not shown. */
const proxyUrl = z.string().refine((text) => text === '' || /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : ''), {
  error: 'has to be an http:// or https:// URL: http://proxy.example:3128',
});

/** Ten years: nothing here lasts longer, and times that are reckoned with it stay times. */
const LONGEST_MS = 3650 * DAY_MS;

const duration = (fallback: string) =>
  z
    .string()
    .default(fallback)
    .refine((text) => (parseDuration(text) ?? 0) > 0 && parseDuration(text)! <= LONGEST_MS, {
      error: 'is a duration such as 90s, 15m, 12h or 7d, at most 3650d',
    })
    .transform((text) => parseDuration(text)!);

const addressList = z
  .string()
  .transform((text) => parseAddressList(text))
  .refine((list) => list !== null, { error: 'is a list of addresses and networks: bunq,203.0.113.7,10.0.0.0/8' });

/** What was meant to stand in the file is not shown when it was given instead of it. */
const path = z
  .string()
  .min(1, { error: 'is empty: it is the path of a file', abort: true })
  .refine((text) => !/^\s*\{|-----BEGIN|[\r\n]/.test(text), { error: 'is the path of a file, not what stands in it' });

const listeningAddress = (example: string, more = '') =>
  z
    .string()
    .transform((text) => parseHostPort(text))
    .refine((address) => address !== null, { error: `is the address and port to listen on: ${example} (port 0: any free one)${more}` })
    .optional();

export const USER_INSTALLATIONS = ['own', 'provider'] as const;

export const SETTINGS = {
  /** bunq's own sandbox or production, or a simulator on loopback. No default: nobody speaks to a bank by accident. */
  BUNQ_ENVIRONMENT: z
    .enum(['sandbox', 'production', 'simulator'], { error: 'is sandbox or production (or simulator, with BUNQ_API_URL)' })
    .optional(),
  /** Any other bank, or where the simulator is: `https://bank.example/v1`. */
  BUNQ_API_URL: webUrl
    .refine((text) => /\/v1\/?$/.test(new URL(text).pathname) && !/[?#]/.test(text), { error: 'ends in /v1: https://bank.example/v1' })
    .optional(),
  BUNQ_AUTHORIZE_URL: webUrl.optional(),
  BUNQ_TOKEN_URL: webUrl.optional(),
  /** A JWK set, mode 0600. */
  KEEPER_SEALING_KEYS_FILE: path.optional(),
  /** The JWK set itself. */
  KEEPER_SEALING_KEYS: z.string().min(1, { error: 'is empty: it is a JWK set' }).optional(),
  /** The name of one public address: of a worker, and of the connections that a client onboards. */
  KEEPER_EGRESS: z.string().regex(NAME_PATTERN, { error: 'is a name: a-z, 0-9 and -, at most 63' }).default('default'),
  /** That address, for `permitted_ips` with the bank's wildcard. */
  KEEPER_EGRESS_ADDRESS: z.string().refine(isIPv4, { error: 'is an IPv4 address (bunq takes no other)' }).optional(),
  /** By which calls leave for it: an IP address of this machine, or a proxy. Its text may hold a password and is not shown. */
  KEEPER_EGRESS_VIA: z
    .string()
    .transform((text) => parseWay(text))
    .refine((way) => way !== null, { error: WHAT_A_WAY_IS })
    .optional(),
  /** A file in which that stands. */
  KEEPER_EGRESS_VIA_FILE: path.optional(),
  /** A JSON file of the signers that a worker offers by name. */
  KEEPER_QSEAL_SIGNERS: path.optional(),
  /** A file with the passphrase of keys that are given directly, as `file:/abs/key.pem`. */
  KEEPER_QSEAL_PASSPHRASE_FILE: path
    .refine((text) => text === '' || isAbsolute(text), { error: 'is an absolute path: /abs/passphrase' })
    .optional(),
  /** bunq: one new session in 30 s from one address. */
  KEEPER_SESSION_GAP: duration('30s'),
  /** How long an unclear POST is left to settle: longer than all our time-outs and the bank's. */
  KEEPER_SETTLE: duration('60s'),
  /** Whether calls keep bunq's limits for one address (GET 3, POST 5, PUT 2 in 3 s and endpoint); sessions always do. */
  KEEPER_CALL_LIMITS: z.enum(['on', 'off'], { error: 'is on or off' }).default('on'),
  /** How many processes call from one address, workers and clients: each keeps its share of the limits. */
  KEEPER_EGRESS_WORKERS: z
    .string()
    .regex(/^[1-9]\d{0,3}$/, { error: 'is a number of processes, at least 1' })
    .default('1')
    .transform(Number),
  /** Where a worker takes the end users that the bank sends back, as `127.0.0.1:8095`, in plain HTTP; closed unless set. */
  KEEPER_CALLBACK_ADDRESS: listeningAddress('127.0.0.1:8095', '; --callback-port 8095 sets the same'),
  /** Where a worker answers Prometheus, at `/metrics`, as `127.0.0.1:9464`; closed unless set. */
  KEEPER_METRICS_ADDRESS: listeningAddress('127.0.0.1:9464'),
  /** Beside it: up to so many end users have series of their own; where there are more, they are counted, and only those in trouble are named. */
  KEEPER_METRICS_CONNECTIONS: z
    .string()
    .regex(/^(0|[1-9]\d{0,4})$/, { error: 'is a number of connections, 0 to 99999' })
    .default('1000')
    .transform(Number),
  /** Where a worker says how it is, at `/healthz` and `/readyz`, as `127.0.0.1:9465`; closed unless set. It may be that of the metrics. */
  KEEPER_HEALTH_ADDRESS: listeningAddress('127.0.0.1:9465'),
  /** From this age on an end user's consent is said to be old: the rules on strong authentication have it asked for again every 180 days. */
  KEEPER_CONSENT_AGE: duration('180d'),
  /** What sessions of new end users are opened on: an installation and a device of their own, or the provider's. */
  KEEPER_USER_INSTALLATION: z.enum(USER_INSTALLATIONS, { error: 'is own or provider' }).default('own'),
  /** Beside it: from where the bank's notifications are taken, `bunq` or addresses and networks; refused unless set. */
  KEEPER_NOTIFICATION_SENDERS: addressList.optional(),
  /** Reverse proxies whose `X-Forwarded-For` says who sent a notification. */
  KEEPER_CALLBACK_PROXIES: addressList.optional(),
  /** Where events are told by Standard Webhooks. Its text may hold a secret and is not shown. */
  KEEPER_WEBHOOK_URL: webUrl.transform((text) => new URL(text)).optional(),
  /** By which they are signed, or the file that holds it: `whsec_…`; several of them, each event is signed by all. */
  KEEPER_WEBHOOK_SECRET: z.string().optional(),
  KEEPER_WEBHOOK_SECRET_FILE: path.optional(),
  /** A `temporal` program for `dev` and the tests. */
  KEEPER_TEMPORAL_CLI: path.optional(),
  /** Worker versioning: both or neither. */
  TEMPORAL_DEPLOYMENT_NAME: z.string().optional(),
  TEMPORAL_WORKER_BUILD_ID: z.string().optional(),
  /** For bank calls; loopback is never proxied. */
  HTTP_PROXY: proxyUrl.optional(),
  HTTPS_PROXY: proxyUrl.optional(),
  NO_PROXY: z.string().optional(),
  http_proxy: proxyUrl.optional(),
  https_proxy: proxyUrl.optional(),
  no_proxy: z.string().optional(),
};
