/** The workflows: what a worker registers. Their names are stored in every history. */
export { providerConnection } from './provider-connection.ts';
export { sessionGate } from './session-gate.ts';
export { userConnection } from './user-connection.ts';
