import type { Pacing } from '../bunq/bank.ts';
import type { BankEnvironment } from '../bunq/environment.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { BANK_SETTINGS, bankEnvironment } from '../settings/bank.ts';
import { PACING_SETTINGS, pacing } from '../settings/pacing.ts';
import { PROXY_SETTINGS, type ProxySettings, proxySettings } from '../settings/proxy.ts';
import { type Environment, readSettings } from '../settings/read.ts';
import { SEALING_SETTINGS, sealingKeys } from '../settings/sealing-keys.ts';

/** What a client of the keeper is told from outside, beside Temporal's own variables. */
export interface ClientSettings {
  readonly bank: BankEnvironment;
  /** Connections that are onboarded here stick to this egress. */
  readonly egress: string;
  /** The distance between two sessions of one address, as the workers have it; 30 s when it is not given. */
  readonly sessionGapMs?: number;
  /** From this age on an end user's consent is said to be old; 180 days when it is not given. */
  readonly consentAgeMs?: number;
  /** For bank calls: this process's share of the address's limits; null: they are not kept. Alone at its address when it is not given. */
  readonly pacing?: Pacing | null;
  /** For bank calls. */
  readonly proxy?: ProxySettings;
}

/** Whoever calls here waits as long as it takes. */
const LONGEST_WAIT_MS = Number.POSITIVE_INFINITY;

const NAMES = [
  ...BANK_SETTINGS,
  'KEEPER_EGRESS',
  'KEEPER_SESSION_GAP',
  'KEEPER_CONSENT_AGE',
  ...PACING_SETTINGS,
  ...PROXY_SETTINGS,
] as const;

/** @throws SettingsError */
export function readClientSettings(env: Environment): ClientSettings {
  return readSettings(NAMES, env, (values, wrong) => {
    const bank = bankEnvironment(values, wrong);
    if (!bank) return undefined;
    const { KEEPER_EGRESS: egress, KEEPER_SESSION_GAP: sessionGapMs, KEEPER_CONSENT_AGE: consentAgeMs } = values;
    return { bank, egress, sessionGapMs, consentAgeMs, pacing: pacing(values, LONGEST_WAIT_MS), proxy: proxySettings(values) };
  });
}

/** For the few commands that seal or open a secret. @throws SettingsError */
export function readSealingKeys(env: Environment): SealingKeySet {
  return readSettings(SEALING_SETTINGS, env, sealingKeys);
}
