import type { Pacing } from '../bunq/bank.ts';
import type { EgressWay } from '../bunq/dispatchers.ts';
import type { BankEnvironment } from '../bunq/environment.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { BANK_SETTINGS, bankEnvironment } from '../settings/bank.ts';
import { EGRESS_WAY_SETTINGS, egressWay } from '../settings/egress-way.ts';
import { PACING_SETTINGS, pacing } from '../settings/pacing.ts';
import { PROXY_SETTINGS, type ProxySettings, proxySettings } from '../settings/proxy.ts';
import { type Environment, readSettings } from '../settings/read.ts';
import type { USER_INSTALLATIONS } from '../settings/schema.ts';
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
  /** What sessions of new end users are opened on; `own` when it is not given. */
  readonly userInstallation?: UserInstallation;
  /** For bank calls: this process's share of the address's limits; null: they are not kept. Alone at its address when it is not given. */
  readonly pacing?: Pacing | null;
  /** For bank calls. */
  readonly proxy?: ProxySettings;
  /** By which they leave, as the egress's workers' do; null: as the machine has it. */
  readonly way?: EgressWay | null;
}

/** An end user's connection makes an installation and a device of its own, or uses its provider's. */
export type UserInstallation = (typeof USER_INSTALLATIONS)[number];

/** Whoever calls here waits as long as it takes. */
const LONGEST_WAIT_MS = Number.POSITIVE_INFINITY;

const NAMES = [
  ...BANK_SETTINGS,
  'KEEPER_EGRESS',
  'KEEPER_SESSION_GAP',
  'KEEPER_CONSENT_AGE',
  'KEEPER_USER_INSTALLATION',
  ...EGRESS_WAY_SETTINGS,
  ...PACING_SETTINGS,
  ...PROXY_SETTINGS,
] as const;

/** @throws SettingsError */
export function readClientSettings(env: Environment): ClientSettings {
  return readSettings(NAMES, env, (values, wrong) => {
    const bank = bankEnvironment(values, wrong);
    const way = egressWay(values, bank, wrong);
    if (!bank || way === undefined) return undefined;
    return {
      bank,
      egress: values.KEEPER_EGRESS,
      sessionGapMs: values.KEEPER_SESSION_GAP,
      consentAgeMs: values.KEEPER_CONSENT_AGE,
      userInstallation: values.KEEPER_USER_INSTALLATION,
      pacing: pacing(values, LONGEST_WAIT_MS),
      proxy: proxySettings(values),
      way,
    };
  });
}

/** For the few commands that seal or open a secret. @throws SettingsError */
export function readSealingKeys(env: Environment): SealingKeySet {
  return readSettings(SEALING_SETTINGS, env, sealingKeys);
}
