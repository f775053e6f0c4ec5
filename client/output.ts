import { clearLine, cursorTo } from 'node:readline';
import { paintLine, screenWidth } from './look.ts';
import type { JsonOutput } from './schemas/outputs.ts';
import { folded } from './wrap.ts';

/** Where everything is written: data to stdout, all else to stderr. */

let quiet = false;

/** With `--quiet` only data and what is wrong are written. */
export const beQuiet = (wanted: boolean): void => {
  quiet = wanted;
};

export const isQuiet = () => quiet;

/** What a person reads beside the data. What begins with ✖ is wrong, and is told in any case. */
export function tell(line: string): void {
  if (!quiet || line.startsWith('✖ ')) complain(line);
}

/** An error, or what a person has to know: told in any case. */
export function complain(line: string): void {
  eraseDrawn();
  const lines = line.split('\n').map((one) => folded(one, screenWidth(process.stderr)));
  process.stderr.write(`${paintLine(lines.join('\n'), process.stderr)}\n`);
}

/** Data: what a script reads. */
export function print(text: string): void {
  eraseDrawn();
  process.stdout.write(`${text}\n`);
}

/** One of the documented shapes (docs/json.md), on one line. */
export const printJson = (data: JsonOutput): void => print(JSON.stringify(data));

/** A line can be drawn over: stderr is a terminal that can move its cursor, and no log of a check. */
export const canRedraw = () => process.stderr.isTTY === true && !process.env.CI && process.env.TERM !== 'dumb';

let isDrawn = false;

/** Draws a line on the terminal over the one drawn before; whatever else is written takes its place. */
export function draw(line: string): void {
  eraseDrawn();
  process.stderr.write(line.slice(0, process.stderr.columns - 1));
  isDrawn = true;
}

export function eraseDrawn(): void {
  if (!isDrawn) return;
  cursorTo(process.stderr, 0);
  clearLine(process.stderr, 0);
  isDrawn = false;
}
