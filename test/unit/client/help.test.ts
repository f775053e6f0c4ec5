import { describe, expect, test } from '@jest/globals';
import type { Command } from 'commander';
import { program } from '../../../client/cli.ts';
import { leavesOf } from '../../../client/help.ts';

/** Its path: `sealing-keys add`. */
const pathOf = (command: Command): string => (command.parent?.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name());

function helpOf(command: Command): string {
  let text = '';
  command.configureOutput({ writeOut: (part) => (text += part) }).outputHelp();
  return text;
}

const examplesIn = (help: string): string[] => (help.split('\nExamples:\n')[1] ?? '').split('\n').filter((line) => line.trim() !== '');

/** The words of `bunq-keeper …` in a line for a shell, up to what the shell itself does with it. */
function wordsOf(line: string): string[] {
  const [, command = ''] = /bunq-keeper ((?:'[^']*'|[^'|>)])*)/.exec(line) ?? [];
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
}

/** What the program's own parser makes of it: the command whose action would have run. */
async function parsed(words: readonly string[]): Promise<string | undefined> {
  let ran: string | undefined;
  const command = await program();
  for (const leaf of leavesOf(command))
    leaf.action(() => {
      ran = pathOf(leaf);
    });
  await command.parseAsync(words, { from: 'user' });
  return ran;
}

const leaves = leavesOf(await program());

describe.each(leaves.map((leaf) => [pathOf(leaf), leaf] as const))('%s', (path, leaf) => {
  const help = helpOf(leaf);
  const lines = examplesIn(help);

  test('has one to four examples', () => {
    expect(lines.length).toBeGreaterThanOrEqual(1);
    expect(lines.length).toBeLessThanOrEqual(4);
  });

  test.each(lines)('the program takes %s', async (line) => {
    expect(await parsed(wordsOf(line))).toBe(path);
  });

  test('can be quiet', () => {
    expect(help).toContain('-q, --quiet');
  });
});

test('the help of the program has every command in a group, on one screen of 80 columns', async () => {
  const command = (await program()).configureOutput({ getOutHelpWidth: () => 80 });
  const help = helpOf(command);
  expect(help).not.toMatch(/^Commands:$/m);
  for (const { name } of command.commands.map((one) => ({ name: one.name() }))) expect(help).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  expect(help.split('\n').length).toBeLessThanOrEqual(50);
});

test('a line for a shell ends where the shell goes on with it', () => {
  expect(wordsOf(`  X=$(bunq-keeper call a GET '/b|c' --json | jq '.d') > e`)).toEqual(['call', 'a', 'GET', '/b|c', '--json']);
});
