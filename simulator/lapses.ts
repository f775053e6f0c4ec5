/** From `atMs` on that session is the one that is served; null: none is. */
export interface Publication {
  readonly sessionId: number | null;
  readonly atMs: number;
}

/** How long a session was valid at the bank: up to, without, `endsAtMs`. When it began does not matter: none is served before it is opened. */
export interface SessionEnd {
  readonly endsAtMs: number;
  readonly reason: 'expired' | 'deleted' | 'revoked';
}

/** A time in which none was served, or one that was not valid: from `fromMs` up to, without, `untilMs`. */
export interface Lapse {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly reason: 'none served' | SessionEnd['reason'];
}

/**
 * The lapses from the first publication until `untilMs`, computed from the instants, not from samples. Of two publications
 * at the same instant the later one in the list holds.
 * @throws RangeError for a session whose end is not given
 */
export function lapsesOf(publications: readonly Publication[], endOf: ReadonlyMap<number, SessionEnd>, untilMs: number): Lapse[] {
  const inOrder = publications.toSorted((a, b) => a.atMs - b.atMs);
  const lapses = inOrder.map(({ sessionId, atMs }, index) => {
    const isServedUntilMs = Math.min(inOrder[index + 1]?.atMs ?? untilMs, untilMs);
    const { endsAtMs, reason } = sessionId === null ? NONE_SERVED : endGiven(endOf, sessionId);
    return { fromMs: Math.max(atMs, endsAtMs), untilMs: isServedUntilMs, reason };
  });
  return joined(lapses.filter((lapse) => lapse.fromMs < lapse.untilMs));
}

const NONE_SERVED = { endsAtMs: Number.NEGATIVE_INFINITY, reason: 'none served' } as const;

function endGiven(endOf: ReadonlyMap<number, SessionEnd>, sessionId: number): SessionEnd {
  const end = endOf.get(sessionId);
  if (end === undefined) throw new RangeError(`The end of session ${sessionId} is not known.`);
  return end;
}

/** What follows at once for the same reason is the same lapse. */
function joined(lapses: readonly Lapse[]): Lapse[] {
  const result: Lapse[] = [];
  for (const lapse of lapses) {
    const last = result.at(-1);
    if (last?.untilMs === lapse.fromMs && last.reason === lapse.reason) result.splice(-1, 1, { ...last, untilMs: lapse.untilMs });
    else result.push(lapse);
  }
  return result;
}
