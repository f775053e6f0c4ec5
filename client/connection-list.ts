import type { Client } from '@temporalio/client';
import { providerOf } from '../workflows/names.ts';
import { memoOf } from './connection-workflows.ts';
import type { KnownStatus } from './keeper.ts';

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

/** Every running connection of an environment, as it was last published: each provider, and after it its end users. */
export async function listConnections(client: Client, environment: string, { state, provider }: ListFilter): Promise<KnownStatus[]> {
  const found: KnownStatus[] = [];
  for (const { type, prefix } of KINDS) {
    const id = `${prefix}.${environment}.${provider ?? ''}`;
    const query = `WorkflowType = '${type}' AND WorkflowId STARTS_WITH '${id}' AND ExecutionStatus = 'Running'`;
    for await (const execution of client.workflow.list({ query })) {
      const memo = memoOf(execution);
      if (memo) found.push({ ...memo.status, runId: execution.runId, asOf: memo.asOf });
    }
  }
  return found
    .filter((status) => status.environment === environment) // names of environments may begin alike
    .filter((status) => (!state || status.state === state) && (provider === undefined || providerOf(status.name) === provider))
    .sort((one, other) => (sortKey(one.name) < sortKey(other.name) ? -1 : 1));
}

/** An environment may have more; for a guess these will do. */
const MOST_NAMES = 1000;
const NAMES_WITHIN_MS = 2000;

/** Names of running connections, providers' (and API-key users') or end users': the first so many that Temporal tells within 2 s. */
export async function connectionNames(client: Client, environment: string, ofUsers: boolean): Promise<string[]> {
  const { type, prefix } = KINDS[ofUsers ? 1 : 0];
  const id = `${prefix}.${environment}.`;
  const query = `WorkflowType = '${type}' AND WorkflowId STARTS_WITH '${id}' AND ExecutionStatus = 'Running'`;
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
