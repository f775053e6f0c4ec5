import { randomInt } from 'node:crypto';
import { isIPv4 } from 'node:net';
import { type Command, InvalidArgumentError } from 'commander';
import { EXIT, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { durationArgument, jsonOption } from '../options.ts';
import { complain, printJson, tell } from '../output.ts';

interface Options {
  host: string;
  port: number;
  managePort: number;
  stateFile?: string;
  seed?: string;
  sessionLifetime: number;
  firstSessionLifetime: number;
  sessionGap: number;
  rateLimits: boolean;
  hostile?: boolean;
  json?: boolean;
}

/** Few digits, to be typed again. */
const ANY_SEED = 1_000_000;
const DAY_MS = 24 * 60 * 60 * 1000;
const LIFETIME_MAX_MS = 3650 * DAY_MS;

export function registerSimulator(program: Command): void {
  program
    .command('simulator')
    .summary('the bank, on loopback')
    .description('the bank, for tests and development: strict, stateful, on loopback')
    .option('--host <address>', 'where it listens', '127.0.0.1')
    .option('--port <port>', "the bank's port", portArgument, 8090)
    .option('--manage-port <port>', 'the management port', portArgument, 8091)
    .option('--state-file <file>', 'what it knows survives its end')
    .option('--seed <seed>', 'of its random ids, and of what --hostile does')
    .option('--session-lifetime <duration>', "of a provider's later sessions (90d)", lifetimeArgument, 90 * DAY_MS)
    .option('--first-session-lifetime <duration>', "of a provider's first session (1h)", lifetimeArgument, 60 * 60 * 1000)
    .option('--session-gap <duration>', 'between two sessions from one address (30s)', durationArgument, 30 * 1000)
    .option('--no-rate-limits', 'let every call through')
    .option('--hostile', 'now and then slow, refusing or failing, and connections cut, by the seed')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper simulator',
        'bunq-keeper simulator --state-file bank.json --session-lifetime 1h',
        'bunq-keeper simulator --hostile --seed 7',
        'bunq-keeper simulator --port 0 --manage-port 0 --json',
      ),
    )
    .action(simulate);
}

async function simulate({
  host,
  port,
  managePort,
  stateFile,
  hostile = false,
  seed = hostile ? String(randomInt(ANY_SEED)) : undefined,
  sessionLifetime,
  firstSessionLifetime,
  sessionGap,
  rateLimits,
  json,
}: Options): Promise<void> {
  const { startSimulator } = await import('../../simulator/index.ts');
  const simulator = await startSimulator({
    host,
    port,
    managePort,
    ...(stateFile !== undefined && { stateFile }),
    ...(seed !== undefined && { seed }),
    sessionLifetimeMs: sessionLifetime,
    firstSessionLifetimeMs: firstSessionLifetime,
    sessionGapMs: sessionGap,
    rateLimits,
    hostile,
  }).catch((error: Error) => {
    throw new UsageError(error.message);
  });
  if (!isLoopback(host))
    complain(
      `✖ The simulated bank listens on ${host}, so whoever reaches this machine can call it, without TLS. Give it no certificate, key or address of a real user.`,
    );
  if (json) printJson({ schema: 1, apiUrl: simulator.apiUrl, manageUrl: simulator.manageUrl });
  tell(
    `The simulated bank is at ${simulator.apiUrl} (BUNQ_API_URL), its management at ${simulator.manageUrl}. It is no bank: every secret in it is worthless.`,
  );
  if (hostile) tell(`It is hostile: --seed ${seed} has it do the same to the same requests again.`);
  const asked = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  if (await Promise.race([asked, simulator.failure])) process.exitCode = EXIT.failed; // it has said why
  await simulator.close();
}

const isLoopback = (host: string): boolean => host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

function lifetimeArgument(text: string): number {
  const ms = durationArgument(text);
  if (ms >= 1000 && ms <= LIFETIME_MAX_MS) return ms;
  throw new InvalidArgumentError('A session lasts from 1s to 3650d.');
}

function portArgument(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
}
