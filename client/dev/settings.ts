import { readFileSync } from 'node:fs';
import { BUNQ_ENVIRONMENTS } from '../../bunq/environment.ts';
import { isLoopback } from '../../bunq/loopback.ts';
import { UsageError } from '../errors.ts';
import { readClientSettings } from '../settings.ts';
import type { DevCallback } from './callback.ts';
import type { DevFolder } from './folder.ts';

/** The bank that `dev` speaks to. */
export interface DevBank {
  readonly name: 'simulator' | 'sandbox';
  readonly apiUrl: string;
}

/** Stands in for the public sandbox where that cannot be reached: loopback only, so that it cannot lead anywhere else. */
const STAND_IN = 'BUNQ_KEEPER_SANDBOX_STAND_IN';

export async function devBank(sandbox: boolean, env: NodeJS.ProcessEnv, startSimulator: () => Promise<string>): Promise<DevBank> {
  if (!sandbox) return { name: 'simulator', apiUrl: await startSimulator() };
  const standIn = env[STAND_IN];
  if (standIn === undefined) return { name: 'sandbox', apiUrl: BUNQ_ENVIRONMENTS.sandbox.apiUrl };
  if (!URL.canParse(standIn) || !isLoopback(new URL(standIn))) throw new UsageError(`${STAND_IN} is for addresses on loopback only.`);
  return { name: 'sandbox', apiUrl: standIn };
}

/** Settings of the shell that would lead elsewhere: `dev` never touches a server that it did not start. */
export const ignoredSettings = (env: NodeJS.ProcessEnv): string[] =>
  Object.keys(env)
    .filter((name) => /^(TEMPORAL|BUNQ|KEEPER)_/.test(name) && name !== 'KEEPER_TEMPORAL_CLI' && name !== STAND_IN)
    .sort();

const PROXIES = /^(https?|no|all)_proxy$/i;

export function environmentOf(
  bank: DevBank,
  folder: DevFolder,
  callback: DevCallback,
  temporalAddress: string,
  namespace: string,
  env: NodeJS.ProcessEnv,
) {
  const isOwnSandbox = bank.name === 'sandbox' && bank.apiUrl === BUNQ_ENVIRONMENTS.sandbox.apiUrl;
  const settings: Record<string, string> = {
    TEMPORAL_ADDRESS: temporalAddress,
    TEMPORAL_NAMESPACE: namespace,
    TEMPORAL_CONFIG_FILE: folder.temporalProfile,
    BUNQ_ENVIRONMENT: bank.name,
    ...(!isOwnSandbox && { BUNQ_API_URL: bank.apiUrl }),
    KEEPER_SEALING_KEYS_FILE: folder.sealingKeysFile,
  };
  const inherited = Object.entries(env).filter(([name]) => !/^(TEMPORAL|BUNQ|KEEPER)_/.test(name) && (isOwnSandbox || !PROXIES.test(name)));
  return {
    forWorker: { ...Object.fromEntries(inherited), ...settings, KEEPER_CALLBACK_ADDRESS: callback.address },
    client: () => readClientSettings({ ...Object.fromEntries(inherited), ...settings }),
    forPeople: Object.entries(settings)
      .map(([name, value]) => `${name}='${value}'\n`)
      .join(''),
    sealingKeys: () => readFileSync(folder.sealingKeysFile, 'utf8'),
  };
}
