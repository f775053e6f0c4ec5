import { redact } from '../bunq/errors.ts';

/** Fit for a history; the end of what was said tells most. */
const LONGEST_TEXT = 200;

/**
 * What a signer said of itself, fit for logs and histories: one line, its end, and without anything that could be a key, a PIN or a
 * token.
 * @param secrets texts that are known to be, or might be, secret
 */
export function shownText(text: string, secrets: readonly string[] = []): string {
  const known = secrets.filter((secret) => secret.length >= 4).sort((a, b) => b.length - a.length);
  const without = known.reduce((left, secret) => left.replaceAll(secret, '[redacted]'), text);
  const line = without
    .replace(/-----BEGIN [\s\S]*/g, '[redacted]')
    .replace(/\bbearer\s+\S+/gi, 'Bearer [redacted]')
    .replace(/([\w-]*(?:pin|pass(?:word|phrase)?|secret|token|credentials?|authorization|api[-_]?key))\s*[=:]\s*\S+/gi, '$1=[redacted]')
    .replace(/(--?[\w-]*(?:pin|pass(?:word|phrase)?|secret|token))\s+\S+/gi, '$1 [redacted]')
    .replace(/[A-Za-z0-9+/_=-]{32,}/g, '[redacted]')
    .replace(/\s+/g, ' ')
    .trim();
  return redact(line.slice(-LONGEST_TEXT));
}
