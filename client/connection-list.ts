import type { Client } from '@temporalio/client';
import { providerOf } from '../workflows/names.ts';
import { memoOf } from './connection-workflows.ts';
import { unlessGone } from './forget.ts';
import { inTurns } from './in-turns.ts';
import { closedAs, type KnownStatus } from './known-status.ts';

export interface ListFilter {
  readonly state?: string | undefined;
  /** That provider and its end users. */
  readonly provider?: string | undefined;
}

/** By workflow type, id prefix and memo: it works where the namespace has none of our search attributes. */
const KINDS = [
  { type: 'providerConnection', prefix: 'provider' },
  { type: 'userConnection', prefix: 'user' },
] as const;

const RUNNING = "ExecutionStatus = 'Running'";
/** Other than by `disconnect`, which completes it. */
const CLOSED = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')";

const queryFor = ({ type, prefix }: (typeof KINDS)[number], environment: string, provider: string | undefined, status: string) =>
  `WorkflowType = '${type}' AND WorkflowId STARTS_WITH '${prefix}.${environment}.${provider ?? ''}' AND ${status}`;

/** Every running connection of an environment, as it was last published: each provider, and after it its end users. */
export async function listConnections(client: Client, environment: string, { state, provider }: ListFilter): Promise<KnownStatus[]> {
  const found: KnownStatus[] = [];
  for (const kind of KINDS) {
    for await (const execution of client.workflow.list({ query: queryFor(kind, environment, provider, RUNNING) })) {
      const memo = memoOf(execution);
      if (memo) found.push({ ...memo.status, runId: execution.runId, asOf: memo.asOf });
    }
  }
  return inOrder(found, environment, provider).filter((status) => !state || status.state === state);
}

const allRunning = (environment: string) => `(${KINDS.map((kind) => `(${queryFor(kind, environment, undefined, RUNNING)})`).join(' OR ')})`;

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
  const query = `${allRunning(environment)}${ofEgress}`;
  const latest: KnownStatus[] = [];
  const { count: number } = await client.workflow.count(query);
  let read = 0;
  if (number > 0)
    for await (const execution of client.workflow.list({ query, pageSize: most })) {
      const memo = memoOf(execution);
      if (memo) latest.push({ ...memo.status, runId: execution.runId, asOf: memo.asOf });
      if (++read >= most) break;
    }
  return { number, latest };
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
  { provider }: Pick<ListFilter, 'provider'> = {},
): Promise<KnownStatus[]> {
  const found: KnownStatus[] = [];
  for (const kind of KINDS) {
    const ids = new Set<string>();
    let runs = 0;
    for await (const { workflowId } of client.workflow.list({ query: queryFor(kind, environment, provider, CLOSED) })) {
      ids.add(workflowId);
      if (ids.size >= MOST_CLOSED || ++runs >= MOST_CLOSED_RUNS) break;
    }
    const latest = await inTurns([...ids], (workflowId) => unlessGone(client.workflow.getHandle(workflowId).describe()));
    for (const execution of latest) {
      const closed = execution && closedAs(execution);
      const memo = memoOf(execution);
      if (closed && memo) found.push({ ...memo.status, runId: execution.runId, closed, asOf: memo.asOf });
    }
  }
  return inOrder(found, environment, provider);
}

/** Names of environments, and of providers, may begin alike. */
const inOrder = (found: KnownStatus[], environment: string, provider: string | undefined) =>
  found
    .filter((status) => status.environment === environment && (provider === undefined || providerOf(status.name) === provider))
    .sort((one, other) => (sortKey(one.name) < sortKey(other.name) ? -1 : 1));

/** An environment may have more; for a guess these will do. */
const MOST_NAMES = 1000;
const NAMES_WITHIN_MS = 2000;

/** Names of running connections, providers' (and API-key users') or end users': the first so many that Temporal tells within 2 s. */
export async function connectionNames(client: Client, environment: string, ofUsers: boolean): Promise<string[]> {
  const kind = KINDS[ofUsers ? 1 : 0];
  const id = `${kind.prefix}.${environment}.`;
  const query = queryFor(kind, environment, undefined, RUNNING);
  const names: string[] = [];
  await client.withDeadline(Date.now() + NAMES_WITHIN_MS, async () => {
    for await (const { workflowId } of client.workflow.list({ query, pageSize: MOST_NAMES })) {
      if (names.push(workflowId.slice(id.length).replace('.', '/')) >= MOST_NAMES) return;
    }
  });
  return names;
}

/** An end user's connections stand right after its provider's, also where another name goes on with a dash. */
const sortKey = (name: string) => name.replace('/', '\0');
