/** What it costs to read a listing of 20,000 end users that Temporal has sent: by the SDK's own list, and as the keeper does it. Pages of its real shape, off the wire. */
import { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import proto from '@temporalio/proto';
import { median } from './stage.mjs';

const { ListWorkflowExecutionsResponse } = proto.temporal.api.workflowservice.v1;

const PAGES = 20;
const PAGE = 1000;
const ROUNDS = 5;
const DAY_MS = 24 * 60 * 60_000;
const STEPS = ['key-pair', 'installation', 'api-key', 'device', 'session', 'oauth-client', 'callback-urls', 'client-credentials'];
const ATTRIBUTES = { KeeperState: 'Keyword', KeeperEnvironment: 'Keyword', KeeperProvider: 'Keyword', KeeperEgress: 'Keyword' };

/** @returns milliseconds for each connection, of which protobuf alone takes `wire` */
export async function measureListing(build) {
  const { listConnections } = await import(`${build}/client/connection-list.js`);
  const { LISTED_FIELDS } = await import(`${build}/worker/monitoring/connections.js`);
  const page = (executions, nextPageToken) => Buffer.from(ListWorkflowExecutionsResponse.encode({ executions, nextPageToken }).finish());
  const wired = Array.from({ length: PAGES }, (_, index) =>
    page(
      Array.from({ length: PAGE }, (_, one) => endUser(index * PAGE + one)),
      Buffer.from(index + 1 < PAGES ? String(index + 1) : ''),
    ),
  );
  const answer = ({ nextPageToken }) => ListWorkflowExecutionsResponse.decode(wired[Number(nextPageToken?.toString() ?? 0)]);
  const client = new Client({ connection: connectionTo({ listWorkflowExecutions: async (request) => answer(request) }) });
  const ways = {
    sdk: async () => {
      let number = 0;
      for await (const { memo } of client.workflow.list({ query: '' })) number += memo ? 1 : 0;
      return number;
    },
    all: async () => (await listConnections(client, 'production', {})).length,
    scrape: async () => (await listConnections(client, 'production', {}, LISTED_FIELDS)).length,
    wire: async () => wired.reduce((number, bytes) => number + ListWorkflowExecutionsResponse.decode(bytes).executions.length, 0),
  };
  const spent = { sdk: [], all: [], scrape: [], wire: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const [way, list] of Object.entries(ways)) {
      const startMs = performance.now();
      const number = await list();
      if (number !== PAGES * PAGE) throw new Error(`${way} has read ${number} of ${PAGES * PAGE}`);
      spent[way].push((performance.now() - startMs) / number);
    }
  return Object.fromEntries(Object.entries(spent).map(([way, each]) => [way, median(each)]));
}

/** No server behind it: it answers at once. */
const connectionTo = (workflowService) => ({
  workflowService,
  options: {},
  plugins: [],
  ensureConnected: async () => {},
  close: async () => {},
  withDeadline: (_, ask) => ask(),
});

function endUser(index) {
  const at = (days) => new Date(Date.UTC(2026, 10, 1) + (index % 7) * DAY_MS + days * DAY_MS).toISOString();
  const workflowId = `user.production.acme.user-${index}`;
  const status = { schema: 1, name: `acme/user-${index}`, environment: 'production', egress: 'default', workflowId, state: 'ACTIVE' };
  const session = { openedAt: at(0), renewAt: at(4), expiresAt: at(7), userId: index };
  const authorization = { status: 'connected', askedAt: at(0), expiresAt: at(1) };
  const steps = Object.fromEntries(STEPS.map((step) => [`step:${step}`, { status: 'done', at: at(0) }]));
  const wanted = { credential: 'access-token', fingerprintSha256: null, signer: null, callbackUrls: [], permittedIps: [] };
  const memo = { ...status, since: at(0), session, authorization, consentedAt: at(0), ...steps, wanted, asOf: at(0) };
  const attributes = { KeeperState: 'ACTIVE', KeeperEnvironment: 'production', KeeperProvider: 'acme', KeeperEgress: 'default' };
  return {
    execution: { workflowId, runId: '0198c1f2-6a0e-7f60-9d1c-0b1e6b1f7a11' },
    type: { name: 'userConnection' },
    startTime: { seconds: 1_790_000_000, nanos: index },
    executionTime: { seconds: 1_790_000_000 },
    status: 1,
    historyLength: 100,
    taskQueue: 'bunq-keeper.production',
    memo: { fields: payloads(memo) },
    searchAttributes: { indexedFields: withTypes(payloads(attributes)) },
  };
}

const payloads = (values) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, defaultPayloadConverter.toPayload(value)]));

const withTypes = (fields) =>
  Object.fromEntries(
    Object.entries(fields).map(([name, { metadata, data }]) => [
      name,
      { metadata: { ...metadata, type: Buffer.from(ATTRIBUTES[name]) }, data },
    ]),
  );
