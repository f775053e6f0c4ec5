import { UsageError } from './errors.ts';

const LOCALHOST = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * bunq redirects end users there and compares to the last slash, so a callback URL is kept exactly as given.
 * @throws UsageError
 */
export function checkCallbackUrl(text: string): string {
  const wrong = (why: string) =>
    new UsageError(`${JSON.stringify(text)} cannot be a callback URL: ${why}. Give it as https://example.com/callback`);
  if (!URL.canParse(text)) throw wrong('it is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOCALHOST.has(url.hostname)))
    throw wrong('it has to be https (http for localhost only)');
  if (url.username || url.password) throw wrong('it holds a user name or password');
  if (url.hash) throw wrong('it has a fragment, which no server gets to see');
  return text;
}
