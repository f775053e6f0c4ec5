import type { FailureCode } from './codes.ts';
import { DAY_MS, HOUR_MS } from './duration.ts';

/**
 * Whom a failure blames. Pure tables: an answer alone proves little, since an address that changed, a bank in trouble and a
 * dead key look alike; so nothing is given up on one answer.
 */

/** What the loop does about a failure. */
export type Treatment =
  /** Nobody's fault that lasts: wait and repeat, however long it takes; never parks. */
  | 'retry'
  /** Something on the ladder may be dead: ask `blames`. */
  | 'blame'
  /** A clear refusal that the same request will meet again: a person is needed. */
  | 'park';

export const TREATMENT = {
  BUNQ_RATE_LIMITED: 'retry',
  BUNQ_CONFLICT: 'retry',
  BUNQ_MAINTENANCE: 'retry',
  BUNQ_UNAVAILABLE: 'retry',
  BUNQ_CALL_POSTPONED: 'retry',
  BUNQ_UNREACHABLE: 'retry',
  BUNQ_ANSWER_LOST: 'retry',
  BUNQ_RESPONSE_UNVERIFIED: 'retry',
  BUNQ_RESPONSE_INVALID: 'retry',
  ACTIVITY_TIMED_OUT: 'retry',
  ACTIVITY_FAILED: 'retry',
  NOT_SENT: 'retry',
  SEALING_KEY_MISSING: 'retry',
  SIGNER_UNAVAILABLE: 'retry',
  WRONG_ENVIRONMENT: 'retry',
  ADDRESS_SUSPECT: 'retry',
  BUNQ_TOKEN_REJECTED: 'blame',
  BUNQ_CREDENTIALS_INCORRECT: 'blame',
  BUNQ_SESSION_EXISTS: 'blame',
  BUNQ_BAD_REQUEST: 'park',
  BUNQ_FORBIDDEN: 'park',
  BUNQ_NOT_FOUND: 'park',
  BUNQ_SIGNATURE_REJECTED: 'park',
  SIGNER_REFUSED: 'park',
  SEALED_VALUE_REJECTED: 'park',
  CERTIFICATE_EXPIRED: 'park',
  DIFFERENT_USER: 'park',
} as const satisfies Record<FailureCode, Treatment>;

/** The bank may have done what was asked although we do not know it. */
const UNCLEAR = new Set<FailureCode>([
  'BUNQ_ANSWER_LOST',
  'BUNQ_UNAVAILABLE',
  'BUNQ_MAINTENANCE',
  'BUNQ_CONFLICT',
  'BUNQ_RATE_LIMITED',
  'BUNQ_RESPONSE_UNVERIFIED',
  'BUNQ_RESPONSE_INVALID',
  'ACTIVITY_TIMED_OUT',
  'ACTIVITY_FAILED',
]);

export const isUnclear = (code: FailureCode) => UNCLEAR.has(code);

/** A call by the token or key that it stands on. */
export type BlamedCall = 'session-token call' | 'installation' | 'credential' | 'device-server' | 'session-server' | 'new session';

export type Blamed = 'nothing' | 'session' | 'installation' | 'device' | 'credential' | 'api-key' | 'key-pair' | 'address' | 'ask again';

export interface Circumstances {
  /** The same refusal in a row, this one included. */
  refusals: number;
  /** Since the first of them. */
  sinceMs: number;
  /** Our own `GET /user` with the same session was refused too. */
  ownReadRefused: boolean;
  /** The credential was not bound before its `expiry_time`. */
  pastBinding: boolean;
  /** The device step ended without a clear answer: the key may not be bound. */
  deviceUnproven: boolean;
  /**
   * What became of other connections of the same egress since the first of these refusals: one `opened` a session, so the address
   * is good; there are `none`; `unknown` yet.
   */
  others: 'opened' | 'none' | 'unknown';
}

/** A refusal counts as repeated only when it came again this much later. */
export const REFUSED_AGAIN_MS = 30_000;

export const isRefusedAgain = ({ refusals, sinceMs }: Circumstances) => refusals >= 2 && sinceMs >= REFUSED_AGAIN_MS;

type Blame = (circumstances: Circumstances) => Blamed;

const nothing: Blame = () => 'nothing';
const askAgain: Blame = () => 'ask again';

const installationIfAgain: Blame = (c) => (isRefusedAgain(c) ? 'installation' : 'ask again');

/** bunq says the same of a dead key and of a call from another address: others tell which of them it is. */
const apiKeyOrAddress: Blame = (c) => {
  if (!isRefusedAgain(c)) return 'ask again';
  return c.others === 'unknown' ? 'address' : 'api-key';
};

/** A certificate that the bank takes for nobody's API key: a person looks at it, unless it may be the address. */
const addressOrNothing: Blame = (c) => {
  if (!isRefusedAgain(c)) return 'ask again';
  return c.others === 'unknown' ? 'address' : 'nothing';
};

/** By what the bank said, and on which call. */
const BLAMES: Record<'BUNQ_TOKEN_REJECTED' | 'BUNQ_CREDENTIALS_INCORRECT' | 'BUNQ_SESSION_EXISTS', Record<BlamedCall, Blame>> = {
  BUNQ_TOKEN_REJECTED: {
    'session-token call': (c) => (c.ownReadRefused ? 'session' : 'nothing'),
    installation: askAgain, // it has no token that could be refused
    credential: installationIfAgain,
    'device-server': installationIfAgain,
    'session-server': installationIfAgain,
    'new session': askAgain, // it was dropped: another one is opened
  },
  BUNQ_CREDENTIALS_INCORRECT: {
    'session-token call': nothing,
    installation: askAgain,
    credential: addressOrNothing,
    'device-server': (c) => (c.pastBinding ? 'credential' : apiKeyOrAddress(c)),
    'session-server': (c) => (c.deviceUnproven ? 'device' : apiKeyOrAddress(c)),
    'new session': askAgain,
  },
  BUNQ_SESSION_EXISTS: {
    'session-token call': nothing,
    installation: askAgain,
    credential: nothing,
    'device-server': nothing,
    'session-server': () => 'key-pair',
    'new session': askAgain,
  },
};

/** Whom to give up, if anyone; `ask again` means: not on one answer, repeat it after `REFUSED_AGAIN_MS`. */
export const blames = (code: keyof typeof BLAMES, call: BlamedCall, circumstances: Circumstances): Blamed =>
  BLAMES[code][call](circumstances);

/** One new installation and one new credential an hour, three a day; beyond that a person looks at it. */
export function isRepairAllowed(
  repairs: readonly { what: string; atMs: number }[],
  what: 'installation' | 'credential',
  nowMs: number,
): boolean {
  const within = (ms: number) => repairs.filter((repair) => repair.what === what && nowMs - repair.atMs < ms).length;
  return within(HOUR_MS) < 1 && within(DAY_MS) < 3;
}
