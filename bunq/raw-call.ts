import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { exchangeVerified } from './request.ts';
import type { Method } from './send.ts';

export interface RawCall {
  readonly method: string;
  /** `/user/12/monetary-account?count=10`, with or without `/v1` in front. */
  readonly path: string;
  /** JSON; these very bytes are signed and sent. */
  readonly body?: string | Uint8Array;
}

export interface RawResult {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly bytes: Uint8Array;
}

/** The method or path cannot be called; nothing was sent. */
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
  const body = typeof call.body === 'string' ? new TextEncoder().encode(call.body) : call.body;
  const path = pathBelow(bank.apiUrl, call.path);
  const bankCall = { method: methodOf(call.method), path, token, privateKey, serverPublicKeyPem, ...(body && { body }) };
  const { status, headers, bytes } = await exchangeVerified(bank, bankCall, options);
  return { status, headers, bytes };
}

function methodOf(method: string): Method {
  const upper = method.toUpperCase();
  if (upper === 'GET' || upper === 'POST' || upper === 'PUT' || upper === 'DELETE') return upper;
  throw new RawCallError(`The method ${JSON.stringify(method.slice(0, 20))} is none that bunq has. Use GET, POST, PUT or DELETE.`);
}

/** The session's token goes to the bank's API and nowhere else: the path must not lead out of `/v1/`. */
function pathBelow(apiUrl: string, path: string): string {
  const below = path.replace(/^\/?(v1\/)?/, '');
  const base = new URL(apiUrl);
  const resolved = /^[!-~]+$/.test(below) && URL.canParse(below, base.href) ? new URL(below, base) : null;
  if (!resolved || resolved.origin !== base.origin || !resolved.pathname.startsWith(base.pathname) || below.includes('#')) {
    throw new RawCallError("The path must be one of the bank's API in URL-encoded form, as /user or /user/12/monetary-account?count=10.");
  }
  return below;
}
