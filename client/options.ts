import { InvalidArgumentError, Option } from 'commander';
import { parseDuration } from '../workflows/duration.ts';
import { isUserName, NAME_PATTERN, USER_NAME_PATTERN } from '../workflows/names.ts';
import { awaited } from './awaited.ts';
import { UnknownConnectionError } from './errors.ts';
import type { Keeper } from './keeper.ts';
import { LIFECYCLE_STATES } from './lifecycle-states.ts';
import { didYouMean, similar } from './similar.ts';

/** Options and arguments that several commands have. */

export const jsonOption = () => new Option('--json', 'print JSON');

export const timeoutOption = () =>
  new Option('--timeout <duration>', 'how long to wait, as 90s, 10m or 1h').argParser(durationArgument).default(10 * 60_000, '10m');

export const noWaitOption = () => new Option('--no-wait', 'do not wait for the outcome');

export function durationArgument(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError('A duration is a whole number and s, m, h or d: 90s, 10m.');
  return ms;
}

const WHAT_A_NAME_IS =
  'A name is a-z, 0-9 and -, at most 63, starting with a letter or digit; it is shown in plain text, so no e-mail address and no account number.';

export function nameArgument(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new InvalidArgumentError(WHAT_A_NAME_IS);
}

/** A connection of whatever kind: NAME, or PROVIDER/USER for an end user's. */
export function connectionArgument(text: string): string {
  if (USER_NAME_PATTERN.test(text) || NAME_PATTERN.test(text)) return text;
  if (!isUserName(text)) return nameArgument(text);
  throw new InvalidArgumentError(`An end user's connection is PROVIDER/USER, as acme/alice. ${WHAT_A_NAME_IS}`);
}

/** A connection that is no end user's. */
export const providerArgument = (why: string) => (text: string) => {
  if (!USER_NAME_PATTERN.test(text)) return nameArgument(text);
  throw new InvalidArgumentError(`${text} is an end user’s connection, and ${why}`);
};

/** The end user's part of PROVIDER/USER. */
export function userArgument(text: string): string {
  if (NAME_PATTERN.test(text)) return text;
  throw new InvalidArgumentError(`Give the provider and the user apart: acme alice. ${WHAT_A_NAME_IS}`);
}

/** One of a few words. */
export const oneOf =
  (words: readonly string[], what: string) =>
  (text: string): string => {
    if (words.includes(text)) return text;
    throw new InvalidArgumentError(`${didYouMean(text, words)} ${what} ${words.join(', ')}.`.trimStart());
  };

const stateArgument = oneOf(LIFECYCLE_STATES, 'The states are');

/** Repeatable. */
export const statesArgument = (text: string, all: string[] = []): string[] => [...all, stateArgument(text)];

export const numberArgument = (of: string, most: number) => (text: string) => {
  if (/^[1-9]\d*$/.test(text) && Number(text) <= most) return Number(text);
  throw new InvalidArgumentError(`Give a number of ${of}, 1 to ${most}.`);
};

/** Repeatable: each occurrence adds one. */
export const collect = (value: string, all: string[] = []): string[] => [...all, value];

export interface WaitOptions {
  json?: boolean;
  wait: boolean;
  timeout: number;
}

/** Connects, does it, and closes the connection whatever happens. */
export async function withKeeper<Result>(action: (keeper: Keeper) => Promise<Result>): Promise<Result> {
  const { Keeper } = await import('./keeper.ts');
  const keeper = await awaited('Connecting to Temporal', Keeper.connect());
  try {
    return await action(keeper);
  } catch (error) {
    throw error instanceof UnknownConnectionError ? await withSuggestion(keeper, error) : error;
  } finally {
    await keeper.close();
  }
}

/** Names the connections that were perhaps meant, where Temporal tells them soon. */
async function withSuggestion({ client, environment }: Keeper, error: UnknownConnectionError): Promise<UnknownConnectionError> {
  const { connectionNames } = await import('./connection-list.ts');
  const names = await connectionNames(client, environment, isUserName(error.connection)).catch(() => []);
  return new UnknownConnectionError(error.connection, environment, similar(error.connection, names));
}
