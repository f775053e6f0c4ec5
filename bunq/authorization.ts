import { Secret } from '../sealing/secret.ts';

/** OAuth at bunq, as far as the end user's browser sees it (RFC 6749, 4.1). */

/** Where the end user grants access. @param state a secret until it comes back */
export function authorizationUrl(authorizeUrl: string, link: { clientId: string; redirectUrl: string; state: string }): string {
  const url = new URL(authorizeUrl);
  url.searchParams.set('response_type', 'code');
  url.searchParams.set('client_id', link.clientId);
  url.searchParams.set('redirect_uri', link.redirectUrl);
  url.searchParams.set('state', link.state);
  return url.href;
}

/** What the bank sends the end user back with. */
export interface Redirect {
  readonly state: string;
  /** Good once, for minutes. */
  readonly code: Secret | null;
  /** The bank's word where there is no code: `access_denied` when the end user said no. */
  readonly error: string | null;
}

/** Null when it is none: it has no `state`, or neither code nor error, or one of them twice. */
export function parseRedirect(url: URL): Redirect | null {
  const single = (name: string) => {
    const values = url.searchParams.getAll(name);
    return values.length > 1 ? undefined : (values[0] ?? null);
  };
  const [state, code, error] = [single('state'), single('code'), single('error')];
  if (!state || code === undefined || error === undefined || (code === null) === (error === null)) return null;
  if (code !== null && !/^[!-~]{1,512}$/.test(code)) return null;
  return { state, code: code === null ? null : new Secret(code), error: error === null ? null : error.slice(0, 100) };
}
