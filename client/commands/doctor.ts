import type { Command } from 'commander';
import { diagnose, hasProblem, showFindings } from '../diagnose.ts';
import { EXIT } from '../errors.ts';
import { connectionArgument, jsonOption } from '../options.ts';

export function registerDoctor(program: Command): void {
  program
    .command('doctor')
    .description('everything that can be wrong, all at once, each with its remedy')
    .argument('[name]', 'a connection', connectionArgument)
    .addOption(jsonOption())
    .action(async (name: string | undefined, { json }: { json?: boolean }) => {
      const findings = await diagnose(process.env, name ?? null);
      showFindings(findings, json ?? false);
      if (hasProblem(findings)) process.exitCode = EXIT.failed;
    });
}
