import { loadClientConnectConfig } from '@temporalio/envconfig';
import { SettingsError } from './read.ts';

type ConnectionOptions = ReturnType<typeof loadClientConnectConfig>['connectionOptions'];

export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly connectionOptions: ConnectionOptions;
}

/**
 * By Temporal's own variables and profile file (TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_CONFIG_FILE, …).
 * @throws SettingsError
 */
export function readTemporalSettings(): TemporalSettings {
  const { connectionOptions, namespace = 'default' } = load();
  return { address: connectionOptions.address ?? 'localhost:7233', namespace, connectionOptions };
}

function load() {
  try {
    return loadClientConnectConfig();
  } catch (error) {
    // envconfig stumbles over a profile file without any profile
    const why = error instanceof TypeError ? 'the profile file has no [profile.default]' : (error as Error).message;
    throw new SettingsError([
      `Temporal's settings cannot be used: ${why}. Mend the TEMPORAL_… variables, or the profile file (TEMPORAL_CONFIG_FILE)`,
    ]);
  }
}
