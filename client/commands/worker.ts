import type { Command } from 'commander';

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('run workflows and activities until SIGTERM')
    .action(async () => {
      const { readWorkerSettings, runWorker } = await import('../../worker/index.ts');
      await runWorker(readWorkerSettings(process.env));
    });
}
