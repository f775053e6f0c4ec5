import { defineQuery, defineUpdate } from '@temporalio/workflow';
import type { BunqUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { AnsweredOutcome, AuthorizationAnswer, AuthorizationRequest, ReceivedRedirect } from './authorization.ts';
import type { ActionCode, FailureCode, StepName } from './codes.ts';
import type { ConnectionState, LifecycleState } from './state.ts';

/** What can be asked of a connection, and what can be wished of it. All times are ISO 8601 UTC. */

export type StepStatus = 'pending' | 'running' | 'retrying' | 'waiting' | 'done' | 'skipped';

/** The status of a connection: what `bunq-keeper status NAME --json` prints, and what the workflow's memo holds. */
export interface ConnectionStatus {
  schema: 1;
  /** An end user's is PROVIDER/USER. */
  name: string;
  environment: string;
  egress: string;
  workflowId: string;
  runId: string;
  state: LifecycleState;
  since: string;
  steps: { name: StepName; status: StepStatus; at: string | null }[];
  certificate: null | { subject: string; authorizationNumber: string | null; roles: string[]; expiresAt: string };
  /** While another certificate is being proven: the former, by which the session served came about. Absent for who has no certificate. */
  formerCertificate?: ConnectionStatus['certificate'];
  session: null | { openedAt: string; expiresAt: string; renewAt: string; userId: number };
  oauthClient: null | { id: number; clientId: string | null; callbackUrls: string[] };
  action: null | { code: ActionCode; seen: SeenFacts & { times: number; since: string }; remedy: string };
  lastError: null | SeenFacts;
  /** What it last recovered from, by itself or with a person's help. */
  recovered?: { from: LifecycleState; code: ActionCode | FailureCode | null; since: string; at: string };
  /** Of an end user's connection: its latest link, and what came of it; null when none was made. */
  authorization?: null | { status: 'asked' | AnsweredOutcome; askedAt: string; expiresAt: string };
  /** Of an end user's connection: when the access in use was granted; null before it was. */
  consentedAt?: string | null;
  /** Of an end user's connection: since when the bank refuses its access token, and when it did so again an hour later. */
  revoked?: { since: string; confirmedAt: string | null };
}

export interface SeenFacts {
  code: FailureCode;
  endpoint: string | null;
  status: number | null;
  text: string | null;
  responseId: string | null;
  at: string;
}

/** The session served, with all that a call on it needs, of one piece. */
export interface SessionView {
  sessionId: number;
  user: BunqUser;
  openedAt: string;
  expiresAt: string;
  renewAt: string;
  /** The bank refused our own reading on it: a successor is being sought; until then there is nothing better. */
  doubtful: boolean;
  sessionToken: Sealed<'session-token'>;
  privateKey: Sealed<'private-key'>;
  serverPublicKeyPem: string;
  /** An end user's session stands on the provider's installation: the private key is sealed for the provider's connection. */
  ofProvider?: true;
  /** By whose address the bank takes it; in the answer to the query alone. */
  egress?: string;
}

export interface OAuthClientView {
  id: number;
  clientId: string | null;
  clientSecret: Sealed<'client-secret'> | null;
  callbackUrls: string[];
}

/** Who sent an update: it stands in the history, so that a history is an audit trail. */
export interface Sender {
  /** For example `ada@laptop`. */
  by: string;
}

export interface RenewInput extends Sender {
  /** One of many, for which nobody waits: after everything else in the gate. */
  bulk?: boolean;
}

export interface ReportRefusedInput extends Sender {
  /** The session on which a call was refused with 401 or 403. */
  sessionId: number;
}

export interface RefusalAnswer {
  /**
   * `replaced`: another session is served than the one reported; `good`: our own reading on it passed, so the refusal was about the
   * call; `repairing`: no better one within a minute (or the bank could not be asked); report again, or wait.
   */
  outcome: 'replaced' | 'good' | 'repairing';
  /** The session served now; null while there is no valid one. */
  session: SessionView | null;
}

export interface ResumeInput extends Sender {
  /** A new certificate, chain and signer, or a new API key; without it the same is tried again. */
  credential?: ConnectionState['wanted']['credential'];
  /** The QSEAL's signature over the digest that the status shows, base64: made by a person, as the signer is unreachable. */
  qsealSignature?: string;
}

/** Base64 on one line; whether it is right is seen where the token can be opened. */
export const QSEAL_SIGNATURE_PATTERN = /^[A-Za-z0-9+/]{2,4096}={0,2}$/;

export interface ResealAnswer {
  /** Of the keys by which something in the state is sealed: one, when all went well. */
  keyIds: string[];
}

export interface AskAuthorizationInput extends Sender, AuthorizationRequest {}

export interface CompleteAuthorizationInput extends Sender, ReceivedRedirect {}

export interface CallbackUrlsInput extends Sender {
  /** All callback URLs that there should be. */
  wanted: string[];
  /** To be removed at the bank. */
  unwanted: string[];
  /** Remove at the bank whatever is not wanted. */
  prune: boolean;
}

export const statusQuery = defineQuery<ConnectionStatus>('status');
/** Null while no valid session is served. */
export const sessionQuery = defineQuery<SessionView | null>('session');
export const oauthClientQuery = defineQuery<OAuthClientView | null>('oauthClient');
/** The whole state, secrets sealed: what a closed run is resumed from. */
export const stateQuery = defineQuery<ConnectionState>('state');

/** Each records the wish and answers at once with the state it found; the outcome is read by query. */
export const renewUpdate = defineUpdate<LifecycleState, [RenewInput]>('renew');
/**
 * A call on the session was refused. The keeper proves the session itself before it believes it, so a false report costs no
 * session; answers within a minute. Send it with `updateId: refusalUpdateId(…)`: all reporters of a minute share one update.
 */
export const reportRefusedUpdate = defineUpdate<RefusalAnswer, [ReportRefusedInput]>('reportRefused');
export const resumeUpdate = defineUpdate<LifecycleState, [ResumeInput]>('resume');
export const setCallbackUrlsUpdate = defineUpdate<LifecycleState, [CallbackUrlsInput]>('setCallbackUrls');
/** To an end user's connection: another link was made, with this `state`. */
export const askAuthorizationUpdate = defineUpdate<LifecycleState, [AskAuthorizationInput]>('askAuthorization');
/**
 * To an end user's connection: a link came back. Answers when the code was exchanged, within 20 s; refused, and so without an event
 * in the history, when the link is none of its own.
 */
export const completeAuthorizationUpdate = defineUpdate<AuthorizationAnswer, [CompleteAuthorizationInput]>('completeAuthorization');
/** The workers' sealing keys were rotated: everything in the state is sealed by the present one. It is at each renewal anyway. */
export const resealUpdate = defineUpdate<ResealAnswer, [Sender]>('reseal');
export const disconnectUpdate = defineUpdate<LifecycleState, [Sender]>('disconnect');

/** Temporal takes 10 updates in flight and 2,000 a run: whoever reports the same session within a minute shares one. */
export const refusalUpdateId = (sessionId: number, nowMs: number) => `refused/${sessionId}/${Math.floor(nowMs / 60_000)}`;

/** The workflow's argument: a new connection, or the state that a former run of it ended with. */
export type ConnectionInput = { readonly request: ConnectionRequest } | { readonly state: ConnectionState };
export type ConnectionRequest = import('./state.ts').OnboardingRequest;

/** What a disconnected connection's workflow ends with. */
export interface Disconnected {
  name: string;
  disconnectedBy: string;
  /** Sessions that could not be closed at the bank, with the time at which they end by themselves. */
  leftOpen: { sessionId: number; expiresAt: string }[];
}
