import { Command, CommanderError } from 'commander';
import { SealingError } from '../sealing/errors.ts';
import { SettingsError } from '../settings/read.ts';
import { version } from '../settings/version.ts';
import { EXIT, KeeperError } from './errors.ts';
import { helpStyle, leavesOf, quietOption } from './help.ts';
import { dress } from './look.ts';
import { beQuiet, complain } from './output.ts';

type Load = () => Promise<(program: Command) => void>;

/** The groups of `--help`, each with its commands in the order in which one needs them. The command that is asked for is loaded, and all of them for help. */
const GROUPS: Readonly<Record<string, Readonly<Record<string, Load>>>> = {
  'To try it:': {
    dev: async () => (await import('./commands/dev.ts')).registerDev,
    simulator: async () => (await import('./commands/simulator.ts')).registerSimulator,
  },
  'Connections:': {
    onboard: async () => (await import('./commands/onboard.ts')).registerOnboard,
    import: async () => (await import('./commands/import.ts')).registerImport,
    'connect-user': async () => (await import('./commands/connect-user.ts')).registerConnectUser,
    'complete-user': async () => (await import('./commands/connect-user.ts')).registerCompleteUser,
    'status watch': async () => (await import('./commands/status.ts')).registerStatus,
    list: async () => (await import('./commands/list.ts')).registerList,
    renew: async () => (await import('./commands/renew.ts')).registerRenew,
    resume: async () => (await import('./commands/resume.ts')).registerResume,
    disconnect: async () => (await import('./commands/disconnect.ts')).registerDisconnect,
  },
  'Their use:': {
    call: async () => (await import('./commands/call.ts')).registerCall,
    session: async () => (await import('./commands/session.ts')).registerSession,
    'oauth-client': async () => (await import('./commands/oauth-client.ts')).registerOAuthClient,
    'callback-urls': async () => (await import('./commands/callback-urls.ts')).registerCallbackUrls,
    export: async () => (await import('./commands/export.ts')).registerExport,
  },
  'To run it:': {
    worker: async () => (await import('./commands/worker.ts')).registerWorker,
    capacity: async () => (await import('./commands/capacity.ts')).registerCapacity,
    doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
    'sealing-keys': async () => (await import('./commands/sealing-keys.ts')).registerSealingKeys,
    certificate: async () => (await import('./commands/certificate.ts')).registerCertificate,
    schema: async () => (await import('./commands/schema.ts')).registerSchema,
  },
};

/**
 * The command line. Data goes to stdout, everything else to stderr.
 * @param asked the command that is asked for: where it is one, no other is there
 */
export async function program(asked?: string): Promise<Command> {
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
  const isAsked = (names: string) => names.split(' ').includes(asked ?? '');
  const isOne = Object.values(GROUPS).some((group) => Object.keys(group).some(isAsked));
  for (const [heading, group] of Object.entries(GROUPS)) {
    command.commandsGroup(heading);
    for (const [names, load] of Object.entries(group)) if (!isOne || isAsked(names)) (await load())(command);
  }
  command.helpCommand(true);
  for (const leaf of leavesOf(command)) leaf.addOption(quietOption());
  return command;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[]): Promise<number> {
  dress(true);
  try {
    await (await program(args[0])).parseAsync(args, { from: 'user' });
    return Number(process.exitCode ?? EXIT.done);
  } catch (error) {
    return await exitCodeOf(error);
  }
}

async function exitCodeOf(error: unknown): Promise<number> {
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
  const { isGrpcServiceError } = await import('@temporalio/client');
  if (isGrpcServiceError(error)) {
    complain((await import('./connection-workflows.ts')).unavailable(error).message);
    return EXIT.failed;
  }
  const { message, stack } = error as Error;
  complain(`A defect in bunq-keeper: ${message}\n${stack?.split('\n').slice(1, 6).join('\n') ?? ''}`);
  return EXIT.failed;
}
