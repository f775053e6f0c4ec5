import { createInterface } from 'node:readline/promises';
import type { Command } from 'commander';
import { UsageError } from '../errors.ts';
import type { Keeper } from '../keeper.ts';
import { jsonOption, nameArgument, noWaitOption, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

interface Options extends WaitOptions {
  yes?: boolean;
  forget?: boolean;
}

export function registerDisconnect(program: Command): void {
  program
    .command('disconnect')
    .description('close the sessions at the bank and end the workflow')
    .argument('<name>', 'the connection', nameArgument)
    .option('--forget', 'delete its histories from Temporal too')
    .option('--yes', 'do not ask')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .action(async (name: string, options: Options) => {
      if (options.forget && !options.wait) throw new UsageError('--forget waits for the end: it does not go with --no-wait.');
      if (!options.yes)
        await confirm(`Close the sessions of ${name} at the bank and end its workflow? A new onboarding is needed afterwards. [y/N] `);
      await withKeeper((keeper) => disconnect(keeper, name, options));
    });
}

async function disconnect(keeper: Keeper, name: string, { wait, timeout, json, forget }: Options): Promise<void> {
  await keeper.disconnect(name);
  if (!wait) return tell('The wish is recorded.');
  const status = await waitFor(keeper, name, { until: ({ state }) => state === 'DISCONNECTED', timeoutMs: timeout });
  const { leftOpen } = await keeper.disconnected(name);
  for (const { sessionId, expiresAt } of leftOpen)
    tell(`Session ${sessionId} could not be closed at the bank; it expires at ${expiresAt}.`);
  tell(
    `${name} is disconnected. At the bank there remain its installation, device and OAuth client; an API key is revoked in the bunq app.`,
  );
  if (forget) tell(`${await keeper.forget(name)} histories were deleted from Temporal; archives and back-ups are not touched.`);
  if (json) printJson({ ...status, leftOpen });
}

async function confirm(question: string): Promise<void> {
  if (!process.stdin.isTTY || !process.stderr.isTTY)
    throw new UsageError('This ends a connection: say --yes where there is no terminal to ask.');
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await asked.question(question);
  asked.close();
  if (!/^y(es)?$/i.test(answer.trim())) throw new UsageError('Nothing was done.');
}
