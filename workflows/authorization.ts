import type { Sealed } from '../sealing/sealed.ts';
import { MINUTE_MS } from './duration.ts';
import type { SeenError } from './state.ts';

/**
 * An end user's consent, from the link to the access token: pure, time as an argument, plain JSON. The link's `state` is a bearer
 * secret until it is used, so only its SHA-256 is kept; the code is sealed, and good once.
 */

export interface Authorization {
  /** Links that may still come back, the latest last. */
  readonly asked: readonly AskedAuthorization[];
  /** Links that came back, or can no longer, the latest first. */
  readonly answered: readonly AnsweredAuthorization[];
  /** What the bank sent back, to be exchanged. */
  readonly code: AuthorizationCode | null;
  /** When the access token in use was granted. */
  readonly consentedAtMs: number | null;
  /** When the one that the session served stands on was, until a session on the new one is: it counts again when that is somebody else's. */
  readonly formerConsentedAtMs?: number | null;
  /** Why the last code brought no access token. */
  readonly error: SeenError | null;
}

/** A link as its maker describes it; all but its `state`. */
export interface AuthorizationRequest {
  /** Of the link's `state`, base64url. */
  readonly stateSha256: string;
  /** Exactly as it is registered at the bank. */
  readonly redirectUrl: string;
  /** Of the provider's OAuth client. */
  readonly clientId: string;
  /** Sealed for the provider's connection. */
  readonly clientSecret: Sealed<'client-secret'>;
  /** How long the link is good. */
  readonly validForMs: number;
}

export interface AskedAuthorization extends Omit<AuthorizationRequest, 'validForMs'> {
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
}

export interface AnsweredAuthorization {
  readonly stateSha256: string;
  readonly askedAtMs: number;
  readonly expiresAtMs: number;
  readonly outcome: AnsweredOutcome;
}

export interface AuthorizationCode extends Pick<AskedAuthorization, 'stateSha256' | 'redirectUrl' | 'clientId' | 'clientSecret'> {
  readonly code: Sealed<'authorization-code'>;
  readonly receivedAtMs: number;
  /** By the clock of who brought it. */
  readonly broughtAtMs: number;
}

/** The bank refuses the access token. */
export interface Revoked {
  readonly sinceMs: number;
  /** It refused it again an hour later. */
  readonly confirmedAtMs: number | null;
}

/** What became of a link that came back. */
export type AnsweredOutcome =
  /** The code is being exchanged. */
  | 'pending'
  /** There is an access token; the session follows. */
  | 'connected'
  /** The end user said no. */
  | 'denied'
  /** The bank did not take the code, its answer was lost, or it sent another error: the end user is to be asked again. */
  | 'failed'
  /** The link came back too late. */
  | 'expired';

/** What whoever brings a redirect is told. */
export interface AuthorizationAnswer {
  /** `repeated`: the link was used before, and nothing was done; `unknown`: it is none of ours. */
  readonly outcome: AnsweredOutcome | 'repeated' | 'unknown';
  /** Of one that is repeated: what came of it. */
  readonly first?: AnsweredOutcome;
}

/** A redirect of the bank's: the code, or why there is none. */
export interface ReceivedRedirect {
  readonly stateSha256: string;
  readonly code: Sealed<'authorization-code'> | null;
  /** The bank's word where there is no code: `access_denied` when the end user said no. */
  readonly error: string | null;
  /** By the clock of who brings it: Temporal brings it once more after a reset, and the workflow's clock does not tell that. */
  readonly broughtAtMs: number;
}

export const NO_AUTHORIZATION: Authorization = { asked: [], answered: [], code: null, consentedAtMs: null, error: null };

/** Somebody who asks for link after link uses the latest ones. */
const MOST_ASKED = 5;
const MOST_ANSWERED = 20;

/** Another link for the same end user. Former ones stay good for as long as they are. */
export function askAuthorization(authorization: Authorization, request: AuthorizationRequest, nowMs: number): Authorization {
  const { validForMs, ...link } = request;
  const asked = authorization.asked.filter(({ stateSha256 }) => stateSha256 !== link.stateSha256);
  return { ...authorization, asked: [...asked, { ...link, askedAtMs: nowMs, expiresAtMs: nowMs + validForMs }].slice(-MOST_ASKED) };
}

export const isKnownLink = ({ asked, answered }: Authorization, stateSha256: string) =>
  [...asked, ...answered].some((link) => link.stateSha256 === stateSha256);

/** A link comes back: it is good once, whatever came of it. */
export function receiveRedirect(
  authorization: Authorization,
  { stateSha256, code, error, broughtAtMs }: ReceivedRedirect,
  nowMs: number,
): { authorization: Authorization; answer: AuthorizationAnswer } {
  const before = authorization.answered.find((link) => link.stateSha256 === stateSha256);
  if (before) return { authorization, answer: { outcome: 'repeated', first: before.outcome } };
  const link = authorization.asked.find((asked) => asked.stateSha256 === stateSha256);
  if (!link) return { authorization, answer: { outcome: 'unknown' } };
  const outcome = outcomeOf(link, code, error, nowMs);
  const asked = authorization.asked.filter((other) => other !== link);
  const { askedAtMs, expiresAtMs } = link;
  const answered = [{ stateSha256, askedAtMs, expiresAtMs, outcome }, ...authorization.answered].slice(0, MOST_ANSWERED);
  const received = { ...authorization, asked, answered };
  if (outcome !== 'pending' || code === null) return { authorization: received, answer: { outcome } };
  const { redirectUrl, clientId, clientSecret } = link;
  const replaced = authorization.code ? settleCode(received, 'failed') : received;
  return {
    authorization: {
      ...replaced,
      code: { stateSha256, redirectUrl, clientId, clientSecret, code, receivedAtMs: nowMs, broughtAtMs },
      error: null,
    },
    answer: { outcome },
  };
}

function outcomeOf({ expiresAtMs }: AskedAuthorization, code: string | null, error: string | null, nowMs: number): AnsweredOutcome {
  if (nowMs >= expiresAtMs) return 'expired';
  if (code !== null) return 'pending';
  return error === 'access_denied' ? 'denied' : 'failed';
}

/** The link's code brought an access token. */
export function noteConsent(authorization: Authorization, stateSha256: string, nowMs: number): Authorization {
  const { formerConsentedAtMs = authorization.consentedAtMs } = authorization;
  return { ...settleCode(authorization, 'connected', stateSha256), consentedAtMs: nowMs, formerConsentedAtMs, error: null };
}

/** Whose access token it is has been proven: the former user's, or another's, which is not used. */
export function settleConsent({ formerConsentedAtMs, ...authorization }: Authorization, isSameUser: boolean): Authorization {
  if (isSameUser || formerConsentedAtMs === undefined) return authorization;
  return { ...authorization, consentedAtMs: formerConsentedAtMs };
}

/** The code was exchanged, or is of no use any more; one that came meanwhile, of another link, is still to be. */
export function settleCode(
  authorization: Authorization,
  outcome: 'connected' | 'failed',
  stateSha256 = authorization.code?.stateSha256,
): Authorization {
  const { code, answered } = authorization;
  const settled = answered.map((link) => (link.stateSha256 === stateSha256 ? { ...link, outcome } : link));
  return { ...authorization, code: code?.stateSha256 === stateSha256 ? null : code, answered: settled };
}

/** A former run was closed from outside, with its code who knows where. */
export function giveUpCode(authorization: Authorization, nowMs: number): Authorization {
  if (!authorization.code) return authorization;
  const text = 'The former run was closed with a code that it may have used, and which is good once.';
  const error = { code: 'NOT_SENT' as const, endpoint: null, status: null, text, responseId: null, atMs: nowMs };
  return { ...settleCode(authorization, 'failed'), error };
}

export const outcomeOfLink = ({ answered }: Authorization, stateSha256: string): AnsweredOutcome | null =>
  answered.find((link) => link.stateSha256 === stateSha256)?.outcome ?? null;

/** A code that was surely not sent may be sent again; the bank's codes are good for minutes. */
export const CODE_IS_GOOD_MS = 5 * MINUTE_MS;
