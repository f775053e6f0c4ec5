import type { ActionCode } from '../workflows/codes.ts';
import { NAME_PATTERN, parseWorkflowId, providerOf } from '../workflows/names.ts';
import { UsageError } from './errors.ts';
import type { KnownStatus } from './known-status.ts';

/** Which connections are listed. All pure. */

export interface ListFilter {
  /** In this state, or one of these. */
  readonly state?: string | readonly string[] | undefined;
  /** That provider and its end users. */
  readonly provider?: string | undefined;
  readonly egress?: string | undefined;
  /** What waits for a person for this reason, or for any. */
  readonly action?: ActionCode | true | undefined;
  /** Whose session ends before, or has ended. */
  readonly expiresBefore?: Date | undefined;
  /** Whose successor is due before. */
  readonly renewBefore?: Date | undefined;
}

/** The status' fields that are looked at. */
export const FILTERED_FIELDS = ['name', 'state', 'egress', 'action', 'session'] as const satisfies readonly (keyof KnownStatus)[];

type Filtered = Pick<KnownStatus, (typeof FILTERED_FIELDS)[number]>;

const statesOf = ({ state }: ListFilter): readonly string[] | null =>
  state === undefined ? null : typeof state === 'string' ? [state] : state;

/** By what was last published. */
export function matches(filter: ListFilter, { name, state, egress, action, session }: Filtered): boolean {
  const states = statesOf(filter);
  const isBefore = (time: string | undefined, limit: Date | undefined) =>
    !limit || (time !== undefined && Date.parse(time) < limit.getTime());
  return (
    (filter.provider === undefined || providerOf(name) === filter.provider) &&
    (!states || states.includes(state)) &&
    (filter.egress === undefined || egress === filter.egress) &&
    (filter.action === undefined || (action !== null && (filter.action === true || action.code === filter.action))) &&
    isBefore(session?.expiresAt, filter.expiresBefore) &&
    isBefore(session?.renewAt, filter.renewBefore)
  );
}

/** Only what runs can be chosen by these: of what was closed nothing is published any more. */
export const isOfRunningOnly = ({ state, action, expiresBefore, renewBefore }: ListFilter) =>
  [state, action, expiresBefore, renewBefore].some((given) => given !== undefined);

export const RUNNING = "ExecutionStatus = 'Running'";
/** Other than by `disconnect`, which completes it. */
export const CLOSED = "ExecutionStatus IN ('Terminated', 'Failed', 'TimedOut', 'Canceled')";

export type Kind = 'provider' | 'user';

/** By workflow type and id: it works where the namespace has none of our search attributes. @throws UsageError when it is no provider's name */
export function queryOfKind(kind: Kind, environment: string, provider: string | undefined, status: string): string {
  if (provider !== undefined && !NAME_PATTERN.test(provider)) throw new UsageError(`${JSON.stringify(provider)} is not a provider's name.`);
  const id = `${kind}.${environment}.`;
  const ids =
    provider === undefined
      ? `WorkflowId STARTS_WITH '${id}'`
      : kind === 'provider'
        ? `WorkflowId = '${id}${provider}'`
        : `WorkflowId STARTS_WITH '${id}${provider}.'`;
  return `WorkflowType = '${kind}Connection' AND ${ids} AND ${status}`;
}

export const queryOfAll = (environment: string, provider: string | undefined, status: string) =>
  `((${queryOfKind('provider', environment, provider, status)}) OR (${queryOfKind('user', environment, provider, status)}))`;

/** Names of environments may begin alike. */
export const isOf = (environment: string, workflowId: string) => parseWorkflowId(workflowId)?.environment === environment;

/**
 * The same by search attribute, so that only those are sent that match; null where there is nothing to choose by. A connection whose
 * run is older than the attributes has none of them: it comes along, and its memo tells.
 */
export function attributesQuery(filter: ListFilter): string | null {
  const { egress, action, expiresBefore, renewBefore } = filter;
  const states = statesOf(filter);
  const conditions = [
    ...(states ? [`KeeperState IN (${states.map(quoted).join(', ')})`] : []),
    ...(egress === undefined ? [] : [`KeeperEgress = ${quoted(egress)}`]),
    ...(action === undefined ? [] : [action === true ? 'KeeperAction IS NOT NULL' : `KeeperAction = ${quoted(action)}`]),
    ...(expiresBefore ? [`KeeperExpiresAt < '${expiresBefore.toISOString()}'`] : []),
    ...(renewBefore ? [`KeeperRenewAt < '${renewBefore.toISOString()}'`] : []),
  ];
  return conditions.length === 0 ? null : `((${conditions.join(' AND ')}) OR KeeperState IS NULL)`;
}

/** @throws UsageError for what would be no word: a query is made of it */
function quoted(word: string): string {
  if (/^[\w-]+$/.test(word)) return `'${word}'`;
  throw new UsageError(`${JSON.stringify(word)} is none by which connections can be listed.`);
}

/** By name: an end user's connections stand right after its provider's, also where another name goes on with a dash. */
export const inOrder = <Status extends Pick<KnownStatus, 'name'>>(statuses: readonly Status[]): Status[] =>
  statuses
    .map((status) => ({ key: status.name.replace('/', '\0'), status }))
    .sort((one, other) => (one.key < other.key ? -1 : 1))
    .map(({ status }) => status);
