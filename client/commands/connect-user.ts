import { setTimeout as sleep } from 'node:timers/promises';
import { type Command, Option } from 'commander';
import { parseRedirect } from '../../bunq/authorization.ts';
import { USER_INSTALLATIONS } from '../../settings/schema.ts';
import { type CompletedAuthorization, NotCompletedError } from '../authorizations.ts';
import { awaited } from '../awaited.ts';
import { checkCallbackUrl } from '../callback-url.ts';
import { LINK_VALID_MS } from '../end-users.ts';
import { EXIT, KeeperError, UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import { readInput } from '../input.ts';
import type { Keeper } from '../keeper.ts';
import {
  durationArgument,
  jsonOption,
  nameArgument,
  noWaitOption,
  oneOf,
  timeoutOption,
  userArgument,
  type WaitOptions,
  withKeeper,
} from '../options.ts';
import { showOutcome } from '../outcome.ts';
import { complain, print, printJson, tell } from '../output.ts';
import type { UserInstallation } from '../settings.ts';
import { anotherLink, untilLinkEnded, untilServed, whyNotConnected } from '../user-consent.ts';

interface ConnectOptions extends WaitOptions {
  redirectUrl?: string;
  expiresIn: number;
  installation?: UserInstallation;
}

interface CompleteOptions extends WaitOptions {
  redirectUrlFile: string;
}

export function registerConnectUser(program: Command): void {
  program
    .command('connect-user')
    .summary('make a link with which an end user grants access')
    .description('print a link with which an end user grants the provider access, and wait for it; once more for one that is there')
    .argument('<provider>', 'the connection of the provider', nameArgument)
    .argument('<user>', 'a name for the end user: the connection is PROVIDER/USER then', userArgument)
    .option('--redirect-url <url>', "where the end user returns to: one of the provider's callback URLs; needed where it has several")
    .addOption(new Option('--expires-in <duration>', 'how long the link is good').argParser(durationArgument).default(LINK_VALID_MS, '1h'))
    .addOption(
      new Option(
        '--installation <whose>',
        "what a new end user's sessions are opened on: an installation of its own, or the provider's (KEEPER_USER_INSTALLATION, or own)",
      )
        .choices(USER_INSTALLATIONS)
        .argParser(oneOf(USER_INSTALLATIONS, 'It is')),
    )
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper connect-user acme alice',
        'bunq-keeper connect-user acme alice --redirect-url https://acme.example/callback --expires-in 10m',
        'bunq-keeper connect-user acme alice --no-wait --json | jq -r .authorizationUrl',
      ),
    )
    .action(async (provider: string, user: string, options: ConnectOptions) => {
      if (options.redirectUrl !== undefined) checkCallbackUrl(options.redirectUrl);
      if (options.expiresIn === 0) throw new UsageError('--expires-in 0 makes a link that is good for nothing: 10m, 1h.');
      await withKeeper((keeper) => connectUser(keeper, provider, user, options));
    });
}

export function registerCompleteUser(program: Command): void {
  program
    .command('complete-user')
    .summary('bring the URL that the bank sent an end user back to')
    .description('bring the URL that the bank sent an end user back to, where no callback server takes it')
    .argument('<provider>', 'the connection of the provider', nameArgument)
    .argument('<user>', 'the end user', userArgument)
    .requiredOption('--redirect-url-file <file>', 'a file with the whole URL, - for stdin: it holds a code, so it is never an argument')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper complete-user acme alice --redirect-url-file redirect.txt',
        'pbpaste | bunq-keeper complete-user acme alice --redirect-url-file -',
      ),
    )
    .action(async (provider: string, user: string, options: CompleteOptions) => {
      const url = readRedirectUrl(options.redirectUrlFile);
      await withKeeper((keeper) => completeUser(keeper, `${provider}/${user}`, url, options));
    });
}

async function connectUser(
  keeper: Keeper,
  provider: string,
  user: string,
  { redirectUrl, expiresIn, installation, wait, timeout, json }: ConnectOptions,
): Promise<void> {
  const startedAt = performance.now();
  const made = keeper.connectUser(provider, user, { redirectUrl, validForMs: expiresIn, installation });
  const link = await awaited('Making the link', made);
  const { name, isNew, authorizationUrl, expiresAt } = link;
  if (json) printJson({ schema: 1, name, authorizationUrl, expiresAt });
  else print(authorizationUrl);
  tell(
    `For the browser of ${name}'s end user alone, once, until ${expiresAt}.${isNew ? '' : ` ${name} is there already and goes on meanwhile.`}`,
  );
  if (installation && !isNew) tell(`--installation is for a new connection: ${name} goes on with the installation that it has.`);
  if (!wait) return;
  tell('Waiting until it comes back; Ctrl-C ends the waiting only …');
  const outcome = await untilLinkEnded(keeper, name, authorizationUrl, timeout);
  if (outcome !== 'connected') return notConnected(keeper, name, whyNotConnected(name, outcome), json);
  tell('✔ the end user granted access');
  process.exitCode = showOutcome(await untilServed(keeper, name, timeout - (performance.now() - startedAt)), json);
}

async function notConnected(keeper: Keeper, name: string, why: string, json = false): Promise<void> {
  if (json) printJson(await keeper.status(name));
  complain(`${why} ${anotherLink(name)}`);
  process.exitCode = EXIT.failed;
}

/** @throws UsageError, before anything connects; nothing of the URL is in it */
export function readRedirectUrl(file: string): URL {
  const text = readInput(file, '--redirect-url-file').trim();
  const whence = file === '-' ? 'stdin' : file;
  const expected = 'Give the whole address that the browser was sent to: https://…?code=…&state=…';
  if (!URL.canParse(text)) throw new UsageError(`${whence} does not hold one URL alone. ${expected}`);
  const url = new URL(text);
  if (!parseRedirect(url)) throw new UsageError(`${whence} holds no URL that the bank sends an end user back to. ${expected}`);
  return url;
}

async function completeUser(keeper: Keeper, name: string, url: URL, { wait, timeout, json }: CompleteOptions): Promise<void> {
  const startedAt = performance.now();
  const completed = await bring(keeper, name, url, wait ? timeout : 0);
  const outcome = completed.outcome === 'repeated' ? completed.first! : completed.outcome;
  if (outcome === 'unknown')
    throw new UsageError(
      `That is no redirect URL of a link that was made for ${name}: nothing was done. Its links: bunq-keeper status ${name}`,
    );
  if (json) printJson({ schema: 1, name, outcome: completed.outcome, ...(completed.first && { first: completed.first }) });
  if (completed.outcome === 'repeated') tell(`That link was used before, and nothing was done now; then: ${outcome}.`);
  if (outcome !== 'connected' && outcome !== 'pending') return notConnected(keeper, name, whyNotConnected(name, outcome), json);
  if (outcome === 'connected') tell('✔ the end user granted access');
  if (!wait) return tell(`It goes on by itself: bunq-keeper watch ${name}`);
  if (outcome === 'pending') {
    const ended = await untilLinkEnded(keeper, name, url, timeout - (performance.now() - startedAt));
    if (ended !== 'connected') return notConnected(keeper, name, whyNotConnected(name, ended), json);
  }
  process.exitCode = showOutcome(await untilServed(keeper, name, timeout - (performance.now() - startedAt)), json);
}

const AGAIN_AFTER_MS = 1000;

/** Again and again while nobody answers, for as long as it is waited: the URL stays good meanwhile, a code for minutes. */
async function bring(keeper: Keeper, name: string, url: URL, timeoutMs: number): Promise<CompletedAuthorization> {
  const giveUpAt = performance.now() + timeoutMs;
  for (let isFirst = true; ; isFirst = false) {
    try {
      return await awaited('Waiting for the bank to take the code', keeper.completeAuthorization(url, name));
    } catch (error) {
      if (!(error instanceof NotCompletedError)) throw error;
      const why = (await keeper.whyNoAnswer(name).catch(() => [])).join(' ') || `${error.message}.`;
      if (performance.now() >= giveUpAt)
        throw new KeeperError(
          `${why} Nothing was done: bring the URL again soon, as its code is good for minutes.`,
          timeoutMs > 0 ? EXIT.notDoneInTime : EXIT.failed,
        );
      if (isFirst) tell(why);
      await sleep(AGAIN_AFTER_MS);
    }
  }
}
