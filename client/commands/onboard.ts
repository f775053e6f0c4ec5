import { type Command, Option } from 'commander';
import { awaited } from '../awaited.ts';
import { permitLines } from '../describe-certificate.ts';
import { diagnose } from '../diagnose.ts';
import { EXIT } from '../errors.ts';
import { hasProblem, refusal, showFindings } from '../finding.ts';
import { type CredentialOptions, type Given, type ReachOptions, readGiven } from '../given.ts';
import { examples } from '../help.ts';
import type { Keeper, OnboardOptions } from '../keeper.ts';
import { collect, jsonOption, noWaitOption, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { credentialFindings, credentialOf, isNobody, onboardingFindings, type Purpose, reachOf } from '../preflight.ts';
import { onboardWithProgress } from '../progress.ts';
import { purposeOf, settingsFindings, signerKeyFindings, warningsAround } from '../surroundings.ts';

interface Options extends CredentialOptions, ReachOptions, WaitOptions {
  check?: boolean;
}

export const certificateOption = () => new Option('--certificate <file>', 'the QSEAL certificate (PEM)');
export const chainOption = () =>
  new Option('--chain <file>', 'its intermediate and root certificates (PEM); a self-signed one is its own chain');
export const signerOption = () =>
  new Option(
    '--signer <signer>',
    "who seals: a name from the worker's KEEPER_QSEAL_SIGNERS, or file:/abs/key.pem or exec:/abs/program on the worker",
  );
export const callbackUrlOption = () => new Option('--callback-url <url>', 'where end users return to (repeatable)').argParser(collect);
export const permittedIpOption = () =>
  new Option(
    '--permitted-ip <address>',
    'who may use the API key: an IPv4 address or any (repeatable); the calling address by default',
  ).argParser(collect);
export const apiKeyFileOption = () => new Option('--api-key-file <file>', 'a file with a bunq API key, - for stdin');

export function registerOnboard(program: Command): void {
  program
    .command('onboard')
    .summary('register a provider or an API-key user, and keep its session')
    .description('register a PSD2 provider (or an API-key user) and keep its session; attaches to it when it is there')
    .argument(
      '<name>',
      'the name of the connection',
      providerArgument('its user grants access by a link: bunq-keeper connect-user PROVIDER USER'),
    )
    .addOption(certificateOption())
    .addOption(chainOption())
    .addOption(signerOption())
    .addOption(apiKeyFileOption())
    .option('--sandbox-user', 'let the sandbox make a user')
    .addOption(callbackUrlOption())
    .addOption(permittedIpOption())
    .option('--check', 'only look at what could be wrong: everything at once, each with its remedy')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper onboard acme --certificate cert.pem --chain chain.pem --signer acme-hsm --callback-url https://acme.example/callback',
        'bunq-keeper onboard acme --certificate cert.pem --signer file:/etc/acme/key.pem --callback-url https://acme.example/callback --check',
        'bunq-keeper onboard mine --api-key-file api-key.txt --permitted-ip 203.0.113.7',
        'bunq-keeper onboard try --sandbox-user',
      ),
    )
    .action(onboard);
}

async function onboard(name: string, options: Options): Promise<void> {
  const given = readGiven(options);
  const purpose = purposeOf(name, process.env, new Date());
  if (options.check) return check(given, purpose, options);
  await demandRight(given, purpose);
  const onboarding = onboardingOf(given, purpose.now);
  if (onboarding.credential.type === 'qseal') {
    tell(`What its certificate allows ${name} at bunq:`);
    for (const line of permitLines(onboarding.credential.roles)) tell(`  ${line}`);
  }
  if (onboarding.credential.type === 'api-key' && onboarding.callbackUrls.length > 0) {
    tell("Note: connecting other people's accounts by OAuth may need a licence (PSD2); an API key alone is for one's own.");
  }
  await withKeeper(async (keeper) => {
    if (!(await keeper.has(name))) await lookAround(keeper, given, purpose);
    await start(keeper, name, onboarding, options);
  });
}

/** All that is wrong with what was given and with the settings, in one error. @throws UsageError */
async function demandRight(given: Given, purpose: Purpose): Promise<void> {
  const findings = onboardingFindings(given, purpose);
  if (!hasProblem(findings)) return;
  throw refusal([...settingsFindings(process.env), ...findings, ...(await signerKeyFindings(given, purpose))]);
}

/** What stands around a new connection, as far as it is seen from here. @throws UsageError for a signer with another key */
async function lookAround(keeper: Keeper, given: Given, purpose: Purpose): Promise<void> {
  const [ofKey, warnings] = await Promise.all([
    signerKeyFindings(given, purpose),
    warningsAround(keeper.client, given.signer, process.env),
  ]);
  if (hasProblem(ofKey)) throw refusal(ofKey);
  for (const warning of warnings) tell(`Warning: ${warning}`);
}

/** Everything that is wrong with what was given, and around it. @throws UsageError where nobody is named to look at */
async function check(given: Given, purpose: Purpose, { json }: Options): Promise<void> {
  const ofGiven = onboardingFindings(given, purpose);
  if (isNobody(given)) throw refusal(ofGiven);
  const ofKey = await signerKeyFindings(given, purpose);
  const findings = [...ofGiven, ...ofKey, ...(await awaited('Looking at everything', diagnose(process.env, { signer: given.signer })))];
  showFindings(findings, json ?? false);
  if (hasProblem(findings)) process.exitCode = EXIT.failed;
}

async function start(keeper: Keeper, name: string, given: OnboardOptions, { json, wait, timeout }: Options): Promise<void> {
  const { isNew } = await keeper.onboard(name, given);
  if (!isNew) tell(`${name} is there already.`);
  if (wait) process.exitCode = await onboardWithProgress(keeper, name, { json: json ?? false, timeoutMs: timeout });
  else if (json) printJson(await keeper.status(name));
  else tell(`${name} is being onboarded: bunq-keeper watch ${name}`);
}

/** What a connection is onboarded with. @throws UsageError with all that is wrong, before anything connects */
export function readOnboarding(options: CredentialOptions & ReachOptions): OnboardOptions {
  const given = readGiven(options);
  const now = new Date();
  const findings = onboardingFindings(given, { connection: null, environment: null, signers: null, now });
  if (hasProblem(findings)) throw refusal(findings);
  return onboardingOf(given, now);
}

/** Of what was found right. */
const onboardingOf = (given: Given, now: Date): OnboardOptions => ({ credential: credentialOf(given, now)!, ...reachOf(given) });

/** Null when none is given. @throws UsageError with all that is wrong */
export function readCredential(options: CredentialOptions, name: string): OnboardOptions['credential'] | null {
  const given = readGiven(options);
  const purpose = purposeOf(name, process.env, new Date());
  const findings = credentialFindings(given, purpose);
  if (hasProblem(findings)) throw refusal(findings);
  return credentialOf(given, purpose.now);
}
