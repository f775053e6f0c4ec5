import { Counter, Gauge, Histogram, Registry } from 'prom-client';

/** Every metric of ours, in one place; what each means and how many series it has stands in docs/metrics.md. */

/** Of a connection's series: whose it is. */
const OF_PROVIDER = ['provider', 'kind'] as const;

/** Seconds: a call of the bank takes some 100 ms, and is given up after 5 s. */
const LATENCY_BUCKETS = [0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 5];

/** @param environment stands on every series: one Prometheus may scrape workers of several */
export function createMetrics(environment: string) {
  const registry = new Registry();
  registry.setDefaultLabels({ environment });
  const options = <Label extends string>(name: string, help: string, labelNames: readonly Label[]) => ({
    name: `bunq_keeper_${name}`,
    help,
    labelNames,
    registers: [registry],
  });
  const gauge = <Label extends string>(name: string, help: string, ...labels: readonly Label[]) => new Gauge(options(name, help, labels));
  const counter = <Label extends string>(name: string, help: string, ...labels: readonly Label[]) =>
    new Counter(options(name, help, labels));

  return {
    registry,

    // of connections, as they were last published
    connections: gauge('connections', 'Running connections by their state.', ...OF_PROVIDER, 'state'),
    closedConnections: gauge(
      'closed_connections',
      'Connections whose workflow was closed other than by disconnecting: nobody keeps their sessions.',
      ...OF_PROVIDER,
    ),
    actionsRequired: gauge('actions_required', 'Connections that wait for a person, by what they wait for.', ...OF_PROVIDER, 'code'),
    sessionsOverdue: gauge('sessions_overdue', 'Sessions whose time of renewal has passed.', ...OF_PROVIDER),
    earliestExpiration: gauge(
      'session_earliest_expiration_timestamp_seconds',
      'When the first of the sessions served ends; seconds since 1970.',
      ...OF_PROVIDER,
    ),
    leastLifeLeft: gauge(
      'session_least_life_left_ratio',
      'What is left of the life of the session served that has least left of it; 1 is all of it.',
      ...OF_PROVIDER,
    ),
    certificateExpiration: gauge(
      'certificate_expiration_timestamp_seconds',
      'When the certificate of a provider ends; seconds since 1970.',
      'provider',
    ),
    sessionExpiration: gauge(
      'session_expiration_timestamp_seconds',
      'When the session served ends; seconds since 1970.',
      'connection',
      'provider',
    ),
    sessionRenewal: gauge(
      'session_renewal_timestamp_seconds',
      'When the session served is to be renewed; seconds since 1970.',
      'connection',
      'provider',
    ),
    connectionState: gauge('connection_state', 'The state of a connection: 1.', 'connection', 'provider', 'state'),
    endUsersNotShown: gauge('end_users_not_shown', 'End users without series of their own (KEEPER_METRICS_CONNECTIONS).'),
    listingTimestamp: gauge('listing_timestamp_seconds', 'When the connections were last listed; seconds since 1970.'),
    listingDuration: gauge('listing_duration_seconds', 'How long the last listing of the connections took.'),

    // of every egress that connections have
    egressWorkers: gauge('egress_workers', 'Workers that take the bank calls of an egress.', 'egress', 'task_queue'),

    // of the gate of this worker's egress
    gateWaiting: gauge('gate_waiting', 'Connections that wait for a slot to open a session, by urgency.', 'egress', 'class'),
    gateGap: gauge('gate_gap_seconds', 'The distance that the gate keeps between two new sessions.', 'egress'),
    gateAddressSuspect: gauge(
      'gate_address_suspect',
      '1 while the bank refuses every connection from the address of the egress.',
      'egress',
    ),

    // of this worker
    renewals: counter('renewals_total', 'Tries to replace a session, by outcome: renewed, or the code of the failure.', 'kind', 'outcome'),
    stepFailures: counter('step_failures_total', 'Tries of a step that did not succeed, by the code of the failure.', 'step', 'code'),
    repairs: counter('repairs_total', 'What the bank no longer took and was made anew.', 'kind', 'what'),
    webhookFailures: counter(
      'webhook_failures_total',
      "Events that the webhook's receiver did not take, by what becomes of them: again, or given_up.",
      'type',
      'outcome',
    ),
    slots: counter('slots_total', 'Slots for new sessions that were used, by what came of them.', 'egress', 'outcome'),
    bankCalls: counter('bank_calls_total', 'Calls of the bank, by outcome: ok, or the code of the error.', 'egress', 'endpoint', 'outcome'),
    bankCallDuration: new Histogram({
      ...options('bank_call_duration_seconds', 'How long the bank took to answer, by HTTP status: 2xx to 5xx, lost or unreachable.', [
        'egress',
        'endpoint',
        'status',
      ]),
      buckets: LATENCY_BUCKETS,
    }),
    bankLastSuccess: gauge(
      'bank_last_success_timestamp_seconds',
      'When a call of the bank last ended as it should; seconds since 1970.',
      'egress',
    ),
    temporalUp: gauge('temporal_up', '1 when Temporal and its database answered just now.'),
    workerPolling: gauge('worker_polling', '1 while this worker takes tasks of a task queue.', 'task_queue'),
    sealingKey: gauge('sealing_key', 'The sealing keys of this worker: 1; use: seals (and opens), or opens.', 'key_id', 'use'),
    signerUp: gauge('signer_up', '1 when a named signer told its public key when it was last asked.', 'signer'),
    buildInfo: gauge('build_info', 'This worker: 1.', 'version', 'node_version', 'egress'),
  };
}

export type Metrics = ReturnType<typeof createMetrics>;

export type Kind = 'provider' | 'user';
