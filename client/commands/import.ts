import type { Command } from 'commander';
import { parseBunqContext } from '../bunq-context.ts';
import { examples } from '../help.ts';
import { checkImport, type ImportOptions } from '../import-options.ts';
import { readInput } from '../input.ts';
import { jsonOption, noWaitOption, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { onboardWithProgress } from '../progress.ts';
import { readClientSettings } from '../settings.ts';
import {
  callbackUrlOption,
  certificateOption,
  chainOption,
  permittedIpOption,
  readCredential,
  readReach,
  signerOption,
} from './onboard.ts';

interface Options extends WaitOptions {
  certificate?: string;
  chain?: string;
  signer?: string;
  callbackUrl?: string[];
  permittedIp?: string[];
}

export function registerImport(program: Command): void {
  program
    .command('import')
    .summary('go on with what another program has registered')
    .description('go on with what another program has registered with bunq')
    .command('bunq-context')
    .description("the context file of bunq's SDKs (bunq.conf): its installation, device, API key and session; nothing is registered twice")
    .argument(
      '<name>',
      'the name of the new connection',
      providerArgument('its user grants access by a link: bunq-keeper connect-user PROVIDER USER'),
    )
    .argument('<file>', 'the file, - for stdin')
    .addOption(certificateOption())
    .addOption(chainOption())
    .addOption(signerOption())
    .addOption(callbackUrlOption())
    .addOption(permittedIpOption())
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper import bunq-context acme bunq.conf',
        `bunq-keeper import bunq-context acme bunq.conf --certificate cert.pem --chain chain.pem --signer acme-hsm --callback-url https://acme.example/callback`,
      ),
    )
    .action(importBunqContext);
}

async function importBunqContext(name: string, file: string, { wait, timeout, json, ...options }: Options): Promise<void> {
  const given = readImport(file, options);
  checkImport(given, readClientSettings(process.env).bank.name);
  await withKeeper(async (keeper) => {
    await keeper.importBunqContext(name, given);
    if (wait) process.exitCode = await onboardWithProgress(keeper, name, { json: json ?? false, timeoutMs: timeout });
    else if (json) printJson(await keeper.status(name));
    else tell(`${name} is imported, and goes on by itself: bunq-keeper watch ${name}`);
  });
}

/** @throws UsageError, before anything connects */
export function readImport(file: string, options: Omit<Options, keyof WaitOptions>): ImportOptions {
  const context = parseBunqContext(readInput(file, 'The context'), file === '-' ? 'stdin' : file, Date.now());
  const qseal = readCredential(options);
  const credential = qseal?.type === 'qseal' ? qseal : null;
  return { context, credential, ...readReach(credential ? 'qseal' : 'api-key', options) };
}
