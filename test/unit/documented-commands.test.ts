import { program } from '../../client/cli.ts';
import { SETTINGS } from '../../settings/schema.ts';
import { callsIn, wrongWith } from '../support/command-lines.ts';
import { inlineCodeOf, shellLinesOf } from '../support/markdown.ts';
import { readText, texts } from '../support/texts.ts';

/** What the pages say of commands and settings is what the program has. The change log tells of the past. */

const pages = texts().filter((path) => path.endsWith('.md') && path !== 'CHANGELOG.md');
const definition = await program();

const wrongIn = (linesOf: (page: string) => { target: string; line: number }[], complete: boolean) =>
  pages.flatMap((page) =>
    linesOf(readText(page)).flatMap(({ target, line }) =>
      callsIn(target).flatMap((words) => {
        const wrong = wrongWith(definition, words, complete);
        return wrong === null ? [] : [`${page}:${line}: ${words.join(' ')}: ${wrong}`];
      }),
    ),
  );

test('every command line in a block can be run as it stands: its command is there, with these options and arguments', () => {
  expect(pages.flatMap((page) => shellLinesOf(readText(page)).flatMap(({ target }) => callsIn(target))).length).toBeGreaterThan(50);
  expect(wrongIn(shellLinesOf, true)).toEqual([]);
});

test('every command that a sentence names is there, with these options', () => {
  expect(wrongIn(inlineCodeOf, false)).toEqual([]);
});

test('docs/commands.md has a row for every command, as it is', () => {
  const cells = [...readText('docs/commands.md').matchAll(/^\| (`.+?) \| /gm)].flatMap(([, cell]) =>
    inlineCodeOf(cell!).map(({ target }) =>
      target
        .replace(/\\\|/g, ' ')
        .split(/[\s[\]…]+/)
        .filter(Boolean),
    ),
  );
  const named = cells.map(([command]) => command);
  expect(definition.commands.map((command) => command.name()).filter((command) => !named.includes(command))).toEqual([]);
  expect(
    cells
      .map((words) =>
        wrongWith(
          definition,
          words.filter((word) => /^[a-z-]/.test(word)),
          false,
        ),
      )
      .filter(Boolean),
  ).toEqual([]);
});

test('a command, option or argument that is not there is seen', () => {
  const wrong = (line: string) => callsIn(line).map((words) => wrongWith(definition, words, true));
  expect(wrong('npx bunq-keeper statos acme')).toEqual(['there is no statos']);
  expect(wrong('bunq-keeper sealing-keys rotate')).toEqual(['there is no rotate']);
  expect(wrong('bunq-keeper status acme --quick | jq .')).toEqual(['status has no --quick']);
  expect(wrong('TOKEN=$(bunq-keeper session --reveal)')).toEqual(['session wants name']);
  expect(wrong('A=b bunq-keeper worker & bunq-keeper status acme carol')).toEqual([null, 'status takes no carol']);
});

const SHAPE = /\bKEEPER_[A-Z_]*[A-Z]\b(?!…)/g;

test('every setting that is named is one', () => {
  const named = pages.flatMap((page) => [...readText(page).matchAll(SHAPE)].map(([name]) => ({ page, name })));
  expect(named.length).toBeGreaterThan(50);
  expect(named.filter(({ name }) => !(name in SETTINGS) && name !== 'KEEPER_SANDBOX_STAND_IN')).toEqual([]);
});

test('docs/settings.md has every setting', () => {
  const page = readText('docs/settings.md');
  const missing = Object.keys(SETTINGS).filter((name) => name === name.toUpperCase() && !page.includes(`\`${name}\``));
  expect(missing).toEqual([]);
});
