import type { Answer } from './request.ts';

/** bunq writes times as `2026-11-21 03:47:00.123456`, in UTC; null for what is no such time. */
export function parseBunqTime(text: string | null | undefined): number | null {
  const parts = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,3})?\d*Z?$/.exec(text ?? '');
  if (!parts) return null;
  const instant = Date.parse(`${parts[1]}T${parts[2]}${parts[3] ?? ''}Z`);
  return Number.isNaN(instant) ? null : instant;
}

/** `Date` has whole seconds, and so may seem older than what it accompanies. */
const WHOLE_SECONDS_MS = 2000;

/**
 * What is left, when the answer arrives, of a time that began at `createdMs` on the bank's clock: from the bank's own `Date`,
 * so that no clock of ours is part of it. What a request has made is no older than the request: where `created` and `Date`
 * say otherwise they are not of one clock, and the whole duration of the request is taken off, as without a `Date`.
 */
export function remainingMs(durationMs: number, createdMs: number | null, answer: Pick<Answer, 'bankNowMs' | 'durationMs'>): number {
  const byBankMs = createdMs === null || answer.bankNowMs === null ? Number.NaN : answer.bankNowMs - createdMs;
  const ageMs = Math.abs(byBankMs) <= answer.durationMs + WHOLE_SECONDS_MS ? byBankMs : answer.durationMs;
  return Math.min(durationMs, Math.max(0, durationMs - ageMs));
}
