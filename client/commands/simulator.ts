import { randomInt } from 'node:crypto';
import { type Command, InvalidArgumentError } from 'commander';
import { KeeperError } from '../errors.ts';
import { examples } from '../help.ts';
import { durationArgument, jsonOption } from '../options.ts';
import { printJson, tell } from '../output.ts';

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
    .option('--session-lifetime <duration>', "of a provider's later sessions (90d)", durationArgument, 90 * DAY_MS)
    .option('--first-session-lifetime <duration>', "of a provider's first session (1h)", durationArgument, 60 * 60 * 1000)
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
    throw new KeeperError(error.message);
  });
  if (json) printJson({ schema: 1, apiUrl: simulator.apiUrl, manageUrl: simulator.manageUrl });
  tell(
    `The simulated bank is at ${simulator.apiUrl} (BUNQ_API_URL), its management at ${simulator.manageUrl}. It is no bank: every secret in it is worthless.`,
  );
  if (hostile) tell(`It is hostile: --seed ${seed} has it do the same to the same requests again.`);
  await new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
  });
  await simulator.close();
}

function portArgument(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new InvalidArgumentError('A port is a number from 0 (any free one) to 65535.');
}
