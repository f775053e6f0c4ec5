import { Client, Connection, type ConnectionOptions } from '@temporalio/client';
import { readTemporalSettings } from '../settings/temporal.ts';
import { interceptors } from './closed-connection.ts';
import { KeeperError } from './errors.ts';

const CONNECT_WITHIN_MS = 4000;

const isLoopback = (address: string) => /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/.test(address);

/**
 * A Temporal client by Temporal's own variables and profile file.
 * @throws SettingsError, and KeeperError when no server answers
 */
export async function connectTemporal(): Promise<Client> {
  const { address, namespace, connectionOptions } = readTemporalSettings();
  return connectTemporalAt(address, namespace, connectionOptions as ConnectionOptions);
}

export async function connectTemporalAt(address: string, namespace: string, options: ConnectionOptions = {}): Promise<Client> {
  try {
    const connection = await Connection.connect({
      interceptors: [...interceptors],
      ...options,
      address,
      connectTimeout: CONNECT_WITHIN_MS,
      ...(isLoopback(address) && { channelArgs: { ...options.channelArgs, 'grpc.enable_http_proxy': 0 } }), // grpc-js makes no exception for loopback
    });
    return new Client({ connection, namespace });
  } catch {
    throw new KeeperError(
      `No Temporal server answers at ${address}. Start it, or set TEMPORAL_ADDRESS; to try bunq-keeper on this machine: bunq-keeper dev`,
    );
  }
}
