import type { Cell, HowOften } from './cells.ts';

/**
 * How each cell ends, written down before it is run. In every one: ACTIVE; never ACTION_REQUIRED, not for a moment; no lapse, as none of them
 * comes between the first session and its renewal; one OAuth
 * client; the callback URLs that were asked for, each once; one installation, API key and session in use; after a roll-over, those of the new
 * certificate and of the same user. They differ in what lost
 * answers may leave unused at the bank, all of which dies by itself or harms nobody.
 */
export interface ExpectedEnd {
  /** At most so many besides the one in use. */
  readonly spare: {
    readonly installations: number;
    readonly apiKeys: number;
    /** Not yet over. */
    readonly sessions: number;
  };
}

const NONE = { installations: 0, apiKeys: 0, sessions: 0 };

/**
 * The loop tries again after 30 s, doubling to 30 min, 20 % sooner at the soonest: in two hours at minute 0, 0.4, 1.2, 2.8, 6, 12.4, 25.2,
 * 49.2, 73.2, 97.2. For as long as a session is served, never later than after a quarter of what it has left: not before a half of the first
 * hour is over, and never more often than that.
 */
const LOOP_ATTEMPTS = 10;
/** Each of which is up to three quick ones, but for a session. */
const QUICK_ATTEMPTS = 3;

const SESSION_REQUESTS: Record<HowOften, number> = { once: 1, 'three times': 3, 'for two hours': LOOP_ATTEMPTS };
const OTHER_REQUESTS: Record<HowOften, number> = { once: 1, 'three times': 3, 'for two hours': LOOP_ATTEMPTS * QUICK_ATTEMPTS };

export function expectedEnd(cell: Cell): ExpectedEnd {
  const { spare } = endOfCalls(cell);
  // The former certificate's API key stays at the bank, which has no call to remove it.
  return cell.call.when === 'roll-over' ? { spare: { ...spare, apiKeys: spare.apiKeys + 1 } } : { spare };
}

function endOfCalls({ call, kind, howOften }: Cell): ExpectedEnd {
  const { endpoint } = call;
  // An API key that is not known to be bound within its hour is given up for a new one, by itself, whatever the bank made of it.
  if (endpoint === 'POST /device-server') return { spare: { ...NONE, apiKeys: howOften === 'for two hours' ? 2 : 0 } };
  // A first session that cannot be proven within its hour is over, and another one is opened.
  if (endpoint === 'GET /user') return { spare: NONE };
  if (!kind.hasEffect) return { spare: NONE };
  switch (endpoint) {
    case 'POST /installation':
      return { spare: { ...NONE, installations: OTHER_REQUESTS[howOften] } };
    case 'POST /payment-service-provider-credential':
    case 'POST /sandbox-user-person':
      return { spare: { ...NONE, apiKeys: OTHER_REQUESTS[howOften] } };
    case 'POST /session-server':
      return { spare: { ...NONE, sessions: SESSION_REQUESTS[howOften] } };
    default: // reads, and what is looked for before it is done again
      return { spare: NONE };
  }
}

/** An hour of one call in trouble: eight attempts of the loop (minute 0, 0.4, 1.2, 2.8, 6, 12.4, 25.2, 49.2) of three quick ones each … */
const TROUBLED_CALLS_AN_HOUR = 8 * QUICK_ATTEMPTS;
/** … and before each of the eight what the step looks at first; besides a whole onboarding (13 calls), a renewal (4) and what follows it. */
const OTHER_CALLS_AN_HOUR = 8 + 20;

/** More than these within any hour of the bank's time, whatever went wrong, is a hot loop. */
export const MOST_CALLS_AN_HOUR = TROUBLED_CALLS_AN_HOUR + OTHER_CALLS_AN_HOUR;
