import type { Command } from 'commander';
import { ACTION_CODES, type ActionCode } from '../../workflows/codes.ts';
import { awaited } from '../awaited.ts';
import { advice, missingEgressWorker } from '../describe.ts';
import { examples } from '../help.ts';
import type { Keeper } from '../keeper.ts';
import type { KnownStatus } from '../known-status.ts';
import { LIFECYCLE_STATES } from '../lifecycle-states.ts';
import { isOfRunningOnly, type ListFilter } from '../list-filter.ts';
import { paint, paintState } from '../look.ts';
import { durationArgument, jsonOption, nameArgument, numberArgument, oneOf, statesArgument, withKeeper } from '../options.ts';
import { complain, print, printJson, tell } from '../output.ts';
import { table } from '../table.ts';

interface Options {
  state?: string[];
  provider?: string;
  egress?: string;
  action?: ActionCode | true;
  expiresWithin?: number;
  renewsWithin?: number;
  limit?: number;
  after?: string;
  json?: boolean;
}

export function registerList(program: Command): void {
  program
    .command('list')
    .description('every connection of this environment, and those whose workflow was terminated or failed')
    .option('--state <state>', `only running ones in this state, repeatable: ${LIFECYCLE_STATES.join(', ')}`, statesArgument)
    .option('--provider <name>', 'only this provider and its end users', nameArgument)
    .option('--egress <name>', 'only those of this egress', nameArgument)
    .option(
      '--action [code]',
      'only running ones in which something waits for a person: for this reason, or any',
      oneOf(ACTION_CODES, 'The codes are'),
    )
    .option('--expires-within <duration>', 'only running ones whose session ends so soon, or has ended', durationArgument)
    .option('--renews-within <duration>', 'only running ones whose renewal is due so soon; 0s: is due', durationArgument)
    .option(
      '--limit <number>',
      'at most so many, 1 to 1000; where there are more, how to go on is said',
      numberArgument('connections', 1000),
    )
    .option('--after <token>', 'with the same options as before: go on behind what was listed')
    .addOption(jsonOption())
    .addHelpText(
      'after',
      examples(
        'bunq-keeper list',
        'bunq-keeper list --state ACTION_REQUIRED --state LAPSED',
        'bunq-keeper list --expires-within 12h --limit 100',
        'bunq-keeper list --provider acme --json | jq -r .name',
      ),
    )
    .action((options: Options) => withKeeper((keeper) => list(keeper, options)));
}

/** A page at a time: who reads the first lines does not wait for the last, and none are piled up. */
async function list(keeper: Keeper, { limit, after, json = false, ...chosen }: Options): Promise<void> {
  const filter = filterOf(chosen, Date.now());
  const pages = keeper.pages(filter, { pageSize: limit, after });
  const show = json ? showJson : rows(keeper.consentAgeMs);
  const missing = missingWorkers();
  for (;;) {
    const { value: page, done } = await awaited('Listing the connections', pages.next());
    if (done) break;
    const { connections, next } = page;
    const isLast = limit !== undefined && connections.length > 0 && next !== null;
    if (connections.length > 0) show(connections, isLast ? next : null);
    missing(connections);
    if (isLast) return tell(`There are more. The same again with: --after ${next}`);
  }
  show(isOfRunningOnly(filter) ? [] : await awaited('Looking for closed ones', keeper.listClosed(filter)), null);
}

function filterOf({ expiresWithin, renewsWithin, ...filter }: Omit<Options, 'limit' | 'after' | 'json'>, nowMs: number): ListFilter {
  const inMs = (ms: number | undefined) => (ms === undefined ? undefined : new Date(nowMs + ms));
  return { ...filter, expiresBefore: inMs(expiresWithin), renewBefore: inMs(renewsWithin) };
}

/** One sentence an egress, at the first page that it is on. */
function missingWorkers(): (statuses: readonly KnownStatus[]) => void {
  const said = new Set<string>();
  return (statuses) => {
    for (const sentence of new Set(statuses.map(missingEgressWorker))) {
      if (sentence !== null && !said.has(sentence)) complain(sentence);
      if (sentence !== null) said.add(sentence);
    }
  };
}

type Show = (statuses: readonly KnownStatus[], next: string | null) => void;

const showJson: Show = (statuses, next) => {
  for (const status of statuses) printJson({ ...status, ...(next !== null && status === statuses.at(-1) && { next }) });
};

const HEAD = ['NAME', 'STATE', 'SINCE', 'RENEWED ON', 'TO DO'];

/** The columns of each page are as wide as it needs. */
function rows(consentAgeMs: number): Show {
  let head = [HEAD];
  return (statuses) => {
    if (statuses.length === 0 && head.length === 0) return;
    print(table([...head, ...statuses.map((status) => listRow(status, consentAgeMs))]));
    head = [];
  };
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
