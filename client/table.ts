import { paintCommands, screenWidth } from './look.ts';
import { widthOf, wrapped } from './wrap.ts';

const GAP = '  ';
/** With less room than this beside the others, the last column goes below them. */
const LEAST_ROOM = 30;
/** What is so short, as a heading or a dash, stays on its line in any case. */
const SHORT = 8;

/**
 * Aligned columns. On a terminal the last one is wrapped at words to fit, and goes below the row where it has too little room; a command
 * is never broken, so that it can be copied, and set off by its colour. Nothing is cut off. Elsewhere a row is a line.
 */
export function table(rows: readonly (readonly string[])[], width: number = screenWidth(process.stdout)): string {
  const last = (rows[0]?.length ?? 1) - 1;
  const widths = Array.from({ length: last }, (_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? ''))));
  const indent = widths.reduce((sum, one) => sum + one + GAP.length, 0);
  const lines = (row: readonly string[]): string[] => {
    const head = row
      .slice(0, last)
      .map((cell, column) => padded(cell, widths[column]!) + GAP)
      .join('');
    const cell = row[last] ?? '';
    if (widthOf(cell) <= Math.max(SHORT, width - indent)) return [head + cell];
    if (width - indent < LEAST_ROOM) return [head, ...wrapped(cell, width - GAP.length).map((line) => GAP + line)];
    return wrapped(cell, width - indent).map((line, index) => (index === 0 ? head : ' '.repeat(indent)) + line);
  };
  return rows
    .flatMap(lines)
    .map((line) => paintCommands(line.trimEnd()))
    .join('\n');
}

const padded = (text: string, width: number) => text + ' '.repeat(Math.max(0, width - widthOf(text)));
