import type { Pacing } from '../bunq/bank.ts';
import type { EgressWay } from '../bunq/dispatchers.ts';
import type { BankEnvironment } from '../bunq/environment.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import type { AddressList } from '../settings/address-list.ts';
import { BANK_SETTINGS, bankEnvironment } from '../settings/bank.ts';
import { EGRESS_WAY_SETTINGS, egressWay } from '../settings/egress-way.ts';
import type { HostPort } from '../settings/host-port.ts';
import { PACING_SETTINGS, pacing } from '../settings/pacing.ts';
import { PROXY_SETTINGS, type ProxySettings, proxySettings } from '../settings/proxy.ts';
import { type Environment, readSettings } from '../settings/read.ts';
import { SEALING_SETTINGS, sealingKeys } from '../settings/sealing-keys.ts';
import { WEBHOOK_SETTINGS, type WebhookSettings, webhookSettings } from '../settings/webhook.ts';
import { SIGNER_SETTINGS, type SignerSettings, signerSettings } from '../signers/settings.ts';

/** All that a worker is told from outside; read once, at its start. */
export interface WorkerSettings {
  readonly bank: BankEnvironment;
  readonly sealingKeys: SealingKeySet;
  /** The name of the one public address that this worker's bank calls leave by. */
  readonly egress: string;
  readonly egressAddress: string | null;
  /** By which they leave; null: as the machine has it. */
  readonly way: EgressWay | null;
  readonly signing: SignerSettings;
  readonly sessionGapMs: number;
  readonly settleMs: number;
  /** Null: the bank's limits for calls are not kept. */
  readonly pacing: Pacing | null;
  readonly deployment: { readonly name: string; readonly buildId: string } | null;
  readonly proxy: ProxySettings;
  /** Where end users come back to; null: nowhere. */
  readonly callbackAddress: HostPort | null;
  /** From where the bank's notifications are taken there, and the proxies before it; null: none are taken. */
  readonly notificationSenders: AddressList | null;
  readonly callbackProxies: AddressList | null;
  /** Null: nobody is told of events. */
  readonly webhook: WebhookSettings | null;
  /** Where metrics are scraped; null: nowhere. */
  readonly metricsAddress: HostPort | null;
  /** How many end users may have series of their own. */
  readonly metricsConnections: number;
  /** Where it says how it is; null: nowhere. */
  readonly healthAddress: HostPort | null;
}

/** In an activity: what waits longer fails and is tried again, so that no worker's slot is taken by waiting. */
const LONGEST_WAIT_MS = 1000;

const NAMES = [
  ...BANK_SETTINGS,
  ...SEALING_SETTINGS,
  ...SIGNER_SETTINGS,
  ...(['KEEPER_EGRESS', 'KEEPER_EGRESS_ADDRESS', 'KEEPER_SESSION_GAP', 'KEEPER_SETTLE'] as const),
  ...(['TEMPORAL_DEPLOYMENT_NAME', 'TEMPORAL_WORKER_BUILD_ID'] as const),
  ...EGRESS_WAY_SETTINGS,
  ...PACING_SETTINGS,
  ...PROXY_SETTINGS,
  ...(['KEEPER_CALLBACK_ADDRESS', 'KEEPER_NOTIFICATION_SENDERS', 'KEEPER_CALLBACK_PROXIES'] as const),
  ...WEBHOOK_SETTINGS,
  ...(['KEEPER_METRICS_ADDRESS', 'KEEPER_METRICS_CONNECTIONS', 'KEEPER_HEALTH_ADDRESS'] as const),
] as const;

/** @throws SettingsError with all that is wrong at once */
export function readWorkerSettings(env: Environment): WorkerSettings {
  return readSettings(NAMES, env, (values, wrong) => {
    const bank = bankEnvironment(values, wrong);
    const keys = sealingKeys(values, wrong);
    const signing = signerSettings(values, env, wrong);
    const { TEMPORAL_DEPLOYMENT_NAME: name, TEMPORAL_WORKER_BUILD_ID: buildId } = values;
    if (!name !== !buildId) wrong('TEMPORAL_DEPLOYMENT_NAME and TEMPORAL_WORKER_BUILD_ID belong together: set both or neither');
    if (!values.KEEPER_CALLBACK_ADDRESS && (values.KEEPER_NOTIFICATION_SENDERS || values.KEEPER_CALLBACK_PROXIES))
      wrong('KEEPER_NOTIFICATION_SENDERS and KEEPER_CALLBACK_PROXIES are of the server at KEEPER_CALLBACK_ADDRESS: set that too');
    const way = egressWay(values, bank, wrong);
    const webhook = webhookSettings(values, wrong);
    if (!bank || !keys || !signing || way === undefined || webhook === undefined) return undefined;
    return {
      bank,
      sealingKeys: keys,
      signing,
      egress: values.KEEPER_EGRESS,
      egressAddress: values.KEEPER_EGRESS_ADDRESS ?? null,
      way,
      sessionGapMs: values.KEEPER_SESSION_GAP,
      settleMs: values.KEEPER_SETTLE,
      pacing: pacing(values, LONGEST_WAIT_MS),
      deployment: name && buildId ? { name, buildId } : null,
      proxy: proxySettings(values),
      callbackAddress: values.KEEPER_CALLBACK_ADDRESS ?? null,
      notificationSenders: values.KEEPER_NOTIFICATION_SENDERS ?? null,
      callbackProxies: values.KEEPER_CALLBACK_PROXIES ?? null,
      webhook,
      metricsAddress: values.KEEPER_METRICS_ADDRESS ?? null,
      metricsConnections: values.KEEPER_METRICS_CONNECTIONS,
      healthAddress: values.KEEPER_HEALTH_ADDRESS ?? null,
    };
  });
}
