import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import {
  CertificateError,
  type CertificateFacts,
  createPseudoCertificate,
  type ExaminedCertificate,
  examineQsealCertificate,
  type Role,
  readCertificateChain,
} from '../../bunq/certificates.ts';
import { permitsOf } from '../../bunq/permits.ts';
import { daysLeft } from '../../workflows/certificate-life.ts';
import { awaited } from '../awaited.ts';
import { certificateRemarks, certificateRows, chainRows, permitLines } from '../describe-certificate.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import { paintLine } from '../look.ts';
import { jsonOption } from '../options.ts';
import { print, printJson, tell } from '../output.ts';
import { table } from '../table.ts';
import { chainOption } from './onboard.ts';

const ROLES = ['AISP', 'PISP', 'CBPII'] as const;

export function registerCertificate(program: Command): void {
  const certificate = program.command('certificate').description('QSEAL certificates');

  certificate
    .command('pseudo')
    .description('make a self-signed certificate as the bunq sandbox takes it: RSA 4096, 365 days')
    .requiredOption('--name <name>', 'the common name begins with it')
    .requiredOption('--roles <roles>', 'AISP, PISP, CBPII, with commas between', rolesArgument)
    .requiredOption('--out <dir>', 'cert.pem and key.pem are written there')
    .addOption(jsonOption())
    .addHelpText('after', examples("bunq-keeper certificate pseudo --name 'My App' --roles PISP,AISP --out certificate"))
    .action(async ({ name, roles, out, json }: { name: string; roles: Role[]; out: string; json?: boolean }) => {
      const files = await awaited('Making a key of 4096 bits', writePseudoCertificate({ name, roles, out }));
      if (json) printJson({ schema: 1, ...files });
      tell(`${files.certificate} and ${files.key} (mode 0600). For the sandbox only.`);
    });

  certificate
    .command('inspect')
    .description('what a certificate says, what it allows at bunq, and what is wrong with it')
    .argument('<file>', 'PEM: one certificate or several, as the certificate with its chain; - for stdin')
    .addOption(chainOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper certificate inspect cert.pem --chain chain.pem',
        'bunq-keeper certificate inspect cert.pem --json | jq .provider.daysLeft',
        'cat cert.pem chain.pem | bunq-keeper certificate inspect -',
      ),
    )
    .action((file: string, { chain, json }: { chain?: string; json?: boolean }) => inspect(file, chain, json ?? false));
}

/** @throws UsageError when a file is there already or the folder cannot be written */
export async function writePseudoCertificate({
  name,
  roles,
  out,
}: {
  name: string;
  roles: Role[];
  out: string;
}): Promise<{ certificate: string; key: string }> {
  const files = { certificate: join(out, 'cert.pem'), key: join(out, 'key.pem') };
  for (const file of Object.values(files))
    if (existsSync(file)) throw new UsageError(`${file} exists and is left as it is. Give another folder.`);
  const { certificatePem, privateKeyPem } = await asUsage(() => createPseudoCertificate({ name, roles, now: new Date() }));
  try {
    mkdirSync(out, { recursive: true });
    writeFileSync(files.key, privateKeyPem, { mode: 0o600, flag: 'wx' });
    writeFileSync(files.certificate, certificatePem, { flag: 'wx' });
  } catch (error) {
    throw new UsageError(
      `${out} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}). Give another folder with --out.`,
    );
  }
  return files;
}

async function inspect(file: string, chainFile: string | undefined, json: boolean): Promise<void> {
  const certificatePem = readInput(file, 'The certificate');
  const chainPem = chainFile === undefined ? '' : readInput(chainFile, '--chain');
  const now = new Date();
  const examined = await asUsage(async () => examineQsealCertificate({ certificatePem, chainPem, now }));
  const found = await asUsage(async () => readCertificateChain(certificatePem));
  if (json) printJson(inspection(examined, found, now));
  else print(describe(examined, found, now));
}

/** Of a file that holds nothing but authorities there is nobody whose permits and chain could be told. */
const isProvider = ({ isAuthority, roles }: CertificateFacts) => !isAuthority || roles.length > 0;

/** What `--json` prints. Pure. */
export function inspection(examined: ExaminedCertificate, certificates: readonly CertificateFacts[], now: Date) {
  const { facts, chain, problems } = examined;
  const provider = isProvider(facts) && {
    fingerprintSha256: facts.fingerprintSha256,
    daysLeft: daysLeft(facts.expiresAt, now.getTime()),
    chain: chain.map(({ fingerprintSha256 }) => fingerprintSha256),
    permits: permitsOf(facts.roles),
    problems: problems.map(({ code, message }) => ({ code, message })),
    remarks: certificateRemarks(facts, now),
  };
  return { schema: 1 as const, certificates, provider: provider || null };
}

/** The same for a person: the provider's certificate first, then what else there is. Pure. */
export function describe(examined: ExaminedCertificate, certificates: readonly CertificateFacts[], now: Date): string {
  const { facts, problems } = examined;
  if (!isProvider(facts)) return certificates.map((one) => table(certificateRows(one, now))).join('\n\n');
  const rows = [...certificateRows(facts, now), ...chainRows(examined)];
  rows.push(...permitLines(facts.roles).map((line, index) => [index === 0 ? 'at bunq' : '', line]));
  const wrong = problems.map(({ code, message }) => `✖ ${code}: ${message}`);
  const verdict = (wrong.length > 0 ? wrong : ['✔ bunq can be given it.']).map((line) => paintLine(line, process.stdout));
  const provider = [table(rows), '', ...verdict, ...certificateRemarks(facts, now).map((remark) => `• ${remark}`)].join('\n');
  const others = certificates.filter(({ fingerprintSha256 }) => fingerprintSha256 !== facts.fingerprintSha256);
  return [provider, ...others.map((one) => table(certificateRows(one, now)))].join('\n\n');
}

async function asUsage<Result>(make: () => Promise<Result>): Promise<Result> {
  try {
    return await make();
  } catch (error) {
    if (error instanceof CertificateError) throw new UsageError(error.message);
    throw error;
  }
}

function rolesArgument(text: string): Role[] {
  const roles = text.split(',').map((role) => role.trim());
  const unknown = roles.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown !== undefined) throw new InvalidArgumentError(`${JSON.stringify(unknown)} is no role: ${ROLES.join(', ')}.`);
  return roles as Role[];
}
