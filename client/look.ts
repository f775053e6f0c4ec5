import { styleText } from 'node:util';
import type { LifecycleState } from '../workflows/state.ts';

/**
 * How it looks on a terminal. Plain, and lines without an end, unless the command line runs: a library's texts are the same anywhere.
 * Colours, sparingly: states, marks, and the command in a remedy. Each stream is judged for itself, by Node: a terminal that has colours,
 * unless `NO_COLOR` or `TERM=dumb` says otherwise; with `FORCE_COLOR` a pipe too.
 */

type Colour = 'green' | 'yellow' | 'red' | 'cyan';

let isDressed = false;

/** What is written from now on is for the streams as they are, or for none. */
export const dress = (wanted: boolean): void => {
  isDressed = wanted;
};

/** Columns of the terminal that a stream is; no end without one. */
export const screenWidth = ({ columns }: { readonly columns?: number }): number => (isDressed && columns) || Number.POSITIVE_INFINITY;

/** Only where colours are wanted. */
export const paint = (colour: Colour, text: string, stream: NodeJS.WritableStream): string =>
  isDressed ? styleText(colour, text, { stream }) : text;

/** Green: all is well; yellow: it goes on, or is about to; red: there is no session, or a person is needed. */
const STATES: Readonly<Record<LifecycleState, Colour | null>> = {
  ACTIVE: 'green',
  ONBOARDING: 'yellow',
  RENEWING: 'yellow',
  DEGRADED: 'yellow',
  AWAITING_AUTHORIZATION: 'yellow',
  LAPSED: 'red',
  REVOKED: 'red',
  ACTION_REQUIRED: 'red',
  DISCONNECTED: null,
};

/** A state as it is printed on stdout. */
export function paintState(state: LifecycleState, stream: NodeJS.WritableStream = process.stdout): string {
  const colour = STATES[state];
  return colour ? paint(colour, state, stream) : state;
}

/** A command as the remedies have it, with the settings before it: behind a colon, in brackets or at the beginning, and up to the next comma or the end of the sentence. */
export const COMMAND = /(?<=^ *|: |\()(?:[A-Z_]+=[^\s,;()]+ )*(?:npx )?bunq-keeper [a-z]+(?:-[a-z]+)*(?: (?:[^\s,;()]*[^\s,;().]))*/gm;

const MARKS: Readonly<Record<string, Colour>> = { '✔': 'green', '✖': 'red', '!': 'yellow' };

/** A line for a person with its mark and its commands set off. */
export const paintLine = (line: string, stream: NodeJS.WritableStream): string =>
  paintCommands(
    line.replace(/^[✔✖!](?= )/gm, (mark) => paint(MARKS[mark]!, mark, stream)),
    stream,
  );

export const paintCommands = (text: string, stream: NodeJS.WritableStream = process.stdout): string =>
  text.replace(COMMAND, (command) => paint('cyan', command, stream));
