import type { Client } from '@temporalio/client';
import { parseWorkflowId } from '../workflows/names.ts';
import { memoFieldsOf } from '../workflows/status.ts';
import { memoOf } from './connection-workflows.ts';
import { unlessGone } from './forget.ts';
import { inTurns } from './in-turns.ts';
import { closedAs, type KnownStatus } from './known-status.ts';
import {
  attributesQuery,
  CLOSED,
  FILTERED_FIELDS,
  inOrder,
  isOf,
  type Kind,
  type ListFilter,
  matches,
  queryOfAll,
  queryOfKind,
  RUNNING,
} from './list-filter.ts';
import { tokenOf, wordOf } from './page-token.ts';
import { FULL_PAGE, type ListedRun, listRuns } from './visibility.ts';

export type { ListFilter } from './list-filter.ts';

export interface PageOptions {
  /** At most so many at once; 1,000, which is the most that Temporal gives. A page may have fewer, or none, and others behind it. */
  readonly pageSize?: number | undefined;
  /** The `next` of another page: goes on behind it. */
  readonly after?: string | undefined;
}

export interface ConnectionPage<Field extends keyof KnownStatus = keyof KnownStatus> {
  /** Each provider, and after it its end users. */
  readonly connections: Pick<KnownStatus, Field>[];
  /** Good at any time for the same filter; null on the last page. */
  readonly next: string | null;
}

const GRPC_INVALID_ARGUMENT = 3;

/**
 * The running connections of an environment, as they were last published, a page at a time: those first whose run was started last. One that is
 * started, or goes on in a new run, while the pages are read, may be missed; none comes twice.
 * @param fields what is wanted of each; all where nothing is said
 * @throws UsageError when `after` is no token
 */
export async function* connectionPages<Field extends keyof KnownStatus = keyof KnownStatus>(
  client: Client,
  environment: string,
  filter: ListFilter = {},
  { pageSize = FULL_PAGE, after }: PageOptions = {},
  fields?: readonly Field[],
): AsyncGenerator<ConnectionPage<Field>, void> {
  const attributes = attributesQuery(filter);
  const all = queryOfAll(environment, filter.provider, RUNNING);
  const paging = {
    pageSize: Math.min(pageSize, FULL_PAGE),
    after: after === undefined ? null : tokenOf(after),
    fields: fields && memoFieldsOf([...fields, ...ALWAYS_READ]),
  };
  const seen = new Set<string>();
  const pages = attributes === null ? listRuns(client, all, paging) : listRunsBy(client, all, attributes, paging);
  for await (const { runs, next } of pages) {
    const unseen = runs.filter(({ workflowId }) => isOf(environment, workflowId) && !seen.has(workflowId) && seen.add(workflowId));
    const connections = unseen.flatMap(publishedBy).filter((status) => matches(filter, status));
    yield { connections: inOrder(connections), next: next && wordOf(next) };
  }
}

const isInvalidArgument = (error: unknown) => (error as { code?: number }).code === GRPC_INVALID_ARGUMENT;

/** By search attribute where the namespace has them; where it does not, all of them: each memo tells. */
async function* listRunsBy(client: Client, all: string, attributes: string, paging: Parameters<typeof listRuns>[2]) {
  let isFirst = true;
  try {
    for await (const page of listRuns(client, `${all} AND ${attributes}`, paging)) {
      isFirst = false;
      yield page;
    }
  } catch (error) {
    if (!isFirst || !isInvalidArgument(error)) throw error;
    yield* listRuns(client, all, paging);
  }
}

/** By these it is told whether something was published, and whether it matches. */
const ALWAYS_READ = [...FILTERED_FIELDS, 'asOf'] as const;

function publishedBy({ memo, runId }: ListedRun): KnownStatus[] {
  const published = memoOf({ memo });
  return published ? [{ ...published.status, runId, asOf: published.asOf }] : [];
}

/** All of the pages at once, in the order of their names: each provider, and after it its end users. */
export async function listConnections<Field extends keyof KnownStatus = keyof KnownStatus>(
  client: Client,
  environment: string,
  filter: ListFilter,
  fields?: readonly Field[],
): Promise<Pick<KnownStatus, Field>[]> {
  const found: Pick<KnownStatus, Field | 'name'>[] = [];
  for await (const { connections } of connectionPages(client, environment, filter, {}, fields && [...fields, 'name' as const]))
    found.push(...connections);
  return inOrder(found);
}

/**
 * How many connections an environment has, and the ones started last: two requests, however many there are.
 * @param egress counts those of one egress, where the namespace has our search attributes; a connection that is older than they are has none
 * @param most of those that are read
 * @throws where it has no such attribute, and where Temporal does not answer
 */
export async function latestConnections(
  client: Client,
  environment: string,
  egress: string | null,
  most: number,
): Promise<{ number: number; latest: KnownStatus[] }> {
  const ofEgress = egress === null ? '' : ` AND (KeeperEgress = '${egress}' OR KeeperEgress IS NULL)`;
  const query = `${queryOfAll(environment, undefined, RUNNING)}${ofEgress}`;
  const { count: number } = await client.workflow.count(query);
  if (number === 0) return { number, latest: [] };
  const { value } = await listRuns(client, query, { pageSize: most }).next();
  return { number, latest: value ? value.runs.flatMap(publishedBy) : [] };
}

const MOST_CLOSED = 100;
/** Most runs that are looked at for them: one connection may have been terminated again and again. */
const MOST_CLOSED_RUNS = 1000;

/**
 * Connections whose workflow was closed other than by `disconnect`, and which no other run goes on with: nobody keeps their sessions.
 * At most the last hundred of providers and of end users, for as long as Temporal keeps what is closed.
 */
export async function listClosed(
  client: Client,
  environment: string,
  filter: Pick<ListFilter, 'provider' | 'egress'> = {},
): Promise<KnownStatus[]> {
  const found: KnownStatus[] = [];
  for (const kind of ['provider', 'user'] as const) {
    const ids = await closedIds(client, environment, kind, filter.provider);
    const latest = await inTurns(ids, (workflowId) => unlessGone(client.workflow.getHandle(workflowId).describe()));
    for (const execution of latest) {
      const closed = execution && closedAs(execution);
      const memo = memoOf(execution);
      if (closed && memo) found.push({ ...memo.status, runId: execution.runId, closed, asOf: memo.asOf });
    }
  }
  return inOrder(found.filter((status) => matches(filter, status)));
}

/** Which runs are looked at is one page of them. */
async function closedIds(client: Client, environment: string, kind: Kind, provider: string | undefined): Promise<string[]> {
  const query = queryOfKind(kind, environment, provider, CLOSED);
  const { value } = await listRuns(client, query, { pageSize: MOST_CLOSED_RUNS, fields: [] }).next();
  return [...new Set(value ? value.runs.map(({ workflowId }) => workflowId).filter((id) => isOf(environment, id)) : [])].slice(
    0,
    MOST_CLOSED,
  );
}

/** An environment may have more; for a guess these will do. */
const MOST_NAMES = 1000;
const NAMES_WITHIN_MS = 2000;

/** Names of running connections, providers' (and API-key users') or end users': the first so many that Temporal tells within 2 s. */
export async function connectionNames(client: Client, environment: string, ofUsers: boolean): Promise<string[]> {
  const query = queryOfKind(ofUsers ? 'user' : 'provider', environment, undefined, RUNNING);
  const first = () => listRuns(client, query, { pageSize: MOST_NAMES, fields: [] }).next();
  const { value } = await client.withDeadline(Date.now() + NAMES_WITHIN_MS, first);
  return value ? value.runs.flatMap(({ workflowId }) => parseWorkflowId(workflowId)?.name ?? []) : [];
}
