import type { BunqUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import type { ActionCode, FailureCode, StepName } from './codes.ts';

/**
 * The state of a connection: what crosses continue-as-new, and what `resume` starts a closed run from. Plain JSON with a
 * version; every secret in it is sealed; all times are milliseconds since 1970 on the workflow's own clock.
 */
export interface ConnectionState {
  readonly version: 1;
  readonly name: string;
  readonly environment: string;
  readonly egress: string;
  readonly startedAtMs: number;
  wanted: Wanted;
  /** What the *next* session will stand on. */
  ladder: Ladder;
  /** Opened on `ladder`, not yet proven. */
  candidate: Session | null;
  /** What is served now; replaced only as a whole, by something proven. */
  serving: Serving | null;
  /** Former sessions that are still to be closed at the bank; at most 2. */
  retiring: Retiring[];
  oauthClient: OAuthClientState | null;
  /** Set when a run of steps came through to the end for the first time. */
  onboardedAtMs: number | null;
  /** When each step was last done. */
  doneAtMs: Partial<Record<StepName, number>>;
  /** What does not succeed, by step. A step in trouble holds itself and those that stand on it, never the loop. */
  troubles: Partial<Record<StepName, Trouble>>;
  repairs: Repair[];
  /** The last request for a session that may have left: the next one keeps the bank's distance from it. */
  sessionAskedAtMs: number | null;
  /** After an unclear answer to a POST that must not be repeated: nothing more is created before this time. */
  settleUntilMs: number | null;
  wishes: Wishes;
  lifecycle: { state: LifecycleState; sinceMs: number };
  counts: { renewals: number; repairs: number };
}

export interface Wanted {
  credential: WantedCredential;
  callbackUrls: string[];
  /** Callback URLs that a person asked to remove at the bank. */
  unwantedCallbackUrls: string[];
  /** Remove every callback URL that is not wanted, once. */
  pruneCallbackUrls: boolean;
  /** IPv4 addresses that may use the API key; `any` is the bank's wildcard; empty means the calling address. */
  permittedIps: string[];
}

export type WantedCredential =
  | {
      type: 'qseal';
      certificatePem: string;
      chainPem: string;
      signer: string;
      /** Of the certificate. */
      fingerprintSha256: string;
      subject: string;
      authorizationNumber: string | null;
      roles: string[];
      /** ISO 8601. */
      expiresAt: string;
    }
  | { type: 'api-key'; apiKey: Sealed<'api-key'> }
  | { type: 'sandbox-user' };

export interface Ladder {
  keyPair: KeyPair | null;
  installation: Installation | null;
  /** The QSEAL's signature over `keyPair` and `installation`, kept until the credential is there. */
  qsealSignature: string | null;
  apiKey: ApiKey | null;
  device: Device | null;
  /** The device was bound once more because nothing proved it: a refusal blames the API key next. */
  deviceRepeated: boolean;
}

export interface Device {
  /** Null when the bank gave no clear answer: the session step proves it, and blames it first. */
  deviceId: number | null;
}

export interface KeyPair {
  publicKeyPem: string;
  privateKey: Sealed<'private-key'>;
}

export interface Installation {
  /** Null for an installation that was imported: whoever made it did not note its id. */
  installationId: number | null;
  installationToken: Sealed<'installation-token'>;
  serverPublicKeyPem: string;
}

export interface ApiKey {
  apiKey: Sealed<'api-key'>;
  /** The bank's id of the credential; null for an API key that was given. */
  credentialId: number | null;
  /** A new credential dies if it is not bound to a device before this; null once it is bound. */
  bindBeforeMs: number | null;
  /** No session was opened on it yet: a new credential's first one counts as at most an hour. */
  unused: boolean;
}

export interface Session {
  /** 0 for one that was imported, whose id nobody noted: the bank closes the session of the token, whatever id is asked. */
  sessionId: number;
  sessionToken: Sealed<'session-token'>;
  user: BunqUser;
  openedAtMs: number;
  expiresAtMs: number;
}

/** All that a caller of the bank needs, of one piece. */
export interface Serving {
  session: Session;
  keyPair: KeyPair;
  installation: Installation;
  apiKey: ApiKey;
  device: Device;
  renewAtMs: number;
  /** The bank refused our own reading on it, or a person asked for a new one: a successor is sought at once. */
  doubtful: boolean;
}

export interface Retiring {
  sessionId: number;
  sessionToken: Sealed<'session-token'>;
  serverPublicKeyPem: string;
  closeAtMs: number;
  /** Attempts to close it that did not succeed. */
  failures: number;
  expiresAtMs: number;
}

export interface OAuthClientState {
  oauthClientId: number;
  userId: number;
  clientId: string | null;
  clientSecret: Sealed<'client-secret'> | null;
  /** As the bank last told them. */
  callbackUrls: { id: number; url: string }[];
  /** The callback URLs above were read from the bank at all. */
  callbackUrlsKnown: boolean;
  /** Further OAuth clients of the same user: reported, never touched. */
  others: number[];
  /** The session with which client id, secret and callback URLs were last read: they are read again after each renewal. */
  readWithSessionId: number | null;
}

/** What the bank, or the way to it, said last; plain facts, nothing secret. */
export interface SeenError {
  code: FailureCode;
  endpoint: string | null;
  status: number | null;
  text: string | null;
  responseId: string | null;
  atMs: number;
}

export interface Trouble {
  error: SeenError;
  /** In a row. */
  failures: number;
  firstAtMs: number;
  /** Tried again then; a step that waits for a person tries by itself once a day. */
  retryAtMs: number;
  /** Set while it waits for a person. */
  action: ActionCode | null;
}

export interface Repair {
  what: 'installation' | 'credential';
  atMs: number;
}

export interface Wishes {
  /** With a new credential, or null to try again with the present one. */
  resume: (Wish & { credential: WantedCredential | null }) | null;
  disconnect: Wish | null;
}

export interface Wish {
  by: string;
  atMs: number;
}

export type LifecycleState =
  | 'ONBOARDING'
  | 'ACTIVE'
  | 'RENEWING'
  /** Retrying; the session served is still good. */
  | 'DEGRADED'
  /** No valid session. */
  | 'LAPSED'
  | 'ACTION_REQUIRED'
  | 'DISCONNECTED';

/** What a new connection is started with. Readable in the Temporal UI; the API key in it is sealed. */
export interface OnboardingRequest {
  readonly version: 1;
  readonly name: string;
  readonly environment: string;
  readonly egress: string;
  readonly credential: WantedCredential;
  readonly callbackUrls: string[];
  readonly permittedIps: string[];
}

export const EMPTY_LADDER: Ladder = {
  keyPair: null,
  installation: null,
  qsealSignature: null,
  apiKey: null,
  device: null,
  deviceRepeated: false,
};

export function initialState(request: OnboardingRequest, nowMs: number): ConnectionState {
  return {
    version: 1,
    name: request.name,
    environment: request.environment,
    egress: request.egress,
    startedAtMs: nowMs,
    wanted: {
      credential: request.credential,
      callbackUrls: request.callbackUrls,
      unwantedCallbackUrls: [],
      pruneCallbackUrls: false,
      permittedIps: request.permittedIps,
    },
    ladder: { ...EMPTY_LADDER },
    candidate: null,
    serving: null,
    retiring: [],
    oauthClient: null,
    onboardedAtMs: null,
    doneAtMs: {},
    troubles: {},
    repairs: [],
    sessionAskedAtMs: null,
    settleUntilMs: null,
    wishes: { resume: null, disconnect: null },
    lifecycle: { state: 'ONBOARDING', sinceMs: nowMs },
    counts: { renewals: 0, repairs: 0 },
  };
}

/** Which of the states a connection is in; DISCONNECTED is set by the workflow as it ends. */
export function lifecycleState(state: ConnectionState, nowMs: number): LifecycleState {
  if (state.lifecycle.state === 'DISCONNECTED') return 'DISCONNECTED';
  const troubles = Object.values(state.troubles);
  if (troubles.some((trouble) => trouble.action)) return 'ACTION_REQUIRED';
  if (state.onboardedAtMs === null) return 'ONBOARDING';
  if (!isServingValid(state, nowMs)) return 'LAPSED';
  if (troubles.length > 0) return 'DEGRADED';
  return isRenewalDue(state, nowMs) || state.candidate ? 'RENEWING' : 'ACTIVE';
}

export const isServingValid = (state: ConnectionState, nowMs: number) =>
  state.serving !== null && nowMs < state.serving.session.expiresAtMs;

/** The session step has something to do: none is served, or a successor is due. */
export function isRenewalDue(state: ConnectionState, nowMs: number): boolean {
  const { serving } = state;
  return serving === null || serving.doubtful || nowMs >= serving.renewAtMs;
}
