import { keepConnection } from './keep-connection.ts';
import type { ConnectionInput, Disconnected } from './messages.ts';

/**
 * Keeps the session that an end user has granted a provider: waits for the consent, exchanges its code, and from then on it is a
 * connection like any other. The same name is connected again in place.
 */
export const userConnection = (input: ConnectionInput): Promise<Disconnected> => keepConnection(input);
