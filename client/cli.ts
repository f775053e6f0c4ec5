import { createRequire } from 'node:module';
import { Command, CommanderError } from 'commander';
import { SealingError } from '../sealing/errors.ts';
import { SettingsError } from '../settings/read.ts';
import { EXIT, KeeperError } from './errors.ts';
import { tell } from './output.ts';

const { version } = createRequire(import.meta.url)('bunq-keeper/package.json') as { version: string };

/** Each command's module: the one that is asked for is loaded, and all of them for help. In the order in which help tells them. */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  dev: async () => (await import('./commands/dev.ts')).registerDev,
  worker: async () => (await import('./commands/worker.ts')).registerWorker,
  onboard: async () => (await import('./commands/onboard.ts')).registerOnboard,
  'status watch list': async () => (await import('./commands/status.ts')).registerStatus,
  session: async () => (await import('./commands/session.ts')).registerSession,
  call: async () => (await import('./commands/call.ts')).registerCall,
  'oauth-client': async () => (await import('./commands/oauth-client.ts')).registerOAuthClient,
  'callback-urls': async () => (await import('./commands/callback-urls.ts')).registerCallbackUrls,
  'connect-user': async () => (await import('./commands/connect-user.ts')).registerConnectUser,
  'complete-user': async () => (await import('./commands/connect-user.ts')).registerCompleteUser,
  'renew resume': async () => (await import('./commands/renew-resume.ts')).registerRenewAndResume,
  disconnect: async () => (await import('./commands/disconnect.ts')).registerDisconnect,
  import: async () => (await import('./commands/import.ts')).registerImport,
  export: async () => (await import('./commands/export.ts')).registerExport,
  'sealing-keys': async () => (await import('./commands/sealing-keys.ts')).registerSealingKeys,
  certificate: async () => (await import('./commands/certificate.ts')).registerCertificate,
  simulator: async () => (await import('./commands/simulator.ts')).registerSimulator,
  doctor: async () => (await import('./commands/doctor.ts')).registerDoctor,
};

type Register = (program: Command) => void;

/** The command line, as far as its first argument asks for it. Data goes to stdout, everything else to stderr. */
export async function program(first?: string): Promise<Command> {
  const command = new Command('bunq-keeper')
    .description('Registers a PSD2 provider or an API-key user with bunq once, and keeps its sessions alive for years.')
    .version(version, '--version', 'print the version')
    .exitOverride()
    .showHelpAfterError('(bunq-keeper --help, or bunq-keeper COMMAND --help)')
    .addHelpText('after', '\nExit codes: 0 done, 1 failed, 2 bad usage or settings, 3 it waits for a person, 4 not done within --timeout');
  const named = Object.entries(COMMANDS).filter(([names]) => names.split(' ').includes(first ?? ''));
  for (const [, load] of named.length > 0 ? named : Object.entries(COMMANDS)) (await load())(command);
  return command;
}

/** Runs one command line; resolves with the exit code and never rejects. */
export async function run(args: readonly string[]): Promise<number> {
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
  const { isGrpcServiceError } = await import('@temporalio/client');
  if (isGrpcServiceError(error)) {
    tell((await import('./connection-workflows.ts')).unavailable(error).message);
    return EXIT.failed;
  }
  const { message, stack } = error as Error;
  tell(`A defect in bunq-keeper: ${message}\n${stack?.split('\n').slice(1, 6).join('\n') ?? ''}`);
  return EXIT.failed;
}
