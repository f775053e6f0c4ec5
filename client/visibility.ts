import type { Client } from '@temporalio/client';

/**
 * What Temporal's visibility lists, page by page. The SDK's own list decodes all of a memo and the search attributes twice, each field for itself
 * and asynchronously: most of what listing thousands costs. Here only those fields are read that are wanted, straight from the payloads.
 */

/** The most that a server gives at once, unless it is told otherwise (`frontend.visibilityMaxPageSize`). */
export const FULL_PAGE = 1000;

export interface ListedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly memo: Record<string, unknown>;
}

export interface RunsPage {
  readonly runs: readonly ListedRun[];
  /** Temporal's own, to go on behind this page; null when it is the last. */
  readonly next: Uint8Array | null;
}

export interface Paging {
  readonly pageSize?: number | undefined;
  /** Goes on behind that page. */
  readonly after?: Uint8Array | null | undefined;
  /** Of the memo; all where nothing is said. */
  readonly fields?: readonly string[] | undefined;
}

/** In Temporal's order: what was started last comes first. */
export async function* listRuns(
  client: Client,
  query: string,
  { pageSize = FULL_PAGE, after = null, fields }: Paging = {},
): AsyncGenerator<RunsPage, void> {
  const { namespace } = client.options;
  const wanted = fields && new Set(fields);
  let token = after;
  do {
    const page = await client.workflowService.listWorkflowExecutions({
      namespace,
      query,
      pageSize,
      ...(token && { nextPageToken: token }),
    });
    token = page.nextPageToken.length > 0 ? page.nextPageToken : null;
    const runs = page.executions.map(({ execution, memo }) => ({
      workflowId: execution!.workflowId!,
      runId: execution!.runId!,
      memo: readFields(memo?.fields, wanted),
    }));
    yield { runs, next: token };
  } while (token);
}

interface Payload {
  readonly metadata?: Readonly<Record<string, Uint8Array>> | null;
  readonly data?: Uint8Array | null;
}

const JSON_PLAIN = Buffer.from('json/plain');

/** What is no JSON is left out: workers write nothing else, and null as nothing. */
export function readFields(
  fields: Readonly<Record<string, Payload>> | null | undefined,
  wanted?: ReadonlySet<string>,
): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const name in fields) {
    if (wanted && !wanted.has(name)) continue;
    const { metadata, data } = fields[name]!;
    if (data && metadata?.encoding && JSON_PLAIN.equals(metadata.encoding)) read[name] = JSON.parse(textOf(data));
  }
  return read;
}

const textOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
