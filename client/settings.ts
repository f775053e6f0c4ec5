import type { BankEnvironment } from '../bunq/environment.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { BANK_SETTINGS, bankEnvironment } from '../settings/bank.ts';
import { type Environment, readSettings } from '../settings/read.ts';
import { SEALING_SETTINGS, sealingKeys } from '../settings/sealing-keys.ts';

/** What a client of the keeper is told from outside, beside Temporal's own variables. */
export interface ClientSettings {
  readonly bank: BankEnvironment;
  /** Connections that are onboarded here stick to this egress. */
  readonly egress: string;
}

/** @throws SettingsError */
export function readClientSettings(env: Environment): ClientSettings {
  return readSettings([...BANK_SETTINGS, 'KEEPER_EGRESS'] as const, env, (values, wrong) => {
    const bank = bankEnvironment(values, wrong);
    return bank && { bank, egress: values.KEEPER_EGRESS };
  });
}

/** For the few commands that seal or open a secret. @throws SettingsError */
export function readSealingKeys(env: Environment): SealingKeySet {
  return readSettings(SEALING_SETTINGS, env, sealingKeys);
}
