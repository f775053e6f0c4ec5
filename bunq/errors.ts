/** What can go wrong with a call to the bank. A closed list: whoever treats errors treats every one of them. */
export type BunqErrorCode =
  /** 400, 490 or another 4xx: the bank did not like what was asked. */
  | 'BUNQ_BAD_REQUEST'
  /** 400 "User credentials are incorrect. Incorrect API key or IP address." */
  | 'BUNQ_CREDENTIALS_INCORRECT'
  /** 466, or 400/401 "The request signature is invalid." */
  | 'BUNQ_SIGNATURE_REJECTED'
  /** 401, or 403 "Insufficient authentication" / "Insufficient authorisation": the token is unknown or expired. */
  | 'BUNQ_TOKEN_REJECTED'
  /** Any other 403: a role is missing, or the token is of the wrong kind for this call. */
  | 'BUNQ_FORBIDDEN'
  /** 4xx "Authentication token already has a user session." */
  | 'BUNQ_SESSION_EXISTS'
  /** 404, 405. */
  | 'BUNQ_NOT_FOUND'
  /** 409. */
  | 'BUNQ_CONFLICT'
  /** 429. */
  | 'BUNQ_RATE_LIMITED'
  /** 491. */
  | 'BUNQ_MAINTENANCE'
  /** 5xx. */
  | 'BUNQ_UNAVAILABLE'
  /** Held back by our own keeping of the bank's limits, longer than this call may wait: nothing was sent. */
  | 'BUNQ_CALL_POSTPONED'
  /** No connection, or it was given up before the first byte: nothing was sent. */
  | 'BUNQ_UNREACHABLE'
  /** Sent, but no whole answer came: time-out, reset, truncated, not HTTP. It may have had its effect. */
  | 'BUNQ_ANSWER_LOST'
  /** The answer's signature is wrong, or missing on a 200. */
  | 'BUNQ_RESPONSE_UNVERIFIED'
  /** Answered by the bank, but not as documented: not JSON, not the shape, too large, another 2xx or a redirect. */
  | 'BUNQ_RESPONSE_INVALID';

/** Whether the request left: `unknown` when it was written to the connection and no answer came. */
export type Sent = boolean | 'unknown';

export interface BunqErrorFacts {
  readonly code: BunqErrorCode;
  readonly endpoint: string;
  /** What happened, in our words; the bank's own words stand in `bunqText`. */
  readonly detail?: string;
  readonly status?: number | null;
  readonly bunqText?: string | null;
  readonly responseId?: string | null;
  readonly sent: Sent;
  /** Of `BUNQ_CALL_POSTPONED`: when it may be made. */
  readonly retryInMs?: number;
}

/**
 * A call to the bank that did not succeed. It holds an allow-list of facts and no `cause`: no header, body or query, so
 * it may be logged and stored as it is.
 */
export class BunqError extends Error {
  override readonly name = 'BunqError';
  readonly code: BunqErrorCode;
  /** Method and path, as `POST /v1/session-server`; without the query. */
  readonly endpoint: string;
  /** The HTTP status; null without an answer. */
  readonly status: number | null;
  /** The bank's `error_description`, at most 200 characters, with runs of 32 or more hex digits redacted. */
  readonly bunqText: string | null;
  /** `X-Bunq-Client-Response-Id`: what bunq's support asks for. */
  readonly responseId: string | null;
  readonly sent: Sent;
  /** Of `BUNQ_CALL_POSTPONED`: when it may be made. */
  readonly retryInMs: number | null;

  constructor({ code, endpoint, detail, status = null, bunqText = null, responseId = null, sent, retryInMs }: BunqErrorFacts) {
    const shownText = bunqText === null ? null : redact(bunqText);
    const text = [shownText, detail === undefined ? null : redact(detail)].filter(Boolean).join('; ');
    super(`${endpoint}: ${text || 'no explanation'} (${code}, HTTP ${status ?? 'none'}, response ${responseId ?? 'none'})`);
    this.code = code;
    this.endpoint = endpoint;
    this.status = status;
    this.bunqText = shownText;
    this.responseId = responseId;
    this.sent = sent;
    this.retryInMs = retryInMs ?? null;
  }
}

/** The bank's address or a proxy's cannot be used: a setting is wrong. Thrown before anything connects. */
export class BunqConfigError extends Error {
  override readonly name = 'BunqConfigError';
}

const LONGEST_TEXT = 200;

/** Text from outside, fit for logs and histories: one line, short, and without anything that could be a token or a key. */
export function redact(text: string): string {
  return (
    text
      // 32 hex digits are half a bunq token; a UUID has its dashes in between.
      .replace(/[0-9a-f]{32,}/gi, '[redacted]')
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replace(/[\s\u0000-\u001f\u007f]+/g, ' ')
      .trim()
      .slice(0, LONGEST_TEXT)
  );
}

/** The code for an answer with a status other than 200, by its status and the bank's text. */
export function codeOfRefusal(status: number, text: string): BunqErrorCode {
  const isRefusal = status >= 400 && status < 500;
  if (isRefusal && /already has a user session/i.test(text)) return 'BUNQ_SESSION_EXISTS';
  switch (status) {
    case 400:
    case 401:
      if (/request signature is invalid/i.test(text)) return 'BUNQ_SIGNATURE_REJECTED';
      if (status === 401) return 'BUNQ_TOKEN_REJECTED';
      return /incorrect api key or ip address/i.test(text) ? 'BUNQ_CREDENTIALS_INCORRECT' : 'BUNQ_BAD_REQUEST';
    case 403:
      return /insufficient auth(entication|ori[sz]ation)/i.test(text) ? 'BUNQ_TOKEN_REJECTED' : 'BUNQ_FORBIDDEN';
    case 404:
    case 405:
      return 'BUNQ_NOT_FOUND';
    case 409:
      return 'BUNQ_CONFLICT';
    case 429:
      return 'BUNQ_RATE_LIMITED';
    case 466:
      return 'BUNQ_SIGNATURE_REJECTED';
    case 491:
      return 'BUNQ_MAINTENANCE';
    default:
      if (isRefusal) return 'BUNQ_BAD_REQUEST';
      return status >= 500 ? 'BUNQ_UNAVAILABLE' : 'BUNQ_RESPONSE_INVALID';
  }
}
