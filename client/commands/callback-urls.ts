import { Argument, type Command } from 'commander';
import { checkCallbackUrl } from '../callback-url.ts';
import { UsageError } from '../errors.ts';
import type { Keeper, KnownStatus } from '../keeper.ts';
import { jsonOption, noWaitOption, providerArgument, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { tellAction } from '../outcome.ts';
import { print, printJson, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

interface Options extends WaitOptions {
  prune?: boolean;
}

type Change = 'add' | 'remove' | 'set';

export function registerCallbackUrls(program: Command): void {
  program
    .command('callback-urls')
    .description('which callback URLs the OAuth client has at the bank')
    .argument('<name>', 'the connection', providerArgument('callback URLs are its provider’s.'))
    .addArgument(new Argument('<change>', 'what to do').choices(['add', 'remove', 'set']))
    .argument('<url...>', 'callback URLs')
    .option('--prune', 'with set: remove at the bank whatever is not given')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
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
  await keeper.setCallbackUrls(name, { wanted, unwanted: change === 'remove' ? given : [], prune: prune ?? false });
  if (!wait) return tell('The wish is recorded.');
  const status = await waitFor(keeper, name, {
    until: (now) => isSet(now, wanted, change === 'remove' ? given : []) || now.state === 'ACTION_REQUIRED',
    timeoutMs: timeout,
  });
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
