import type { z } from 'zod';
import { SETTINGS } from './schema.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Settings cannot be used: each problem is a line of its own. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

type Shape = typeof SETTINGS;
type Picked<Names extends keyof Shape> = z.output<z.ZodObject<Pick<Shape, Names>>>;

/**
 * Reads the settings that a command uses, and makes its own form of them.
 * @param make gets the values and `wrong`, to name what else is wrong with them
 * @throws SettingsError with all that is wrong, at once
 */
export function readSettings<Names extends keyof Shape, Result>(
  names: readonly Names[],
  env: Environment,
  make: (values: Picked<Names>, wrong: (problem: string) => undefined) => Result | undefined,
): Result {
  const problems = misspelt(env);
  const malformed: string[] = [];
  const values: Partial<Record<Names, unknown>> = {};
  for (const name of names) {
    const parsed = SETTINGS[name].safeParse(env[name]);
    if (parsed.success) values[name] = parsed.data;
    else {
      malformed.push(name);
      problems.push(...parsed.error.issues.map(({ message }) => `${name} ${message}`));
    }
  }
  const wrong = (problem: string) => {
    const follows = malformed.some((name) => new RegExp(`\\b${name}(_FILE)?\\b`).test(problem)); // each problem names its settings: mended, they may fit
    if (!follows) problems.push(problem);
    return undefined;
  };
  const made = make(values as Picked<Names>, wrong); // what is malformed is missing in it, and what is made of it is not used
  if (problems.length > 0 || made === undefined) throw new SettingsError(problems);
  return made;
}

/** A misspelt setting must not silently be the default. */
const misspelt = (env: Environment) =>
  Object.keys(env)
    .filter((name) => /^(KEEPER|BUNQ)_/.test(name) && !(name in SETTINGS))
    .map((name) => `${name} is not a setting of bunq-keeper: correct its name or unset it`);
