import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { advice, describeStatus, missingEgressWorker, remarks, toDo } from '../describe.ts';
import { examples } from '../help.ts';
import type { KnownStatus } from '../known-status.ts';
import { LIFECYCLE_STATES } from '../lifecycle-states.ts';
import { paint, paintCommands, paintState } from '../look.ts';
import { connectionArgument, jsonOption, nameArgument, stateArgument, withKeeper } from '../options.ts';
import { complain, print, printJson } from '../output.ts';
import { table } from '../table.ts';
import { waitFor } from '../wait.ts';

export function registerStatus(program: Command): void {
  program
    .command('status')
    .description('what a connection is doing, its steps and times, and what to do')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper status acme', 'bunq-keeper status acme/alice --json'))
    .action(async (name: string, { json }: { json?: boolean }) =>
      withKeeper(async (keeper) => {
        const status = await awaited(`Asking for ${name}`, keeper.status(name));
        if (json) printJson(status);
        else print(describeStatus(status));
        const said = new Set(remarks(status));
        const advised = status.action ? null : advice(status, keeper.consentAgeMs); // an action stands in the status
        if (advised) said.add(advised);
        if (status.worker === false) for (const sentence of await keeper.whyNoAnswer(name)) said.add(sentence);
        for (const sentence of said) complain(sentence);
      }),
    );

  program
    .command('watch')
    .description('one line at each change, until Ctrl-C')
    .argument('<name>', 'the connection (an end user’s is PROVIDER/USER)', connectionArgument)
    .addOption(jsonOption())
    .addHelpText('after', examples('bunq-keeper watch acme', 'bunq-keeper watch acme --json | jq --unbuffered .state'))
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
    .description('every connection of this environment, and those whose workflow was terminated or failed')
    .option('--state <state>', `only running ones in this state: ${LIFECYCLE_STATES.join(', ')}`, stateArgument)
    .option('--provider <name>', 'only this provider and its end users', nameArgument)
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples('bunq-keeper list', 'bunq-keeper list --state ACTION_REQUIRED', 'bunq-keeper list --provider acme --json | jq -r .name'),
    )
    .action(async ({ state, provider, json }: { state?: string; provider?: string; json?: boolean }) =>
      withKeeper(async (keeper) => {
        const listed = Promise.all([keeper.list({ state, provider }), state ? [] : keeper.listClosed({ provider })]);
        const found = (await awaited('Listing the connections', listed)).flat();
        for (const missing of new Set(found.map(missingEgressWorker))) if (missing) complain(missing);
        if (json) for (const status of found) printJson(status);
        else
          print(table([['NAME', 'STATE', 'SINCE', 'RENEWED ON', 'TO DO'], ...found.map((status) => listRow(status, keeper.consentAgeMs))]));
      }),
    );
}

const listRow = (status: KnownStatus, consentAgeMs: number) =>
  status.closed ? closedRow(status.name, status.closed) : runningRow(status, consentAgeMs);

const closedRow = (name: string, closed: string) => [
  name,
  paint('red', closed, process.stdout),
  '-',
  '-',
  `nobody keeps its sessions: bunq-keeper resume ${name}`,
];

const runningRow = (status: KnownStatus, consentAgeMs: number) => [
  status.name,
  paintState(status.state),
  minute(status.since),
  status.session ? minute(status.session.renewAt) : '-',
  advice(status, consentAgeMs) ?? missingEgressWorker(status) ?? '-',
];

/** A list has many rows: `2026-11-28T03:30Z`. */
const minute = (time: string) => time.replace(/:\d\d(\.\d+)?Z$/, 'Z');

const changeLine = (status: KnownStatus) => {
  const { state, steps, session } = status;
  const running = steps.find(({ status: now }) => now === 'running' || now === 'retrying' || now === 'waiting');
  const what =
    toDo(status) ??
    missingEgressWorker(status) ??
    (running ? `${running.name} ${running.status}` : session ? `session expires ${session.expiresAt}` : '');
  return `${new Date().toISOString()} ${paintState(state)} ${paintCommands(what)}`.trimEnd();
};
