import type { Outcome, Ran } from './run.ts';

const COLUMNS = ['case', 'expected', 'seen', 'settings of the simulator'] as const;

/** The report for people: what is different, what was not tried and why, what was left behind, and how many of each. */
export function reportOf(title: string, { outcomes, leftovers }: Ran): string {
  const of = (result: Outcome['result']) => outcomes.filter((one) => one.result === result);
  const [different, notTried] = [of('different'), of('not tried')];
  const parts = [
    different.length === 0 ? `${title}: nothing is different.` : `${title}: different from what is expected:\n\n${table(different)}`,
    ...(notTried.length === 0 ? [] : [`Not tried:\n${reasons(notTried)}`]),
    leftovers,
    `${of('as expected').length} as expected, ${different.length} different, ${notTried.length} not tried`,
  ];
  return `${parts.join('\n\n')}\n`;
}

function table(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ area, name, expected, seen, settings }) => [`${area}: ${name}`, expected, seen, settings.join(', ')]);
  const cells = [[...COLUMNS], ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|').replace(/\s+/g, ' ')));
  const widths = COLUMNS.map((_, column) => Math.max(...cells.map((row) => row[column]!.length)));
  const lines = cells.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`);
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`;
  return [lines[0], rule, ...lines.slice(1)].join('\n');
}

const reasons = (outcomes: readonly Outcome[]): string => outcomes.map(({ area, name, seen }) => `- ${area}: ${name}: ${seen}`).join('\n');
