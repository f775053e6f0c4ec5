import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { canAsk, confirm } from '../confirm.ts';
import {
  describeForecast,
  describeRenewed,
  exitCodeOf,
  interrupted,
  milestone,
  progressLine,
  renewalRemarks,
} from '../describe-renewal.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import type { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import type { RenewalProgress } from '../mass-renewal.ts';
import {
  connectionArgument,
  jsonOption,
  nameArgument,
  noWaitOption,
  statesArgument,
  timeoutOption,
  type WaitOptions,
  withKeeper,
} from '../options.ts';
import { needsPerson, showOutcome } from '../outcome.ts';
import { canRedraw, complain, draw, eraseDrawn, isQuiet, print, printJson, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

interface Options extends WaitOptions {
  all?: boolean;
  state?: string[];
  provider?: string;
  egress?: string;
  yes?: boolean;
}

export function registerRenew(program: Command): void {
  program
    .command('renew')
    .description('open a new session now; the present one is served until then')
    .argument('[name]', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .option('--all', 'every connection, end users’ too: in turns, after all that is more urgent at their address')
    .option('--state <state>', 'with --all: only those in this state; repeatable', statesArgument)
    .option('--provider <name>', 'with --all: only this provider and its end users', nameArgument)
    .option('--egress <name>', 'with --all: only those of this egress', nameArgument)
    .option('--yes', 'with --all: do not ask, however many there are')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper renew acme',
        'bunq-keeper renew --all --state DEGRADED --state LAPSED',
        'bunq-keeper renew --all --provider acme --yes --no-wait',
      ),
    )
    .action((name: string | undefined, options: Options) => withKeeper((keeper) => renew(keeper, name, options)));
}

async function renew(keeper: Keeper, name: string | undefined, { all, ...options }: Options): Promise<void> {
  if ((name !== undefined) === (all === true)) throw new UsageError('Give either a NAME or --all.');
  if (name === undefined) return renewMany(keeper, options);
  const { state, provider, egress } = options;
  if ([state, provider, egress].some((given) => given !== undefined))
    throw new UsageError('--state, --provider and --egress choose some of --all: leave them out, or the NAME.');
  await renewOne(keeper, name, options);
}

async function renewOne(keeper: Keeper, name: string, { wait, timeout, json }: WaitOptions): Promise<void> {
  const before = (await keeper.status(name)).session?.openedAt ?? null;
  await awaited(`Asking ${name} to renew`, keeper.renew(name));
  if (!wait) return tell('The wish is recorded.');
  const isNew = ({ session }: KnownStatus) => session !== null && session.openedAt !== before;
  const until = (status: KnownStatus) => (isNew(status) && status.state !== 'RENEWING') || needsPerson(status);
  const status = await awaited(`Waiting for a new session of ${name}`, waitFor(keeper, name, { until, timeoutMs: timeout }));
  process.exitCode = showOutcome(status, json);
}

/** From so many on, somebody at a terminal is asked. */
const MANY = 100;

async function renewMany(keeper: Keeper, { state, provider, egress, yes, wait, timeout, json }: Options): Promise<void> {
  const startedAt = performance.now();
  const renewing = keeper.renewAll({ state, provider, egress });
  let progress = (await awaited('Listing the connections', renewing.next())).value!;
  tell(describeForecast(progress));
  if (progress.connections >= MANY && !yes && canAsk()) await confirm(`Renew all ${progress.connections}?`);
  const stop = () => {
    complain(interrupted(progress));
    process.exit(INTERRUPTED);
  };
  process.once('SIGINT', stop);
  const show = display(progress);
  for await (progress of renewing) {
    show(progress);
    if (json) for (const status of progress.ended) printJson(status);
    const isLong = performance.now() - startedAt > timeout;
    if (progress.unasked === 0 && (!wait || isLong)) break; // all are asked, however long that takes
  }
  process.off('SIGINT', stop);
  eraseDrawn();
  end(progress, wait, json);
}

/** As a shell has it of what SIGINT ends. */
const INTERRUPTED = 130;

/** Drawn over on a terminal, a line now and then elsewhere. */
function display(first: RenewalProgress): (progress: RenewalProgress) => void {
  let [told, trouble] = [milestone(first), first.trouble];
  return (progress) => {
    if (progress.trouble && progress.trouble !== trouble) tell(`${progress.trouble} Trying again.`);
    trouble = progress.trouble;
    if (isQuiet()) return;
    if (canRedraw()) draw(progressLine(progress));
    else if (milestone(progress) !== told) tell(progressLine(progress));
    told = milestone(progress);
  };
}

function end(progress: RenewalProgress, wasWaitedFor: boolean, json = false): void {
  const { connections, renewed, waiting, unasked, closed, waitForPerson, failed } = progress;
  if (json) printJson({ schema: 1, connections, renewed, waiting, unasked, closed, waitForPerson, failed });
  else print(describeRenewed(progress));
  for (const remark of renewalRemarks(progress)) complain(remark);
  process.exitCode = exitCodeOf(progress, wasWaitedFor);
}
