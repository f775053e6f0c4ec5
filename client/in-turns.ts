import { setTimeout as sleep } from 'node:timers/promises';

const AT_ONCE = 10;

/** A few at a time, in order. */
export async function inTurns<Item, Result>(items: readonly Item[], act: (item: Item) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = [];
  for (let from = 0; from < items.length; from += AT_ONCE) results.push(...(await Promise.all(items.slice(from, from + AT_ONCE).map(act))));
  return results;
}

export interface Rounds {
  /** No further round begins after so long. */
  readonly forMs: number;
  readonly pauseMs: number;
}

/** The same; those for whom it fails come again, in further rounds. Null: it failed every time. */
export async function inRounds<Item, Result>(
  items: readonly Item[],
  act: (item: Item) => Promise<Result>,
  { forMs, pauseMs }: Rounds,
): Promise<(Result | null)[]> {
  const results = items.map((): Result | null => null);
  const lastMs = performance.now() + forMs;
  for (let left = [...items.keys()]; ; await sleep(pauseMs)) {
    const failed = new Set<number>();
    await inTurns(left, async (index) => {
      try {
        results[index] = await act(items[index]!);
      } catch {
        failed.add(index);
      }
    });
    if (failed.size === 0 || performance.now() >= lastMs) return results;
    left = left.filter((index) => failed.has(index));
  }
}
