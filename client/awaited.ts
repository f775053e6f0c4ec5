import { canRedraw, draw, eraseDrawn, isQuiet, tell } from './output.ts';

/** What takes longer is told of. */
const SAY_AFTER_MS = 1000;
const REDRAW_EVERY_MS = 1000;

/**
 * The outcome of some work; when it takes over a second, what is awaited is said meanwhile: drawn on a terminal with the seconds that have passed, and
 * gone afterwards; elsewhere one line.
 * @param what `Connecting to Temporal`
 */
export async function awaited<Result>(what: string, work: Promise<Result>, sayAfterMs: number = SAY_AFTER_MS): Promise<Result> {
  if (isQuiet()) return work;
  const startedAt = performance.now();
  const redraw = () => draw(`${what} … ${Math.round((performance.now() - startedAt) / 1000)} s`);
  let again: NodeJS.Timeout | undefined;
  const first = setTimeout(() => {
    if (!canRedraw()) return tell(`${what} …`);
    redraw();
    again = setInterval(redraw, REDRAW_EVERY_MS);
  }, sayAfterMs);
  try {
    return await work;
  } finally {
    clearTimeout(first);
    clearInterval(again);
    eraseDrawn();
  }
}
