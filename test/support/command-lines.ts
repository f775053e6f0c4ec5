import type { Command } from 'commander';

/** Command lines as documents show them, read by the program's own definition. */

/** At the place of a command: first, behind `;`, `&`, `|` or `(`, behind variables, or in a container. */
const PROGRAM =
  /(?:^|[;&|(]|\bexec(?: -T)? worker|[A-Z]=\S+)\s*(?:npx bunq-keeper|bunq-keeper|npm run -s keeper --|node scripts\/keeper\.mjs|npm start --)(?=\s|$)/;

/** The arguments of each call of the program in a line of shell; what stands behind `|`, `;`, `&`, `>` or `#` is another's. */
export function callsIn(line: string): string[][] {
  const calls: string[][] = [];
  for (let rest = line, match = PROGRAM.exec(rest); match; match = PROGRAM.exec(rest)) {
    const isStart = match[0].includes('npm start');
    rest = rest.slice(match.index + match[0].length);
    const words = wordsOf(rest);
    calls.push(isStart ? ['dev', ...words] : words);
  }
  return calls;
}

function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const [, single, double, bare, stop] of text.matchAll(/'([^']*)'|"([^"]*)"|((?!\d?>)(?:\\.|[^\s'"|;&><#)])+)|(\d?>|[|;&<#)])/g)) {
    if (stop !== undefined) break;
    words.push(single ?? double ?? bare!);
  }
  return words.filter((word) => word !== '…' && word !== '\\');
}

/** What is wrong with a call, in the program's words; null when it is one. @param complete whether it stands to be run as it is */
export function wrongWith(program: Command, words: readonly string[], complete: boolean): string | null {
  let command = program;
  const rest = [...words];
  if (rest[0] === 'help') return null;
  while (rest.length > 0) {
    const next = command.commands.find((candidate) => candidate.name() === rest[0]);
    if (!next) break;
    command = next;
    rest.shift();
  }
  if (command.commands.length > 0 && rest.length > 0 && !rest[0]!.startsWith('-')) return `there is no ${rest[0]}`;
  const operands: string[] = [];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (!/^--?[a-z]/.test(word)) {
      operands.push(word);
      continue;
    }
    const [flag, value] = word.split('=') as [string, string?];
    if (flag === '--help') return null;
    const option = command.options.find(({ long, short }) => long === flag || short === flag);
    if (!option) return `${command.name()} has no ${flag}`;
    if (option.required && value === undefined && rest.shift() === undefined && complete) return `${flag} wants a value`;
  }
  const wanted = command.registeredArguments;
  const isVariadic = wanted.at(-1)?.variadic === true;
  if (operands.length > wanted.length && !isVariadic) return `${command.name()} takes no ${operands[wanted.length]}`;
  if (complete && operands.length < wanted.filter(({ required }) => required).length)
    return `${command.name()} wants ${wanted.map((one) => one.name()).join(' ')}`;
  return null;
}
