import type { Client } from '@temporalio/client';
import type { Haystack } from './secret-search.ts';

/**
 * Everything that Temporal gives out about workflows, decoded, each value a haystack named by where it stands: payloads,
 * failures with their stack traces, memos, search attributes, headers, user metadata, identities; of all runs.
 */
export async function decodedPayloads(client: Client, workflowIds: readonly string[]): Promise<Haystack[]> {
  const haystacks: Haystack[] = [];
  for (const workflowId of workflowIds) {
    for (const runId of await runIds(client, workflowId)) {
      const handle = client.workflow.getHandle(workflowId, runId);
      const { raw } = await handle.describe();
      collect(`${workflowId} ${runId} description`, raw, haystacks);
      const { events } = await handle.fetchHistory();
      for (const event of events ?? []) collect(`${workflowId} ${runId} event ${event.eventId}`, event, haystacks);
    }
  }
  return haystacks;
}

async function runIds(client: Client, workflowId: string): Promise<string[]> {
  let runId: string | null | undefined = (await client.workflow.getHandle(workflowId).describe()).runId;
  const found: string[] = [];
  while (runId) {
    found.push(runId);
    const history = await client.workflow.getHandle(workflowId, runId).fetchHistory();
    runId = history.events?.[0]?.workflowExecutionStartedEventAttributes?.continuedExecutionRunId;
  }
  return found;
}

function collect(name: string, value: unknown, haystacks: Haystack[]): void {
  if (typeof value === 'string' || value instanceof Uint8Array) {
    if (value.length > 0) haystacks.push({ name, bytes: value });
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      haystacks.push({ name: `${name} (a key)`, bytes: key });
      collect(`${name}.${key}`, inner, haystacks);
    }
  }
}
