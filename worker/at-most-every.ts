/**
 * A look that is not repeated within so many milliseconds: who asks sooner gets what was seen last, and who asks meanwhile waits for the
 * one under way.
 * @param pauseMs from its end to the next one's beginning, told how long it took and whether it failed
 */
export function atMostEvery<Seen>(
  pauseMs: (tookMs: number, failed: boolean) => number,
  nowMs: () => number,
  look: () => Promise<Seen>,
): () => Promise<Seen> {
  let last: Promise<Seen> | null = null;
  let againAtMs = Number.POSITIVE_INFINITY; // while one is under way
  return () => {
    if (last && nowMs() < againAtMs) return last;
    const startedMs = nowMs();
    againAtMs = Number.POSITIVE_INFINITY;
    const ended = (failed: boolean) => {
      againAtMs = nowMs() + pauseMs(nowMs() - startedMs, failed);
    };
    last = look();
    last.then(
      () => ended(false),
      () => ended(true),
    );
    return last;
  };
}
