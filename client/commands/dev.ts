import type { Command } from 'commander';
import { examples } from '../help.ts';

export function registerDev(program: Command): void {
  program
    .command('dev')
    .summary('everything on this machine, with one provider onboarded')
    .description('everything on this machine: Temporal with its UI, the bank simulator, a worker, and one provider onboarded')
    .option('--once', 'end after the first ACTIVE')
    .option('--sandbox', "use bunq's public sandbox in place of the simulator")
    .option('--temporal <address>', 'use this Temporal server (loopback only)')
    .addHelpText('after', examples('bunq-keeper dev', 'bunq-keeper dev --once', 'bunq-keeper dev --sandbox'))
    .action(async (options: { once?: boolean; sandbox?: boolean; temporal?: string }) => {
      const { dev } = await import('../dev/dev.ts');
      process.exitCode = await dev(options, process.env);
    });
}
