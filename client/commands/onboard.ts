import { accessSync, constants, readFileSync } from 'node:fs';
import { isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { isEncryptedKey } from '../../bunq/qseal.ts';
import { Secret } from '../../sealing/secret.ts';
import { isNamedSigner, NAME_PATTERN } from '../../workflows/names.ts';
import { awaited } from '../awaited.ts';
import { checkCallbackUrl } from '../callback-url.ts';
import { certificateFindings } from '../certificate-findings.ts';
import { permitLines } from '../describe-certificate.ts';
import { diagnose, hasProblem, showFindings } from '../diagnose.ts';
import { EXIT, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import type { Keeper, OnboardOptions } from '../keeper.ts';
import { collect, jsonOption, noWaitOption, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { printJson, tell } from '../output.ts';
import { onboardWithProgress } from '../progress.ts';
import { type QsealCredentialInput, qsealCredential } from '../qseal-credential.ts';

interface CredentialOptions {
  certificate?: string;
  chain?: string;
  signer?: string;
  apiKeyFile?: string;
  sandboxUser?: boolean;
}

interface Options extends CredentialOptions, WaitOptions {
  callbackUrl?: string[];
  permittedIp?: string[];
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
  ).argParser(permittedIp);
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
    .option('--check', 'only look at what could be wrong')
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
  if (options.check) return check(options);
  const given = readOnboarding(options);
  if (given.credential.type === 'qseal') {
    tell(`What its certificate allows ${name} at bunq:`);
    for (const line of permitLines(given.credential.roles)) tell(`  ${line}`);
  }
  if (given.credential.type === 'api-key' && given.callbackUrls.length > 0) {
    tell("Note: connecting other people's accounts by OAuth may need a licence (PSD2); an API key alone is for one's own.");
  }
  await withKeeper((keeper) => start(keeper, name, given, options));
}

/** Everything that is wrong with the certificate at once, where onboarding would end with the first. @throws UsageError for what else was given */
async function check(options: Options): Promise<void> {
  const files = options.certificate === undefined ? null : readQsealFiles(options.certificate, options);
  const ofCertificate = files ? certificateFindings({ ...files, now: new Date() }) : [];
  if (!hasProblem(ofCertificate)) readOnboarding(options, files);
  const findings = [...ofCertificate, ...(await awaited('Looking at everything', diagnose(process.env, null)))];
  showFindings(findings, options.json ?? false);
  if (hasProblem(findings)) process.exitCode = EXIT.failed;
}

async function start(keeper: Keeper, name: string, given: OnboardOptions, { json, wait, timeout }: Options): Promise<void> {
  const { isNew } = await keeper.onboard(name, given);
  if (!isNew) tell(`${name} is there already.`);
  if (wait) process.exitCode = await onboardWithProgress(keeper, name, { json: json ?? false, timeoutMs: timeout });
  else if (json) printJson(await keeper.status(name));
  else tell(`${name} is being onboarded: bunq-keeper watch ${name}`);
}

/**
 * @param files of the certificate, where they were read already
 * @throws UsageError, before anything connects
 */
export function readOnboarding(options: Options, files: QsealFiles | null = null): OnboardOptions {
  const credential = readCredential(options, files);
  if (!credential)
    throw new UsageError('Say who is onboarded: --certificate F --signer S (a PSD2 provider), --api-key-file F, or --sandbox-user.');
  return { credential, ...readReach(credential.type, options) };
}

/** Where end users return to, and who may use the API key. @throws UsageError */
export function readReach(
  type: OnboardOptions['credential']['type'],
  { callbackUrl, permittedIp }: Pick<Options, 'callbackUrl' | 'permittedIp'>,
) {
  const callbackUrls = [...new Set((callbackUrl ?? []).map(checkCallbackUrl))];
  if (type === 'qseal' && callbackUrls.length === 0)
    throw new UsageError('A PSD2 provider needs at least one --callback-url: where end users return to after they granted access.');
  return { callbackUrls, permittedIps: [...new Set(permittedIp ?? [])] };
}

/** Null when none is given. @throws UsageError */
export function readCredential(options: CredentialOptions, files: QsealFiles | null = null): OnboardOptions['credential'] | null {
  const { certificate, chain, signer, apiKeyFile, sandboxUser } = options;
  const kinds = [certificate !== undefined, apiKeyFile !== undefined, sandboxUser === true].filter(Boolean).length;
  if (kinds > 1) throw new UsageError('--certificate, --api-key-file and --sandbox-user exclude each other: give one.');
  if (certificate === undefined && (chain !== undefined || signer !== undefined))
    throw new UsageError('--chain and --signer belong to --certificate: give that too.');
  if (sandboxUser) return { type: 'sandbox-user' };
  if (apiKeyFile !== undefined) return { type: 'api-key', apiKey: readApiKey(apiKeyFile) };
  if (certificate === undefined) return null;
  if (signer === undefined)
    throw new UsageError(
      '--certificate needs --signer: who holds its private key (file:/abs/key.pem or exec:/abs/program on the worker, or a name).',
    );
  return qsealCredential({ ...(files ?? readQsealFiles(certificate, options)), signer });
}

type QsealFiles = Omit<QsealCredentialInput, 'signer' | 'now'>;

function readQsealFiles(certificate: string, { chain, signer }: CredentialOptions): QsealFiles {
  const privateKeyPem = signer === undefined ? undefined : keyOf(signer);
  return {
    certificatePem: readInput(certificate, '--certificate'),
    ...(chain !== undefined && { chainPem: readInput(chain, '--chain') }),
    ...(privateKeyPem !== undefined && { privateKeyPem }),
  };
}

/** The private key of a signer that is a file here too: whether it fits is seen before anything is sent. */
function keyOf(signer: string): string | undefined {
  if (isNamedSigner(signer)) {
    if (NAME_PATTERN.test(signer)) return undefined;
    throw new UsageError(
      `${JSON.stringify(signer)} is no signer: give file:/abs/key.pem, or a name from the worker's KEEPER_QSEAL_SIGNERS.`,
    );
  }
  const path = signer.slice(signer.indexOf(':') + 1);
  if (signer.startsWith('exec:/')) return undefined;
  if (!signer.startsWith('file:/'))
    throw new UsageError(
      `${JSON.stringify(signer)} is no signer: give file:/abs/key.pem or exec:/abs/program (an absolute path on the worker), or a name from the worker's KEEPER_QSEAL_SIGNERS, where an https: one stands.`,
    );
  try {
    accessSync(path, constants.R_OK);
  } catch {
    return undefined; // the worker's file need not be here
  }
  const pem = readFileSync(path, 'utf8');
  return isEncryptedKey(pem) ? undefined : pem; // the worker has its passphrase
}

function readApiKey(file: string): Secret {
  const text = readInput(file, '--api-key-file').trim();
  if (!/^[A-Za-z0-9_]{16,128}$/.test(text))
    throw new UsageError(`--api-key-file ${file} does not hold a bunq API key: letters and digits, alone in the file.`);
  return new Secret(text);
}

function permittedIp(text: string, all: string[] = []): string[] {
  if (text !== 'any' && !isIPv4(text)) throw new InvalidArgumentError('It is an IPv4 address (bunq takes no other), or any.');
  return [...all, text];
}
