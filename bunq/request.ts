import { randomUUID } from 'node:crypto';
import type { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions } from './bank.ts';
import { endpointPattern } from './call-limits.ts';
import { errorText, type Item, responseItems, ShapeError } from './envelope.ts';
import { BunqError, type BunqErrorCode, codeOfRefusal } from './errors.ts';
import { observed } from './observer.ts';
import { type Turn, turnOf } from './pacing.ts';
import { endpointOf, type Method, type Outgoing, type RawAnswer, send } from './send.ts';
import { signBody, verifyBody } from './signature.ts';

export interface BankCall {
  readonly method: Method;
  /** Below `/v1/`, without a slash in front; a query may follow. */
  readonly path: string;
  /** Sent as JSON; bytes are sent as they are. */
  readonly body?: object | Uint8Array;
  /** Beside, or instead of, those that every request has. */
  readonly headers?: Readonly<Record<string, string>>;
  /** For `X-Bunq-Client-Authentication`. */
  readonly token?: Secret;
  /** Signs the body. Absent only where the bank does not know our key yet, or there is no body. */
  readonly privateKey?: Secret | undefined;
  /**
   * What the answer is verified with: the installation's server key, or where it is found in the answer itself. `null`
   * only where there is no installation whose key it could be.
   */
  readonly serverPublicKeyPem: string | ((bytes: Uint8Array) => string) | null;
}

/** An answer whose signature is good, or that is no success and has none. */
export interface Answer {
  readonly endpoint: string;
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
  readonly responseId: string | null;
  /** The bank's clock when it answered, in milliseconds since 1970; null without a `Date` header. */
  readonly bankNowMs: number | null;
  readonly durationMs: number;
}

/**
 * The one path to the bank: its turn within the bank's limits, a fresh request id, the exact bytes signed and sent, the exact bytes of the answer verified,
 * and only then parsed. No option switches verification off.
 * @param parse makes the result from the items of `Response`; a ShapeError that it throws becomes `BUNQ_RESPONSE_INVALID`
 * @throws BunqError
 */
export async function request<Result>(
  bank: Bank,
  call: BankCall,
  options: CallOptions | undefined,
  parse: (items: Item[], answer: Answer) => Result,
): Promise<Result> {
  return observed(bank, endpointPattern(call.method, call.path), async () => resultOf(await exchangeVerified(bank, call, options), parse));
}

function resultOf<Result>(answer: Answer, parse: (items: Item[], answer: Answer) => Result): Result {
  if (answer.status !== 200) throw refusalOf(answer);
  if (!/^application\/json\s*(;|$)/i.test(answer.headers['content-type'] ?? '')) {
    throw answeredError(answer, 'BUNQ_RESPONSE_INVALID', 'the answer is not application/json');
  }
  return asInvalid(answer, () => parse(responseItems(answer.bytes), answer));
}

/**
 * Sends the call and verifies the answer, whatever its status.
 * @throws BunqError `BUNQ_CALL_POSTPONED`, `BUNQ_UNREACHABLE`, `BUNQ_ANSWER_LOST`, `BUNQ_RESPONSE_UNVERIFIED`; for its size `BUNQ_RESPONSE_INVALID` or `BUNQ_UNAVAILABLE`
 */
export async function exchangeVerified(bank: Bank, call: BankCall, options: CallOptions = {}): Promise<Answer> {
  const turn = await turnOf(bank, call.method, call.path, options);
  const outgoing = outgoingOf(bank, call);
  const { status, headers, bytes, durationMs } = await sendInTurn(bank, outgoing, options, turn);
  const answer = {
    endpoint: endpointOf(outgoing.method, outgoing.url),
    status,
    headers,
    bytes: bytes ?? new Uint8Array(),
    responseId: idOf(headers['x-bunq-client-response-id']),
    bankNowMs: instantOf(headers.date),
    durationMs,
  };
  if (!bytes) {
    const code = status >= 500 ? 'BUNQ_UNAVAILABLE' : 'BUNQ_RESPONSE_INVALID';
    throw answeredError(answer, code, `the answer is larger than ${bank.maxAnswerBytes} bytes`);
  }
  const whyUnverified = asInvalid(answer, () => verify(answer, call.serverPublicKeyPem));
  if (whyUnverified) throw answeredError(answer, 'BUNQ_RESPONSE_UNVERIFIED', whyUnverified);
  return answer;
}

/** What did not leave is no call to the bank. */
export async function sendInTurn(bank: Bank, outgoing: Outgoing, options: CallOptions, turn: Turn): Promise<RawAnswer> {
  const startedMs = bank.clock.monotonicMs();
  try {
    const answer = await send(bank, outgoing, options);
    turn.left(answer.durationMs);
    bank.observer?.sent(turn.endpoint, answer.status, answer.durationMs);
    return answer;
  } catch (error) {
    const mayHaveLeft = error instanceof BunqError && error.sent !== false;
    if (mayHaveLeft) turn.left(0);
    else turn.notUsed(); // `beforeSend` may throw what it likes
    if (error instanceof BunqError)
      bank.observer?.sent(turn.endpoint, mayHaveLeft ? 'lost' : 'unreachable', bank.clock.monotonicMs() - startedMs);
    throw error;
  }
}

function outgoingOf(bank: Bank, { method, path, body, token, privateKey, headers: more }: BankCall): Outgoing {
  const bytes = body === undefined ? null : body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body));
  const headers: Record<string, string> = {
    'Cache-Control': 'no-cache',
    'User-Agent': bank.userAgent,
    'X-Bunq-Client-Request-Id': randomUUID(), // the bank refuses one that it has seen
    'X-Bunq-Language': 'en_US',
    'X-Bunq-Region': 'nl_NL',
    'X-Bunq-Geolocation': '0 0 0 0 000',
  };
  if (token) headers['X-Bunq-Client-Authentication'] = token.text();
  if (bytes) {
    headers['Content-Type'] = 'application/json';
    headers['Content-Length'] = String(bytes.length);
    if (privateKey) headers['X-Bunq-Client-Signature'] = signBody(bytes, privateKey);
  }
  Object.assign(headers, more);
  return { method, url: new URL(path, bank.apiUrl), headers, body: bytes };
}

/** Null when the answer may be believed, else why not. */
function verify({ status, headers, bytes }: Answer, serverPublicKeyPem: BankCall['serverPublicKeyPem']): string | null {
  if (serverPublicKeyPem === null) return null;
  const signature = headers['x-bunq-server-signature'];
  // Answers with status 491 and 5xx are not signed, nor is what a gateway answers in the bank's place.
  if (signature === undefined) return status === 200 ? 'the answer has no X-Bunq-Server-Signature' : null;
  if (typeof serverPublicKeyPem === 'function' && status !== 200) return null; // only a success holds the key
  const pem = typeof serverPublicKeyPem === 'function' ? serverPublicKeyPem(bytes) : serverPublicKeyPem;
  return verifyBody(bytes, signature, pem) ? null : "its X-Bunq-Server-Signature is not the bank's over this body";
}

/** The typed error for a verified answer that is no success. */
function refusalOf(answer: Answer): BunqError {
  const bunqText = errorText(answer.bytes);
  const detail = bunqText === null ? `answered with HTTP ${answer.status} and no explanation` : undefined;
  return answeredError(answer, codeOfRefusal(answer.status, bunqText ?? ''), detail, bunqText);
}

function answeredError(
  { endpoint, status, responseId }: Answer,
  code: BunqErrorCode,
  detail?: string,
  bunqText: string | null = null,
): BunqError {
  return new BunqError({ code, endpoint, status, responseId, bunqText, sent: true, ...(detail === undefined ? {} : { detail }) });
}

function asInvalid<Result>(answer: Answer, read: () => Result): Result {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError) throw answeredError(answer, 'BUNQ_RESPONSE_INVALID', error.message);
    throw error;
  }
}

/** A UUID in practice; what is not an id is not repeated. */
const idOf = (value: string | undefined) => (value && /^[A-Za-z0-9-]{1,64}$/.test(value) ? value : null);

/** The `Date` of an answer; null where it is missing or no date. */
function instantOf(date: string | undefined): number | null {
  const instant = date === undefined ? Number.NaN : Date.parse(date);
  return Number.isNaN(instant) ? null : instant;
}
