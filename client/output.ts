/** What a person reads while data goes to stdout. */
export const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** Data: what a script reads. */
export const print = (text: string): void => void process.stdout.write(`${text}\n`);

export const printJson = (data: unknown): void => print(JSON.stringify(data));

/** Aligned columns. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) => row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column]!))).join('  '))
    .join('\n');
}
