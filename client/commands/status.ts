import { type Command, InvalidArgumentError } from 'commander';
import type { LifecycleState } from '../../workflows/state.ts';
import { advice, describeStatus, remarks, toDo } from '../describe.ts';
import type { KnownStatus } from '../keeper.ts';
import { connectionArgument, jsonOption, nameArgument, withKeeper } from '../options.ts';
import { print, printJson, table, tell } from '../output.ts';
import { waitFor } from '../wait.ts';

const STATES = [
  'ONBOARDING',
  'AWAITING_AUTHORIZATION',
  'ACTIVE',
  'RENEWING',
  'DEGRADED',
  'LAPSED',
  'REVOKED',
  'ACTION_REQUIRED',
  'DISCONNECTED',
] satisfies LifecycleState[];

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what a connection is doing, its steps and times, and what to do')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .addOption(jsonOption())
    .action(async (name: string, { json }: { json?: boolean }) =>
      withKeeper(async (keeper) => {
        const status = await keeper.status(name);
        if (json) printJson(status);
        else print(describeStatus(status));
        for (const remark of remarks(status)) tell(remark);
        const advised = status.action ? null : advice(status, keeper.consentAgeMs); // an action stands in the status
        if (advised) tell(advised);
        if (status.worker === false) for (const sentence of await keeper.whyNoAnswer(name)) tell(sentence);
      }),
    );

  program
    .command('watch')
    .description('one line at each change, until Ctrl-C')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
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
    .option('--provider <name>', 'only this provider and its end users', nameArgument)
    .addOption(jsonOption())
    .action(async ({ state, provider, json }: { state?: string; provider?: string; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const found = await keeper.list({ state, provider });
        if (json) for (const status of found) printJson(status);
        else
          print(table([['NAME', 'STATE', 'SINCE', 'RENEWED ON', 'TO DO'], ...found.map((status) => listRow(status, keeper.consentAgeMs))]));
      }),
    );
}

const listRow = (status: KnownStatus, consentAgeMs: number) => [
  status.name,
  status.state,
  status.since,
  status.session?.renewAt ?? '-',
  advice(status, consentAgeMs) ?? '-',
];

const changeLine = (status: KnownStatus) => {
  const { state, steps, session } = status;
  const running = steps.find(({ status: now }) => now === 'running' || now === 'retrying' || now === 'waiting');
  const what = toDo(status) ?? (running ? `${running.name} ${running.status}` : session ? `session expires ${session.expiresAt}` : '');
  return `${new Date().toISOString()} ${state} ${what}`.trimEnd();
};

function stateArgument(text: string): string {
  if ((STATES as string[]).includes(text)) return text;
  throw new InvalidArgumentError(`The states are ${STATES.join(', ')}.`);
}
