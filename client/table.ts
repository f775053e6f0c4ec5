import { stripVTControlCharacters } from 'node:util';
import { COMMAND, paintCommands, screenWidth } from './look.ts';

const GAP = '  ';
/** With less room than this beside the others, the last column goes below them. */
const LEAST_ROOM = 30;

/**
 * Aligned columns. On a terminal the last one is wrapped at words to fit, and goes below the row where it has too little room; a command
 * is never broken, so that it can be copied, and set off by its colour. Nothing is cut off. Elsewhere a row is a line.
 */
export function table(rows: readonly (readonly string[])[], width: number = screenWidth()): string {
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  const indent = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  const lines = (row: readonly string[]): string[] => {
    const head = row.slice(0, last).map((cell, column) => padded(cell, widths[column]!) + GAP);
    const cell = row[last] ?? '';
    if (indent + widthOf(cell) <= width) return [head.join('') + paintCommands(cell)];
    if (width - indent < LEAST_ROOM) return [head.join(''), ...wrapped(cell, width - GAP.length).map((line) => GAP + line)];
    return wrapped(cell, width - indent).map((line, index) => (index === 0 ? head.join('') : ' '.repeat(indent)) + line);
  };
  return rows
    .flatMap(lines)
    .map((line) => line.trimEnd())
    .join('\n');
}

/** As it is seen: a colour takes no room. */
const widthOf = (text: string) => [...stripVTControlCharacters(text)].length;

const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Lines of at most that width, unless a word or a command is longer. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const unit of units(text)) {
    const line = lines.at(-1);
    if (line !== undefined && widthOf(line) + 1 + widthOf(unit) <= width) lines[lines.length - 1] = `${line} ${unit}`;
    else lines.push(unit);
  }
  return lines.map((line) => paintCommands(line));
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
