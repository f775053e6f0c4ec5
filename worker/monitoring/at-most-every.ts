/**
 * A look that is not repeated within so many milliseconds: who asks sooner gets what was seen last, and who asks meanwhile waits for the
 * one under way.
 * @param pauseMs from its end to the next one's beginning, told how long it took
 */
export function atMostEvery<Seen>(
  pauseMs: (tookMs: number) => number,
  nowMs: () => number,
  look: () => Promise<Seen>,
): () => Promise<Seen> {
  let last: Promise<Seen> | null = null;
  let againAtMs = Number.POSITIVE_INFINITY; // while one is under way
  return () => {
    if (last && nowMs() < againAtMs) return last;
    const startedMs = nowMs();
    againAtMs = Number.POSITIVE_INFINITY;
    last = look().finally(() => {
      againAtMs = nowMs() + pauseMs(nowMs() - startedMs);
    });
    return last;
  };
}
