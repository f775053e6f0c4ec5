import type { Command } from 'commander';
import { examples } from '../help.ts';

export function registerWorker(program: Command): void {
  program
    .command('worker')
    .description('run workflows and activities until SIGTERM')
    .option(
      '--callback-port <port>',
      'take the end users that the bank sends back, on 127.0.0.1 (KEEPER_CALLBACK_ADDRESS for another address)',
    )
    .addHelpText('after', examples('bunq-keeper worker', 'bunq-keeper worker --callback-port 8095'))
    .action(async ({ callbackPort }: { callbackPort?: string }) => {
      const { readWorkerSettings, runWorker } = await import('../../worker/index.ts');
      const callbackAddress = callbackPort !== undefined && { KEEPER_CALLBACK_ADDRESS: `127.0.0.1:${callbackPort}` };
      await runWorker(readWorkerSettings({ ...process.env, ...callbackAddress }));
    });
}
