import { type Command, InvalidArgumentError } from 'commander';
import { describeStatus, remarks } from '../describe.ts';
import type { KnownStatus } from '../keeper.ts';
import { jsonOption, nameArgument, withKeeper } from '../options.ts';
import { print, printJson, table, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

const STATES = ['ONBOARDING', 'ACTIVE', 'RENEWING', 'DEGRADED', 'LAPSED', 'ACTION_REQUIRED', 'DISCONNECTED'];

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what a connection is doing, its steps and times, and what to do')
    .argument('<name>', 'the connection', nameArgument)
    .addOption(jsonOption())
    .action(async (name: string, { json }: { json?: boolean }) =>
      withKeeper(async (keeper) => {
        const status = await keeper.status(name);
        if (json) printJson(status);
        else print(describeStatus(status));
        for (const remark of remarks(status)) tell(remark);
        if (status.worker === false) for (const sentence of await keeper.whyNoAnswer(name)) tell(sentence);
      }),
    );

  program
    .command('watch')
    .description('one line at each change, until Ctrl-C')
    .argument('<name>', 'the connection', nameArgument)
    .addOption(jsonOption())
    .action(async (name: string, { json }: { json?: boolean }) =>
      withKeeper(async (keeper) => {
        let last = '';
        const onStatus = (status: KnownStatus) => {
          const { asOf: _asOf, worker: _worker, ...shown } = status;
          const text = JSON.stringify(shown);
          if (text !== last) json ? printJson(status) : print(changeLine(status));
          last = text;
        };
        await waitFor(keeper, name, { until: ({ state }) => state === 'DISCONNECTED', timeoutMs: Number.POSITIVE_INFINITY, onStatus });
      }),
    );

  program
    .command('list')
    .description('every connection of this environment')
    .option('--state <state>', `only those in this state: ${STATES.join(', ')}`, stateArgument)
    .option('--provider <name>', 'only this provider', nameArgument)
    .addOption(jsonOption())
    .action(async ({ state, provider, json }: { state?: string; provider?: string; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const found = (await keeper.list({ state })).filter(({ name }) => provider === undefined || name === provider);
        if (json) for (const status of found) printJson(status);
        else print(table([['NAME', 'STATE', 'SINCE', 'RENEWED ON', 'TO DO'], ...found.map(listRow)]));
      }),
    );
}

const listRow = ({ name, state, since, session, action }: KnownStatus) => [
  name,
  state,
  since,
  session?.renewAt ?? '-',
  action?.remedy ?? '-',
];

const changeLine = ({ state, steps, session, action }: KnownStatus) => {
  const running = steps.find(({ status }) => status === 'running' || status === 'retrying' || status === 'waiting');
  const what = action?.remedy ?? (running ? `${running.name} ${running.status}` : session ? `session expires ${session.expiresAt}` : '');
  return `${new Date().toISOString()} ${state} ${what}`.trimEnd();
};

function stateArgument(text: string): string {
  if (STATES.includes(text)) return text;
  throw new InvalidArgumentError(`The states are ${STATES.join(', ')}.`);
}
