import { isGrpcServiceError } from '@temporalio/client';
import { Command, CommanderError } from 'commander';
import { SealingError } from '../sealing/errors.ts';
import { SettingsError } from '../settings/read.ts';
import { registerCall } from './commands/call.ts';
import { registerCallbackUrls } from './commands/callback-urls.ts';
import { registerCertificate } from './commands/certificate.ts';
import { registerCompleteUser, registerConnectUser } from './commands/connect-user.ts';
import { registerDev } from './commands/dev.ts';
import { registerDisconnect } from './commands/disconnect.ts';
import { registerDoctor } from './commands/doctor.ts';
import { registerExport } from './commands/export.ts';
import { registerImport } from './commands/import.ts';
import { registerOAuthClient } from './commands/oauth-client.ts';
import { registerOnboard } from './commands/onboard.ts';
import { registerRenewAndResume } from './commands/renew-resume.ts';
import { registerSealingKeys } from './commands/sealing-keys.ts';
import { registerSession } from './commands/session.ts';
import { registerSimulator } from './commands/simulator.ts';
import { registerStatus } from './commands/status.ts';
import { registerWorker } from './commands/worker.ts';
import { unavailable } from './connection-workflows.ts';
import { EXIT, KeeperError } from './errors.ts';
import { tell } from './output.ts';

/** The command line. Data goes to stdout, everything else to stderr. */
export function program(): Command {
  const command = new Command('bunq-keeper')
    .description('Registers a PSD2 provider or an API-key user with bunq once, and keeps its sessions alive for years.')
    .exitOverride()
    .showHelpAfterError('(bunq-keeper --help, or bunq-keeper COMMAND --help)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad usage or settings, 3 it waits for a person, 4 not done within --timeout');
  const registrations = [
    registerDev,
    registerWorker,
    registerOnboard,
    registerStatus,
    registerSession,
    registerCall,
    registerOAuthClient,
    registerCallbackUrls,
    registerConnectUser,
    registerCompleteUser,
    registerRenewAndResume,
    registerDisconnect,
    registerImport,
    registerExport,
    registerSealingKeys,
    registerCertificate,
    registerSimulator,
    registerDoctor,
  ];
  for (const register of registrations) register(command);
  return command;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  try {
    await program().parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return exitCodeOf(error);
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage; // commander has said it
  if (error instanceof SettingsError) {
    for (const problem of error.problems) tell(problem);
    return EXIT.usage;
  }
  if (error instanceof KeeperError) {
    tell(error.message);
    return error.exitCode;
  }
  if (error instanceof SealingError) {
    tell(error.message);
    return EXIT.failed;
  }
  if (isGrpcServiceError(error)) {
    tell(unavailable(error).message);
    return EXIT.failed;
  }
  const { message, stack } = error as Error;
  tell(`A defect in bunq-keeper: ${message}\n${stack?.split('\n').slice(1, 6).join('\n') ?? ''}`);
  return EXIT.failed;
}
