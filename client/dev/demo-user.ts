import { setTimeout as sleep } from 'node:timers/promises';
import { toDo } from '../describe.ts';
import type { LinkOutcome, UserLink } from '../end-users.ts';
import { KeeperError, UsageError } from '../errors.ts';
import type { Keeper } from '../keeper.ts';
import { needsPerson } from '../outcome.ts';
import { print } from '../output.ts';
import { isServedAnew, whyNotConnected } from '../user-consent.ts';

/** `dev`'s end user: a link for the browser, and what happened after it was clicked. */

const USER = 'alice';
/** `dev` stays up for as long as somebody plays with it. */
const LINK_VALID_MS = 24 * 60 * 60_000;
const LOOK_EVERY_MS = 1000;

/** Prints a link to connect a demo user, then what came of it, and another link when nothing did; until it is connected. */
export async function connectDemoUser(keeper: Keeper, provider: string, redirectUrl: string, signal: AbortSignal): Promise<void> {
  const name = `${provider}/${USER}`;
  const before = await keeper.status(name).catch(() => null);
  if (before?.consentedAt && !needsPerson(before) && !before.closed && before.state !== 'DISCONNECTED') {
    print(`End user ${name} granted access at ${before.consentedAt}.`);
    return showAccounts(keeper, name, signal);
  }
  for (let isConnected = false; !isConnected; ) {
    const { authorizationUrl, expiresAt } = await newLink(keeper, provider, redirectUrl, signal);
    print(`Connect a demo user ${name} in a browser (until ${expiresAt}):\n  ${authorizationUrl}`);
    isConnected = await isGranted(keeper, name, authorizationUrl, signal);
  }
  await showAccounts(keeper, name, signal);
}

/** The worker may have been killed just now. */
async function newLink(keeper: Keeper, provider: string, redirectUrl: string, signal: AbortSignal): Promise<UserLink> {
  for (;;) {
    try {
      return await keeper.connectUser(provider, USER, { redirectUrl, validForMs: LINK_VALID_MS });
    } catch (error) {
      if (!(error instanceof KeeperError) || error instanceof UsageError) throw error;
      await sleep(LOOK_EVERY_MS, undefined, { signal });
    }
  }
}

/** Says what comes back of the link. */
async function isGranted(keeper: Keeper, name: string, link: string, signal: AbortSignal): Promise<boolean> {
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const outcome: LinkOutcome | null = await keeper.linkOutcome(name, link);
    if (outcome === null || outcome === 'asked' || outcome === 'pending') continue;
    const now = new Date().toISOString();
    const isConnected = outcome === 'connected';
    print(`${now} ${isConnected ? `${name}: the end user granted access; a session is being opened …` : whyNotConnected(name, outcome)}`);
    return isConnected;
  }
}

const ACCOUNTS = '/user/{userId}/monetary-account';

async function showAccounts(keeper: Keeper, name: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const status = await keeper.status(name).catch(() => null);
    const isKnown = status !== null && status.worker !== false;
    if (isKnown && needsPerson(status)) return print(`${name} is ${status.state}: ${toDo(status)}`);
    const answer = isKnown && isServedAnew(status) ? await keeper.fetch(name, ACCOUNTS, { signal }).catch(() => null) : null;
    if (answer) return print(await told(name, answer));
    await sleep(LOOK_EVERY_MS, undefined, { signal });
  }
}

const told = async (name: string, answer: Response) =>
  [
    `${new Date().toISOString()} ${name} is ACTIVE; GET ${ACCOUNTS}: ${await accountsIn(answer)}`,
    `In another terminal: npm run -s keeper -- call ${name} GET '${ACCOUNTS}'`,
  ].join('\n');

interface Account {
  readonly display_name?: string;
  readonly alias?: readonly { readonly type: string; readonly value: string }[];
  readonly balance?: { readonly value: string; readonly currency: string } | null;
}

/** Each in a few words. */
async function accountsIn(answer: Response): Promise<string> {
  if (!answer.ok) return `the bank says HTTP ${answer.status}`;
  const { Response: items } = (await answer.json()) as { Response: Record<string, Account>[] };
  const accounts = items.flatMap((item) => Object.values(item));
  const words = accounts.map(({ display_name, alias, balance }) =>
    [display_name, alias?.find(({ type }) => type === 'IBAN')?.value, balance && `${balance.value} ${balance.currency}`]
      .filter(Boolean)
      .join(', '),
  );
  return words.join('; ') || 'no account';
}
