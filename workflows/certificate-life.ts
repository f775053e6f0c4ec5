import { newCertificate } from './actions.ts';
import { DAY_MS } from './duration.ts';
import type { ConnectionStatus } from './messages.ts';
import type { ConnectionState } from './state.ts';
import type { Wake } from './steps.ts';

/** How much is left of a provider's certificate, and when somebody is told. Sessions outlive it: it is needed once for each API key. Pure. */

/** The next one takes weeks: whoever issues it looks at the company and its licence first. */
export const SOON_DAYS = 90;

/** So many days before its end, and at it. */
export const WARNING_DAYS = [SOON_DAYS, 30, 14, 7, 1, 0] as const;

/** What was warned of last: a certificate, and how many days before its end. */
export interface CertificateWarning {
  fingerprintSha256: string;
  days: (typeof WARNING_DAYS)[number];
}

export const warningAtMs = (expiresAtMs: number, days: number) => expiresAtMs - days * DAY_MS;

/** Begun days count, so that 90 days before the end it is 90 also some milliseconds later; 0 or less when it is over. */
export const daysLeft = (expiresAt: string, nowMs: number): number => Math.ceil((Date.parse(expiresAt) - nowMs) / DAY_MS) + 0;

type Warned = Pick<ConnectionState, 'wanted' | 'certificateWarning'>;

/** The warning that is due: of several that were missed, or were over before the certificate was given, the last. Null when it was given, or none is due. */
export function dueWarning({ wanted: { credential }, certificateWarning }: Warned, nowMs: number): CertificateWarning | null {
  if (credential.type !== 'qseal') return null;
  const { fingerprintSha256 } = credential;
  const days = WARNING_DAYS.findLast((before) => nowMs >= warningAtMs(Date.parse(credential.expiresAt), before));
  if (days === undefined) return null;
  const isGiven = certificateWarning?.fingerprintSha256 === fingerprintSha256 && certificateWarning.days <= days;
  return isGiven ? null : { fingerprintSha256, days };
}

/** When the next warning is due; null after the last. */
export function nextWarning({ wanted: { credential } }: Pick<ConnectionState, 'wanted'>, nowMs: number): Wake | null {
  if (credential.type !== 'qseal') return null;
  const { expiresAt } = credential;
  const days = WARNING_DAYS.find((before) => nowMs < warningAtMs(Date.parse(expiresAt), before));
  if (days === undefined) return null;
  const summary = `the certificate expires on ${expiresAt.slice(0, 10)}: say so ${days === 0 ? 'then' : `${days} days before`}`;
  return { atMs: warningAtMs(Date.parse(expiresAt), days), summary };
}

/** From 90 days before its end on: what a person is to do, as a sentence that ends in a command; null before that. */
export function certificateRemark(
  { name, state, certificate }: Pick<ConnectionStatus, 'name' | 'state' | 'certificate'>,
  nowMs: number,
): string | null {
  if (!certificate || state === 'DISCONNECTED') return null;
  const { subject, expiresAt } = certificate;
  if (nowMs < warningAtMs(Date.parse(expiresAt), SOON_DAYS)) return null;
  if (nowMs < Date.parse(expiresAt))
    return `The certificate ${subject} expires on ${expiresAt}. Have the next one issued, with the same authorization number and roles, then: ${newCertificate(name)}`;
  return `The certificate ${subject} expired on ${expiresAt}. Sessions go on, but no other API key can be made from it. Give the next one: ${newCertificate(name)}`;
}

/** The day on which it expires, UTC, as a number that a person can read and a list can be sorted by: 20271128. */
export const dayNumber = (expiresAt: string): number => Number(expiresAt.slice(0, 10).replaceAll('-', ''));
