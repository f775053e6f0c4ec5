import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { CertificateError, createPseudoCertificate, type Role, readCertificateChain } from '../../bunq/certificates.ts';
import { UsageError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { print, printJson, table, tell } from '../output.ts';

const ROLES = ['AISP', 'PISP', 'CBPII'] as const;

export function registerCertificate(program: Command): void {
  const certificate = program.command('certificate').description('QSEAL certificates');

  certificate
    .command('pseudo')
    .description('make a self-signed certificate as the bunq sandbox takes it: RSA 4096, 365 days')
    .requiredOption('--name <name>', 'the common name begins with it')
    .requiredOption('--roles <roles>', 'AISP, PISP, CBPII, with commas between', rolesArgument)
    .requiredOption('--out <dir>', 'cert.pem and key.pem are written there')
    .action(async ({ name, roles, out }: { name: string; roles: Role[]; out: string }) => {
      const files = await writePseudoCertificate({ name, roles, out });
      tell(`${files.certificate} and ${files.key} (mode 0600). For the sandbox only.`);
    });

  certificate
    .command('inspect')
    .description('what a certificate says')
    .argument('<file>', 'PEM: one certificate or several')
    .addOption(jsonOption())
    .action((file: string, { json }: { json?: boolean }) => inspect(file, json ?? false));
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

async function inspect(file: string, json: boolean): Promise<void> {
  let pem: string;
  try {
    pem = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`${file} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`);
  }
  const found = await asUsage(async () => readCertificateChain(pem));
  if (json) return printJson({ schema: 1, certificates: found });
  for (const { publicKeyPem: _publicKeyPem, ...facts } of found) {
    print(
      table(Object.entries(facts).map(([name, value]) => [name, Array.isArray(value) ? value.join(' ') || '-' : String(value ?? '-')])),
    );
    print('');
  }
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
