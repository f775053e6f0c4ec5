import type { Command } from 'commander';
import { type BunqContext, parseBunqContext } from '../bunq-context.ts';
import { UsageError } from '../errors.ts';
import { type Finding, hasProblem, refusal, wrong } from '../finding.ts';
import { type CredentialOptions, type ReachOptions, readGiven } from '../given.ts';
import { examples } from '../help.ts';
import { checkImport, type ImportOptions } from '../import-options.ts';
import { readInput } from '../input.ts';
import { jsonOption, noWaitOption, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { credentialFindings, credentialOf, type Purpose, reachFindings, reachOf } from '../preflight.ts';
import { onboardWithProgress } from '../progress.ts';
import { readClientSettings } from '../settings.ts';
import { purposeOf } from '../surroundings.ts';
import { callbackUrlOption, certificateOption, chainOption, permittedIpOption, signerOption } from './onboard.ts';

type Options = Pick<CredentialOptions, 'certificate' | 'chain' | 'signer'> & ReachOptions & WaitOptions;

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
  const given = readImport(file, options, purposeOf(name, process.env, new Date()));
  checkImport(given, readClientSettings(process.env).bank.name);
  await withKeeper(async (keeper) => {
    await keeper.importBunqContext(name, given);
    if (wait) process.exitCode = await onboardWithProgress(keeper, name, { json: json ?? false, timeoutMs: timeout });
    else if (json) printJson(await keeper.status(name));
    else tell(`${name} is imported, and goes on by itself: bunq-keeper watch ${name}`);
  });
}

/** @throws UsageError with all that is wrong, before anything connects */
export function readImport(file: string, options: CredentialOptions & ReachOptions, purpose: Purpose): ImportOptions {
  const given = readGiven(options);
  const findings = [...credentialFindings(given, purpose), ...reachFindings(given, given.certificate !== undefined)];
  const context = contextOf(file, findings);
  if (!context || hasProblem(findings)) throw refusal(findings);
  const credential = credentialOf(given, purpose.now);
  return { context, credential: credential?.type === 'qseal' ? credential : null, ...reachOf(given) };
}

/** Null where it cannot be used: then that is among the findings. */
function contextOf(file: string, findings: Finding[]): BunqContext | null {
  try {
    return parseBunqContext(readInput(file, 'The context'), file === '-' ? 'stdin' : file, Date.now());
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    findings.unshift(wrong('context', error.message));
    return null;
  }
}
