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
import { registerSchema } from './commands/schema.ts';
import { registerSealingKeys } from './commands/sealing-keys.ts';
import { registerSession } from './commands/session.ts';
import { registerSimulator } from './commands/simulator.ts';
import { registerStatus } from './commands/status.ts';
import { registerWorker } from './commands/worker.ts';
import { unavailable } from './connection-workflows.ts';
import { EXIT, KeeperError } from './errors.ts';
import { helpStyle, leavesOf, quietOption } from './help.ts';
import { dress } from './look.ts';
import { beQuiet, complain } from './output.ts';
import { version } from './version.ts';

/** The groups of `--help`, each with its commands in the order in which one needs them. */
const GROUPS: Readonly<Record<string, readonly ((program: Command) => void)[]>> = {
  'To try it:': [registerDev, registerSimulator],
  'Connections:': [
    registerOnboard,
    registerImport,
    registerConnectUser,
    registerCompleteUser,
    registerStatus,
    registerRenewAndResume,
    registerDisconnect,
  ],
  'Their use:': [registerCall, registerSession, registerOAuthClient, registerCallbackUrls, registerExport],
  'To run it:': [registerWorker, registerDoctor, registerSealingKeys, registerCertificate, registerSchema],
};

/** The command line. Data goes to stdout, everything else to stderr. */
export function program(): Command {
  const command = new Command('bunq-keeper')
    .description('Registers a PSD2 provider or an API-key user with bunq once, and keeps its sessions alive for years.')
    .version(version(), '-V, --version', 'print the version')
    .exitOverride()
    .configureHelp(helpStyle)
    .showHelpAfterError('(bunq-keeper --help, or bunq-keeper COMMAND --help)')
    .addHelpText(
      'after',
      `
With examples: bunq-keeper COMMAND --help
Exit codes: 0 done, 1 failed, 2 bad usage or settings, 3 it waits for a person, 4 not done within --timeout`,
    )
    .hook('preAction', (_, action) => beQuiet(action.opts().quiet === true));
  for (const [heading, registrations] of Object.entries(GROUPS)) {
    command.commandsGroup(heading);
    for (const register of registrations) register(command);
  }
  command.helpCommand(true);
  for (const leaf of leavesOf(command)) leaf.addOption(quietOption());
  return command;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  dress(true);
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
    for (const problem of error.problems) complain(problem);
    return EXIT.usage;
  }
  if (error instanceof KeeperError) {
    complain(error.message);
    return error.exitCode;
  }
  if (error instanceof SealingError) {
    complain(error.message);
    return EXIT.failed;
  }
  if (isGrpcServiceError(error)) {
    complain(unavailable(error).message);
    return EXIT.failed;
  }
  const { message, stack } = error as Error;
  complain(`A defect in bunq-keeper: ${message}\n${stack?.split('\n').slice(1, 6).join('\n') ?? ''}`);
  return EXIT.failed;
}
