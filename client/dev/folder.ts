import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { writePseudoCertificate } from '../commands/certificate.ts';
import { writeNewSealingKeys } from '../commands/sealing-keys.ts';
import { UsageError } from '../errors.ts';

/** Where `dev` keeps what its next run goes on with. */
export interface DevFolder {
  readonly path: string;
  readonly sealingKeysFile: string;
  readonly temporalDatabase: string;
  readonly temporalLog: string;
  /** A profile file that says nothing: the worker must not read the shell's. */
  readonly temporalProfile: string;
  readonly simulatorState: string;
  /** The settings for other commands, to be sourced. */
  readonly environmentFile: string;
  /** The port of its callback URL, which the bank knows. */
  readonly callbackPort: string;
  readonly certificate: { readonly certificate: string; readonly key: string };
}

/** @param sandbox the sandbox's connections are kept apart from the simulator's */
export async function openDevFolder(sandbox: boolean, say: (line: string) => void): Promise<DevFolder> {
  const base = resolve('.bunq-keeper');
  const path = sandbox ? join(base, 'sandbox') : base;
  const inside = (name: string) => join(path, name);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    if (!existsSync(join(base, '.gitignore'))) writeFileSync(join(base, '.gitignore'), '*\n');
    writeFileSync(inside('temporal.toml'), '[profile.default]\n');
  } catch (error) {
    throw new UsageError(
      `${path} cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}). Run it in a folder that is writable.`,
    );
  }
  const folder: DevFolder = {
    path,
    sealingKeysFile: inside('sealing-keys.json'),
    temporalDatabase: inside('temporal.db'),
    temporalLog: inside('temporal.log'),
    temporalProfile: inside('temporal.toml'),
    simulatorState: inside('simulator.json'),
    environmentFile: inside('env'),
    callbackPort: inside('callback-port'),
    certificate: { certificate: inside('certificate/cert.pem'), key: inside('certificate/key.pem') },
  };
  if (!existsSync(folder.sealingKeysFile)) writeNewSealingKeys(folder.sealingKeysFile);
  if (!existsSync(folder.certificate.certificate)) {
    say('Making a pseudo certificate (CN=bunq-keeper demo PISP AISP, RSA 4096) …');
    await writePseudoCertificate({ name: 'bunq-keeper demo', roles: ['PISP', 'AISP'], out: inside('certificate') });
  }
  return folder;
}
