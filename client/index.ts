/**
 * `bunq-keeper`: what a program needs to onboard, watch and use connections. Only asks; the work is done by a worker
 * (`bunq-keeper worker`, or `runWorker` of `bunq-keeper/worker`).
 *
 *     const keeper = await Keeper.connect();
 *     await keeper.onboard('acme', { credential: { type: 'sandbox-user' }, callbackUrls: [], permittedIps: [] });
 *     const { state, action } = await keeper.status('acme');
 *     const accounts = await keeper.fetch('acme', '/user/{userId}/monetary-account');
 *     await keeper.close();
 *
 * Without `Keeper`, with a Temporal client alone: start the workflow `providerConnection` with a `ConnectionInput`, under the
 * id and on the task queue that `providerWorkflowId` and `workflowTaskQueue` give, and ask it by the queries and updates.
 */
export type { BankEnvironment } from '../bunq/environment.ts';
export type { BunqUser } from '../bunq/user.ts';
export { SealingError } from '../sealing/errors.ts';
export { SealingKeySet } from '../sealing/key-set.ts';
export type { Sealed, SecretKind } from '../sealing/sealed.ts';
export { Secret } from '../sealing/secret.ts';
export { SettingsError } from '../settings/read.ts';
export type { AnsweredOutcome, AuthorizationAnswer } from '../workflows/authorization.ts';
export { ACTION_CODES, type ActionCode, type FailureCode, STEP_NAMES, type StepName } from '../workflows/codes.ts';
export {
  askAuthorizationUpdate,
  type CallbackUrlsInput,
  type ConnectionInput,
  type ConnectionStatus,
  completeAuthorizationUpdate,
  type Disconnected,
  disconnectUpdate,
  type OAuthClientView,
  oauthClientQuery,
  type RefusalAnswer,
  type RenewInput,
  type ReportRefusedInput,
  type ResealAnswer,
  type ResumeInput,
  refusalUpdateId,
  renewUpdate,
  reportRefusedUpdate,
  resealUpdate,
  resumeUpdate,
  type SeenFacts,
  type Sender,
  type SessionView,
  type StepStatus,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from '../workflows/messages.ts';
export {
  connectionWorkflowId,
  egressTaskQueue,
  NAME_PATTERN,
  providerWorkflowId,
  sessionGateWorkflowId,
  signerTaskQueue,
  workflowTaskQueue,
} from '../workflows/names.ts';
export type { providerConnection } from '../workflows/provider-connection.ts';
export type { ConnectionState, LifecycleState, OnboardingRequest, WantedCredential } from '../workflows/state.ts';
export type { userConnection } from '../workflows/user-connection.ts';
export type { AddressUse } from './address-use.ts';
export { type CompletedAuthorization, NotCompletedError } from './authorizations.ts';
export { BankCallError, type BankCallInit } from './bank-calls.ts';
export { type BunqContext, type ImportedSession, parseBunqContext } from './bunq-context.ts';
export type { ConnectionPage, ListFilter, PageOptions } from './connection-list.ts';
export type { ConnectUserOptions, LinkOutcome, UserLink } from './end-users.ts';
export { KeeperError, NoSessionError, NotRunningError, UsageError } from './errors.ts';
export type { ImportOptions } from './import-options.ts';
export { type ExportedBunqContext, Keeper, type OnboardOptions, type RevealedSession } from './keeper.ts';
export type { KnownStatus } from './known-status.ts';
export type { Forecast, RenewalProgress } from './mass-renewal.ts';
export { NotPermittedError } from './permit-check.ts';
export { type QsealCredentialInput, qsealCredential } from './qseal-credential.ts';
export type { ClientSettings } from './settings.ts';
