import type { SessionView } from '../workflows/messages.ts';
import { graceMs } from '../workflows/renewal.ts';

/**
 * How long a session that a client holds may be used without asking whether it is still the one served. Pure: time is an
 * argument.
 */

/** A session as it was last confirmed. */
export interface Confirmed {
  readonly session: Pick<SessionView, 'expiresAt' | 'renewAt'>;
  /** When it was asked for, in milliseconds since 1970: the answer was true at some moment after. */
  readonly askedAtMs: number;
  /** When asking last failed, if that was later. */
  readonly failedAtMs: number | null;
}

export type Use =
  /** No question. */
  | 'use'
  /** It may be used; ask meanwhile. */
  | 'use and ask'
  /** Ask, and use the answer; without an answer it may be used. */
  | 'ask first'
  /** It has expired: only an answer helps. */
  | 'expired';

/** After a question that was not answered, calls are not held up by another one for so long. */
const UNANSWERED_MS = 5000;

/**
 * @param ageMs since it was asked for, by the clock that shows more: a suspended machine's may have stood
 * @param sessionGapMs the distance of two sessions of one address
 */
export function useOf({ session, askedAtMs, failedAtMs }: Confirmed, nowMs: number, ageMs: number, sessionGapMs: number): Use {
  if (nowMs >= Date.parse(session.expiresAt)) return 'expired';
  const closedAfterMs = soonestClosedMs(session, askedAtMs, sessionGapMs);
  if (ageMs >= 0 && ageMs < closedAfterMs / 2) return 'use';
  if (ageMs >= 0 && ageMs < closedAfterMs * 0.8) return 'use and ask';
  return failedAtMs !== null && Math.abs(nowMs - failedAtMs) < UNANSWERED_MS ? 'use and ask' : 'ask first';
}

/**
 * The soonest that a session which was served at `askedAtMs` can be closed: it is replaced at once and has its grace. That
 * is a share of what remains of its life: as it stands now, and as it will stand at its renewal, which no difference of
 * clocks falsifies. And the keeper holds two former sessions at most for long, so that a third one, each a gap after the one
 * before, leaves the first only the time for calls under way.
 */
function soonestClosedMs({ expiresAt, renewAt }: Confirmed['session'], askedAtMs: number, sessionGapMs: number): number {
  const expiresAtMs = Date.parse(expiresAt);
  return Math.min(graceMs(expiresAtMs - askedAtMs), graceMs(expiresAtMs - Date.parse(renewAt)), sessionGapMs);
}
