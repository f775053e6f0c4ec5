import { Argument, type Command } from 'commander';
import { examples } from '../help.ts';
import { oneOf } from '../options.ts';
import { print } from '../output.ts';
import { jsonSchema, OUTPUT_NAMES, type OutputName } from '../schemas/index.ts';

export function registerSchema(program: Command): void {
  program
    .command('schema')
    .summary('the JSON Schema of what --json prints')
    .description('the JSON Schema of what --json prints; without a name: which there are')
    .addArgument(new Argument('[output]', 'which').choices(OUTPUT_NAMES).argParser(oneOf(OUTPUT_NAMES, 'There are')))
    .addHelpText('after', examples('bunq-keeper schema', 'bunq-keeper schema status > status.schema.json'))
    .action((name: OutputName | undefined) => {
      if (name === undefined) print(OUTPUT_NAMES.join('\n'));
      else print(JSON.stringify(jsonSchema(name), null, 2));
    });
}
