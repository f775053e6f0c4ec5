import type { Command } from 'commander';
import { QSEAL_SIGNATURE_PATTERN } from '../../workflows/messages.ts';
import { awaited } from '../awaited.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import type { KnownStatus } from '../known-status.ts';
import { connectionArgument, jsonOption, noWaitOption, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { needsPerson, showOutcome } from '../outcome.ts';
import { tell } from '../output.ts';
import { isSettled } from '../progress.ts';
import { waitFor } from '../wait.ts';
import { apiKeyFileOption, certificateOption, chainOption, readCredential, signerOption } from './onboard.ts';

interface ResumeOptions extends WaitOptions {
  certificate?: string;
  chain?: string;
  signer?: string;
  apiKeyFile?: string;
  signature?: string;
}

export function registerResume(program: Command): void {
  program
    .command('resume')
    .summary('try again what waits for a person')
    .description('try again what waits for a person, with new input or without; restarts a workflow that was closed')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .addOption(certificateOption())
    .addOption(chainOption())
    .addOption(signerOption())
    .addOption(apiKeyFileOption())
    .option('--signature <file>', "the QSEAL's signature over the digest that the status shows, in base64; - for stdin")
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper resume acme',
        'bunq-keeper resume acme --certificate cert.pem --chain chain.pem --signer acme-hsm',
        'bunq-keeper resume mine --api-key-file api-key.txt',
        'bunq-keeper resume acme --signature signature.b64',
      ),
    )
    .action((name: string, options: ResumeOptions) => resume(name, options));
}

async function resume(name: string, { wait, timeout, json, signature, ...given }: ResumeOptions): Promise<void> {
  const credential = readCredential(given, name);
  if (credential && signature !== undefined)
    throw new UsageError('--signature is for the certificate that is there: give it, or another certificate or API key.');
  const qsealSignature = signature === undefined ? undefined : readSignature(signature);
  await withKeeper(async (keeper) => {
    const before = credential && (await keeper.status(name)).session?.openedAt;
    await awaited(`Asking ${name} to go on`, keeper.resume(name, credential ?? undefined, qsealSignature));
    if (!wait) return tell('The wish is recorded.');
    const isDone = (status: KnownStatus) => !credential || isTakenOver(status, before ?? undefined);
    const until = (status: KnownStatus) => isSettled(status) && (needsPerson(status) || isDone(status));
    const settled = waitFor(keeper, name, { until, timeoutMs: timeout });
    process.exitCode = showOutcome(await awaited(`Waiting for ${name}`, settled), json);
  });
}

/** A session on the credential that was given is served. Meanwhile the former's is, and the connection is ACTIVE too. */
const isTakenOver = ({ session, formerCertificate }: KnownStatus, before: string | undefined) =>
  !formerCertificate && session !== null && session.openedAt !== before;

/** @throws UsageError */
function readSignature(file: string): string {
  const base64 = readInput(file, '--signature').replace(/\s+/g, '');
  if (QSEAL_SIGNATURE_PATTERN.test(base64)) return base64;
  throw new UsageError(`--signature ${file} does not hold a signature in base64. To make it so: openssl base64 -A -in FILE -out F`);
}
