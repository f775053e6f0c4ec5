import { styleText } from 'node:util';
import { type Command, Option } from 'commander';

/** What every command's help has. */

/** The end of a command's help. Each works as written: a test has the program itself read it. */
export const examples = (...lines: readonly string[]) => `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;

/** The commands that do something: `sealing-keys add`, and not `sealing-keys`. */
export const leavesOf = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf));

export const quietOption = () => new Option('-q, --quiet', 'write nothing but data and errors');

/** A command is listed by its name alone: what it takes stands in its own help. commander takes colours away again where the stream has none. */
export const helpStyle = {
  subcommandTerm: (command: Command) => command.name(),
  styleTitle: (title: string) => styleText('bold', title, { validateStream: false }),
};
