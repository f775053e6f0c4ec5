import type { Command } from 'commander';
import { diagnose } from '../diagnose.ts';
import { EXIT } from '../errors.ts';
import { hasProblem, showFindings } from '../finding.ts';
import { connectionArgument, jsonOption } from '../options.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('everything that can be wrong, all at once, each with its remedy')
    .argument('[name]', 'a connection', connectionArgument)
    .addOption(jsonOption())
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const findings = await diagnose(process.env, { name });
      showFindings(findings, json ?? false);
      if (hasProblem(findings)) process.exitCode = EXIT.failed;
    });
}
