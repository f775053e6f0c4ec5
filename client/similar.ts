/** What somebody perhaps meant. Pure. */

/** More letters than this are no slip. */
const MOST_EDITS = 3;
/** A beginning of so many letters is as good as the word with one letter wrong. */
const LEAST_PREFIX = 3;
const MOST_NAMED = 3;

/** Those of the candidates that are nearest to what was given, in the order in which they came; none where nothing is near. */
export function similar(given: string, candidates: readonly string[]): string[] {
  const edits = new Map<string, number>();
  for (const candidate of candidates) {
    const count = distance(given.toLowerCase(), candidate.toLowerCase());
    if (count <= MOST_EDITS && count * 2 < Math.max(given.length, candidate.length)) edits.set(candidate, count);
  }
  const least = Math.min(...edits.values());
  return [...edits]
    .filter(([, count]) => count === least)
    .map(([candidate]) => candidate)
    .slice(0, MOST_NAMED);
}

/** ` Did you mean a or b?`, to be put behind a sentence; empty where nothing is near. */
export function didYouMean(given: string, candidates: readonly string[]): string {
  const near = similar(given, candidates);
  return near.length === 0 ? '' : ` Did you mean ${near.join(' or ')}?`;
}

const distance = (one: string, other: string): number => (isPrefix(one, other) ? 1 : edits(one, other));

const isPrefix = (one: string, other: string) => one.length >= LEAST_PREFIX && one !== other && other.startsWith(one);

/** Letters to insert, remove, replace or swap with the next: optimal string alignment, over the last three rows of the matrix. */
function edits(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > MOST_EDITS) return Number.POSITIVE_INFINITY;
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, column) => column)];
  for (let row = 1; row <= one.length; row++) {
    const present = [row];
    for (let column = 1; column <= other.length; column++) {
      const cost = one[row - 1] === other[column - 1] ? 0 : 1;
      const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
      present[column] = Math.min(
        last[column]! + 1,
        present[column - 1]! + 1,
        last[column - 1]! + cost,
        isSwap ? beforeLast[column - 2]! + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforeLast, last] = [last, present];
  }
  return last[other.length]!;
}
