import { Client } from '@temporalio/client';
import type { Neighbours } from './gate-client.ts';
import type { TemporalServer } from './temporal.ts';

/** The gate remembers fewer; some of these may not be able to tell. */
const ENOUGH = 10;

const CONNECTIONS = "WorkflowType IN ('providerConnection', 'userConnection') AND ExecutionStatus = 'Running'";

/**
 * The other connections of an egress, by Temporal's visibility: by search attribute where it is registered. A connection whose run is
 * older than the attribute has none; its memo tells.
 */
export function createNeighbours(
  { connection, namespace }: TemporalServer,
  environment: string,
  searchAttributes: () => Promise<readonly string[]>,
): Neighbours {
  const client = new Client({ connection, namespace });
  return async (egress, workflowId) => {
    const isRegistered = (await searchAttributes()).includes('KeeperEgress');
    const query = isRegistered ? `${CONNECTIONS} AND (KeeperEgress = '${egress}' OR KeeperEgress IS NULL)` : CONNECTIONS;
    const found: string[] = [];
    for await (const { workflowId: id, memo } of client.workflow.list({ query })) {
      if (id !== workflowId && memo?.environment === environment && memo.egress === egress) found.push(id);
      if (found.length === ENOUGH) break;
    }
    return found;
  };
}
