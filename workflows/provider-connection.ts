import { keepConnection } from './keep-connection.ts';
import type { ConnectionInput, Disconnected } from './messages.ts';

/** Registers a PSD2 provider or an API-key user with the bank, and keeps its session. */
export const providerConnection = (input: ConnectionInput): Promise<Disconnected> => keepConnection(input);
