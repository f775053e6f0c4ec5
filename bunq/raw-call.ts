import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { errorText } from './envelope.ts';
import { codeOfRefusal } from './errors.ts';
import { exchangeVerified } from './request.ts';
import type { Method } from './send.ts';

export interface RawCall {
  readonly method: string;
  /** `/user/12/monetary-account?count=10`, with or without `/v1` in front. */
  readonly path: string;
  /** JSON, unless a `Content-Type` says otherwise; these very bytes are signed and sent. */
  readonly body?: string | Uint8Array;
  /** Only what bunq lets a caller choose: see `CALLERS_HEADERS`. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RawResult {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** The method, path, headers or body cannot be called; nothing was sent. */
export class RawCallError extends Error {
  override readonly name = 'RawCallError';
}

/**
 * One signed and verified call, of any kind, on a session. The bank's answer comes as it is, also a refusal; what is thrown
 * is that there is no answer to believe.
 * @throws BunqError, RawCallError
 */
export async function rawCall(bank: Bank, caller: SessionCaller, call: RawCall, options?: CallOptions): Promise<RawResult> {
  const { sessionToken: token, privateKey, serverPublicKeyPem } = caller;
  const { method, path, body, headers } = checkRawCall(call, bank.apiUrl);
  const bankCall = { method, path, token, privateKey, serverPublicKeyPem, headers, ...(body && { body }) };
  const { status, headers: received, bytes } = await exchangeVerified(bank, bankCall, options);
  return { status, headers: received, bytes };
}

/** The bank did not take the session's token: the call had no effect. */
export const isTokenRejected = ({ status, bytes }: RawResult): boolean =>
  (status === 401 || status === 403) && codeOfRefusal(status, errorText(bytes) ?? '') === 'BUNQ_TOKEN_REJECTED';

/** For who does not know the bank's own yet. */
export const ANY_API = 'https://bank.invalid/v1/';

/** A path as a caller writes it, with or without `/v1` in front, below the API's address. */
export const belowApi = (path: string) => path.replace(/^\/?(v1\/)?/, '');

/**
 * What will be sent, before anything is.
 * @param apiUrl the bank's; it may be left out to see whether a call can be one at all
 * @throws RawCallError
 */
export function checkRawCall({ method, path, body, headers }: RawCall, apiUrl = ANY_API) {
  const checked = {
    method: methodOf(method),
    path: pathBelow(apiUrl, path),
    headers: headersOf(headers ?? {}),
    body: typeof body === 'string' ? new TextEncoder().encode(body) : body,
  };
  if (checked.body && (checked.method === 'GET' || checked.method === 'DELETE'))
    throw new RawCallError(`${checked.method} has no body. Put what is asked for into the path's query, as /payment?count=10.`);
  return checked;
}

function methodOf(method: string): Method {
  const upper = method.toUpperCase();
  if (upper === 'GET' || upper === 'POST' || upper === 'PUT' || upper === 'DELETE') return upper;
  throw new RawCallError(`The method ${JSON.stringify(method.slice(0, 20))} is none that bunq has. Use GET, POST, PUT or DELETE.`);
}

/** The session's token goes to the bank's API and nowhere else: the path must not lead out of `/v1/`. */
function pathBelow(apiUrl: string, path: string): string {
  const below = belowApi(path);
  const base = new URL(apiUrl);
  const resolved = /^[!-~]+$/.test(below) && URL.canParse(below, base.href) ? new URL(below, base) : null;
  if (!resolved || resolved.origin !== base.origin || !resolved.pathname.startsWith(base.pathname) || below.includes('#')) {
    throw new RawCallError("The path must be one of the bank's API in URL-encoded form, as /user or /user/12/monetary-account?count=10.");
  }
  return below;
}

/** All others are the request's own: its token, its signature, its id, its length. */
const CALLERS_HEADERS: Record<string, string> = {
  accept: 'Accept',
  'content-type': 'Content-Type',
  'x-bunq-attachment-description': 'X-Bunq-Attachment-Description',
  'x-bunq-geolocation': 'X-Bunq-Geolocation',
  'x-bunq-language': 'X-Bunq-Language',
  'x-bunq-region': 'X-Bunq-Region',
};

/** Under the names that the request has them by. */
function headersOf(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => {
      const known = CALLERS_HEADERS[name.toLowerCase()];
      if (known !== undefined && /^[ -~]*$/.test(value)) return [known, value];
      throw new RawCallError(
        `The header ${JSON.stringify(name.slice(0, 40))} cannot be given with this value, or at all. Those that can: ${Object.values(CALLERS_HEADERS).join(', ')}.`,
      );
    }),
  );
}
