import { UsageError } from './errors.ts';

const LOCALHOST = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * bunq redirects end users there and compares to the last slash, so a callback URL is kept exactly as given.
 * @throws UsageError
 */
export function checkCallbackUrl(text: string): string {
  const problem = callbackUrlProblem(text);
  if (problem !== null) throw new UsageError(problem);
  return text;
}

/** What is wrong with it, and what to do; null where nothing is. */
export function callbackUrlProblem(text: string): string | null {
  const wrong = (why: string) => `${shown(text)} cannot be a callback URL: ${why}. Give it as https://example.com/callback`;
  if (!URL.canParse(text)) return wrong('it is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && LOCALHOST.has(url.hostname)))
    return wrong('it has to be https (http for localhost only)');
  if (url.username || url.password) return wrong('it holds a user name or password');
  if (url.hash) return wrong('it has a fragment, which no server gets to see');
  return null;
}

/** Without a user name and password, wherever it stands. */
const shown = (text: string) => JSON.stringify(text.replace(/\/\/[^/?#]*@/, '//[redacted]@'));
