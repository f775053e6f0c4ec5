import { Argument, type Command } from 'commander';
import { awaited } from '../awaited.ts';
import { checkCallbackUrl } from '../callback-url.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import type { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import { jsonOption, noWaitOption, oneOf, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { tellAction } from '../outcome.ts';
import { print, printJson, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

interface Options extends WaitOptions {
  prune?: boolean;
}

const CHANGES = ['add', 'remove', 'set'] as const;
type Change = (typeof CHANGES)[number];

export function registerCallbackUrls(program: Command): void {
  program
    .command('callback-urls')
    .description('which callback URLs the OAuth client has at the bank')
    .argument('<name>', 'the connection', providerArgument('callback URLs are its provider’s.'))
    .addArgument(new Argument('<change>', 'what to do').choices(CHANGES).argParser(oneOf(CHANGES, 'It is one of')))
    .argument('<url...>', 'callback URLs')
    .option('--prune', 'with set: remove at the bank whatever is not given')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper callback-urls acme add https://acme.example/callback',
        'bunq-keeper callback-urls acme remove https://acme.example/old',
        'bunq-keeper callback-urls acme set https://acme.example/callback --prune',
      ),
    )
    .action((name: string, change: Change, urls: string[], options: Options) =>
      withKeeper((keeper) => callbackUrls(keeper, name, change, urls, options)),
    );
}

async function callbackUrls(
  keeper: Keeper,
  name: string,
  change: Change,
  urls: string[],
  { prune, wait, timeout, json }: Options,
): Promise<void> {
  if (prune && change !== 'set') throw new UsageError('--prune belongs to set.');
  const given = change === 'remove' ? urls : urls.map(checkCallbackUrl);
  const present = await keeper.wantedCallbackUrls(name);
  const wanted =
    change === 'set' ? given : change === 'add' ? [...new Set([...present, ...given])] : present.filter((url) => !given.includes(url));
  const removed = change === 'remove' ? given : [];
  await awaited(`Asking ${name}`, keeper.setCallbackUrls(name, { wanted, unwanted: removed, prune: prune ?? false }));
  if (!wait) return tell('The wish is recorded.');
  const until = (now: KnownStatus) => isSet(now, wanted, removed) || now.state === 'ACTION_REQUIRED';
  const status = await awaited('Waiting for the bank to have them', waitFor(keeper, name, { until, timeoutMs: timeout }));
  if (json) printJson(status);
  else for (const url of status.oauthClient?.callbackUrls ?? []) print(url);
  process.exitCode = tellAction(status);
}

/** A status that was only published is from before the change. */
function isSet({ oauthClient, steps, worker }: KnownStatus, wanted: string[], removed: string[]): boolean {
  const actual = oauthClient?.callbackUrls ?? [];
  const step = steps.find(({ name }) => name === 'callback-urls')?.status;
  if (worker === false || (step !== 'done' && step !== 'skipped')) return false;
  return wanted.every((url) => actual.includes(url)) && !removed.some((url) => actual.includes(url));
}
