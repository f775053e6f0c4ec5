// Onboards a user of the sandbox with nothing but a Temporal client, and prints its status until it is ACTIVE.
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { ConnectionStatus, providerConnection } from 'bunq-keeper';

const { TEMPORAL_ADDRESS: address = 'localhost:7233', BUNQ_ENVIRONMENT: environment = 'sandbox' } = process.env;
const [name, egress, callbackUrls] = ['example', 'default', ['https://localhost/callback']];
const connection = await Connection.connect({ address });
const handle = await new Client({ connection }).workflow.start<typeof providerConnection>('providerConnection', {
  workflowId: `provider.${environment}.${name}`,
  workflowIdConflictPolicy: 'USE_EXISTING',
  taskQueue: `bunq-keeper.${environment}`,
  args: [{ request: { version: 1, name, environment, egress, credential: { type: 'sandbox-user' }, callbackUrls, permittedIps: [] } }],
});

let status: ConnectionStatus;
do {
  await sleep(1000);
  status = await handle.query('status');
  console.log(status.state, status.action?.remedy ?? status.steps.find((step) => step.status !== 'done')?.name ?? '');
} while (status.state !== 'ACTIVE');
console.log(status.session, status.oauthClient);
await connection.close();
