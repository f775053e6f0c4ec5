import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { diagnose } from '../diagnose.ts';
import { EXIT } from '../errors.ts';
import { hasProblem, showFindings } from '../finding.ts';
import { examples } from '../help.ts';
import { connectionArgument, jsonOption } from '../options.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('everything that can be wrong, all at once, each with its remedy')
    .argument('[name]', 'a connection', connectionArgument)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('bunq-keeper doctor', 'bunq-keeper doctor acme', "bunq-keeper doctor --json | jq '.findings[] | select(.ok | not)'"),
    )
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const findings = await awaited('Looking at everything', diagnose(process.env, { name }));
      showFindings(findings, json ?? false);
      if (hasProblem(findings)) process.exitCode = EXIT.failed;
    });
}
