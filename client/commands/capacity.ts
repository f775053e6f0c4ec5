import { type Command, InvalidArgumentError } from 'commander';
import { readSettings } from '../../settings/read.ts';
import { awaited } from '../awaited.ts';
import { type Capacity, planned, slotMsOf, USER_SESSION_MS } from '../capacity.ts';
import { describePlan, describeUse, planRemark, useRemark } from '../describe-capacity.ts';
import { EXIT, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { durationArgument, jsonOption, numberArgument, withKeeper } from '../options.ts';
import { complain, print, printJson } from '../output.ts';

interface Options {
  users?: number;
  sessionLifetime?: number;
  addresses?: number;
  slot?: number;
  json?: boolean;
}

export function registerCapacity(program: Command): void {
  program
    .command('capacity')
    .summary('how many connections an address holds')
    .description(
      'how many connections an address holds, and how long it takes to open all sessions anew: as planned by --users (nothing is asked for it), or each egress as it is today',
    )
    .option('--users <number>', 'plan for so many', numberArgument('users', 100_000_000))
    .option('--session-lifetime <duration>', 'how long their sessions last (7d)', lastingArgument)
    .option('--addresses <number>', 'over how many addresses they are spread (1)', numberArgument('addresses', 9999))
    .option('--slot <duration>', 'from one session to the next at one address (31s where KEEPER_SESSION_GAP is 30s)', lastingArgument)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper capacity',
        'bunq-keeper capacity --users 20000 --addresses 2',
        'bunq-keeper capacity --users 50 --session-lifetime 1h --slot 30s',
        'bunq-keeper capacity --json | jq -r .fullAt',
      ),
    )
    .action(async ({ users, ...options }: Options) => {
      if (users === undefined) await today(options);
      else plan(users, options);
    });
}

function plan(users: number, { sessionLifetime = USER_SESSION_MS, addresses = 1, slot, json = false }: Omit<Options, 'users'>): void {
  const slotMs = slot ?? readSettings(['KEEPER_SESSION_GAP'], process.env, ({ KEEPER_SESSION_GAP: gapMs }) => slotMsOf(gapMs));
  show(planned({ users, addresses, sessionLifetimeMs: sessionLifetime, slotMs }), { describe: describePlan, remarkOn: planRemark }, json);
}

async function today({ json = false, sessionLifetime, addresses, slot }: Omit<Options, 'users'>): Promise<void> {
  if ([sessionLifetime, addresses, slot].some((given) => given !== undefined))
    throw new UsageError(
      '--session-lifetime, --addresses and --slot are for a plan: say for how many, --users 1000. Without them it is shown what is in use.',
    );
  await withKeeper(async (keeper) => {
    const uses = await awaited('Looking at every connection', keeper.addressUses());
    for (const use of uses) show(use, { describe: describeUse, remarkOn: useRemark }, json);
  });
}

interface Words<Shown> {
  readonly describe: (shown: Shown) => string;
  readonly remarkOn: (shown: Shown) => string | null;
}

function show<Shown extends Capacity>(capacity: Shown, { describe, remarkOn }: Words<Shown>, json: boolean): void {
  if (json) printJson({ schema: 1, ...capacity });
  else print(describe(capacity));
  const remark = remarkOn(capacity);
  if (remark) complain(remark);
  if (!capacity.fits) process.exitCode = EXIT.failed;
}

function lastingArgument(text: string): number {
  const ms = durationArgument(text);
  if (ms > 0) return ms;
  throw new InvalidArgumentError('It has to last: 90s, 1h, 7d.');
}
