import type { Command } from 'commander';
import { awaited } from '../awaited.ts';
import { advice, describeStatus, missingEgressWorker, remarks, toDo } from '../describe.ts';
import { examples } from '../help.ts';
import type { KnownStatus } from '../known-status.ts';
import { paintCommands, paintState } from '../look.ts';
import { connectionArgument, jsonOption, withKeeper } from '../options.ts';
import { complain, print, printJson } from '../output.ts';
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
}

const changeLine = (status: KnownStatus) => {
  const { state, steps, session } = status;
  const running = steps.find(({ status: now }) => now === 'running' || now === 'retrying' || now === 'waiting');
  const what =
    toDo(status) ??
    missingEgressWorker(status) ??
    (running ? `${running.name} ${running.status}` : session ? `session expires ${session.expiresAt}` : '');
  return `${new Date().toISOString()} ${paintState(state)} ${paintCommands(what)}`.trimEnd();
};
