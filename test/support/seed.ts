import { Dice } from '../../simulator/random.ts';

/** The same in every run, so that a failure can be seen again. */
const DEFAULT_SEED = 'bunq-keeper';

/** What makes a test's dice repeatable: by that environment variable, and printed. */
export function seed(variable: string): string {
  const value = process.env[variable] || DEFAULT_SEED;
  process.stderr.write(`${variable}=${value}\n`);
  return value;
}

export const dice = (from: string) => new Dice(from);

/** So many of them, in their order. */
export function sampleOf<Item>(items: readonly Item[], size: number, from: string): Item[] {
  const rolls = dice(from);
  const chosen = new Set(
    items
      .map((item) => ({ item, at: rolls.roll() }))
      .sort((a, b) => a.at - b.at)
      .slice(0, size)
      .map(({ item }) => item),
  );
  return items.filter((item) => chosen.has(item));
}
