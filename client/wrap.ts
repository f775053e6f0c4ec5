import { stripVTControlCharacters } from 'node:util';
import { COMMAND } from './look.ts';

/** Lines that fit, for people on a terminal. Pure. */

/** As it is seen: a colour takes no room. */
export const widthOf = (text: string) => [...stripVTControlCharacters(text)].length;

/** Lines of at most that width, broken between words; a longer word or a command stays in one piece, so that it can be copied. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const unit of units(text)) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(unit) <= width) lines[lines.length - 1] = `${line} ${unit}`;
    else lines.push(unit);
  }
  return lines;
}

/** The same for a sentence behind its indentation or mark, which is kept for what follows it. */
export function folded(line: string, width: number): string {
  if (widthOf(line) <= width) return line;
  const [lead] = /^\s*(?:[✔✖!–•] )?/.exec(line)!;
  return lead + wrapped(line.slice(lead.length), width - lead.length).join(`\n${' '.repeat(lead.length)}`);
}

/** Words, and commands in one piece. */
function units(text: string): string[] {
  const HELD = '\0';
  const held = text.replace(COMMAND, (command) => command.replaceAll(' ', HELD));
  return held
    .split(' ')
    .filter((unit) => unit !== '')
    .map((unit) => unit.replaceAll(HELD, ' '));
}
