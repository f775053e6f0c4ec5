import type { Command } from 'commander';
import { isUserName } from '../../workflows/names.ts';
import { awaited } from '../awaited.ts';
import { canAsk, confirm } from '../confirm.ts';
import { UsageError } from '../errors.ts';
import { examples } from '../help.ts';
import type { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import { connectionArgument, jsonOption, noWaitOption, timeoutOption, type WaitOptions, withKeeper } from '../options.ts';
import { complain, printJson, tell } from '../output.ts';
import { waitFor } from '../wait.ts';
import { several } from '../words.ts';

interface Options extends WaitOptions {
  yes?: boolean;
  forget?: boolean;
}

export function registerDisconnect(program: Command): void {
  program
    .command('disconnect')
    .description('close the sessions at the bank and end the workflow')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .option('--forget', 'delete its histories from Temporal too')
    .option('--yes', 'do not ask')
    .addOption(noWaitOption())
    .addOption(timeoutOption())
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper disconnect acme', 'bunq-keeper disconnect acme/alice --forget --yes'))
    .action(async (name: string, options: Options) => {
      if (options.forget && !options.wait) throw new UsageError('--forget waits for the end: it does not go with --no-wait.');
      if (!options.yes && !canAsk()) throw new UsageError('This ends a connection: say --yes where there is no terminal to ask.');
      await withKeeper(async (keeper) => {
        const users = isUserName(name) ? [] : await usersOf(keeper, name);
        if (users.length > 0) tell(usersGoOn(name, users));
        if (!options.yes) await confirm(`Close the sessions of ${name} at the bank and end its workflow? ${afterwards(name)}`);
        await disconnect(keeper, name, options);
      });
    });
}

/** Whose connections are not touched. */
async function usersOf(keeper: Keeper, provider: string): Promise<string[]> {
  return (await keeper.list({ provider })).map(({ name }) => name).filter(isUserName);
}

const MOST_NAMED = 10;

/** They stand on nothing of the provider's but its OAuth client, which stays at the bank. */
export function usersGoOn(provider: string, users: readonly string[]): string {
  const all = users.length > MOST_NAMED ? ` (bunq-keeper list --provider ${provider})` : '';
  return `${provider} has ${users.length} end users, whose connections are not touched and go on: ${several(users, MOST_NAMED)}${all}. Without ${provider} no new links can be made for them. To end one: bunq-keeper disconnect ${users[0]}`;
}

const afterwards = (name: string) =>
  isUserName(name) ? 'Its end user has to grant access again afterwards.' : 'A new onboarding is needed afterwards.';

async function disconnect(keeper: Keeper, name: string, { wait, timeout, json, forget }: Options): Promise<void> {
  const startedAt = performance.now();
  const before = await keeper.status(name);
  if (!(forget && isOver(before))) await awaited(`Asking ${name} to end`, keeper.disconnect(name)); // who forgot to forget may do so later
  if (!wait) return tell('The wish is recorded.');
  const status = await awaited('Closing its sessions at the bank', waitFor(keeper, name, { until: isOver, timeoutMs: timeout }));
  const { leftOpen } = await keeper.disconnected(name);
  for (const { sessionId, expiresAt } of leftOpen)
    complain(`Session ${sessionId} could not be closed at the bank; it expires at ${expiresAt}.`);
  tell(`${name} is disconnected. ${remainsAtTheBank(name)}`);
  if (forget) {
    const forgotten = keeper.forget(name, { timeoutMs: timeout - (performance.now() - startedAt) });
    const runs = await awaited('Waiting until Temporal has deleted its histories, in its own time', forgotten);
    tell(`${runs} histories were deleted from Temporal. ${remainsInTemporal(name)}`);
  }
  if (json) printJson({ ...status, leftOpen });
}

const isOver = ({ state, closed }: KnownStatus) => state === 'DISCONNECTED' && closed === undefined;

const remainsAtTheBank = (name: string) =>
  isUserName(name)
    ? 'At the bank there remain its installation and device, and the access that was granted: only the end user can end that, in the bunq app.'
    : 'At the bank there remain its installation, device and OAuth client; an API key is revoked in the bunq app.';

const remainsInTemporal = (name: string) =>
  `Its archives and back-ups, if any, are not touched; they hold its secrets sealed only. The history of the session gate names ${name} for as long as Temporal keeps it.`;
