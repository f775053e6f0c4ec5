import type { BunqUser } from '../bunq/user.ts';
import type { Sealed } from '../sealing/sealed.ts';
import { type Authorization, type AuthorizationRequest, askAuthorization, NO_AUTHORIZATION, type Revoked } from './authorization.ts';
import type { CertificateWarning } from './certificate-life.ts';
import { type ActionCode, type FailureCode, STEP_NAMES, type StepName } from './codes.ts';
import { MINUTE_MS } from './duration.ts';
import type { Outbox } from './outbox.ts';
import type { SlotClass } from './slot-classes.ts';

/**
 * The state of a connection: what crosses continue-as-new, and what `resume` starts a closed run from. Plain JSON with a
 * version; every secret in it is sealed; all times are milliseconds since 1970 on the workflow's own clock.
 */
export interface ConnectionState {
  readonly version: 1;
  /** An end user's is PROVIDER/USER. */
  readonly name: string;
  readonly environment: string;
  readonly egress: string;
  readonly startedAtMs: number;
  wanted: Wanted;
  /** What the *next* session will stand on. */
  ladder: Ladder;
  /** Opened, not yet proven. */
  candidate: Candidate | null;
  /** What is served now; replaced only as a whole, by something proven. */
  serving: Serving | null;
  /** Former sessions that are still to be closed at the bank, the oldest first; at most 2 for longer than 10 s. */
  retiring: Retiring[];
  oauthClient: OAuthClientState | null;
  /** Of an end user's connection: the consent that it lives by. */
  authorization?: Authorization;
  /** Of an end user's connection: the bank no longer takes its access token. */
  revoked?: Revoked;
  /** Of a provider: what was last said of its certificate's end. */
  certificateWarning?: CertificateWarning;
  /** Set when a run of steps came through to the end for the first time. */
  onboardedAtMs: number | null;
  /** When each step was last done. */
  doneAtMs: Partial<Record<StepName, number>>;
  /** What does not succeed, by step. A step in trouble holds itself and those that stand on it, never the loop. */
  troubles: Partial<Record<StepName, Trouble>>;
  repairs: Repair[];
  /** What was asked of the gate; null when no session is to be opened. */
  slot: AskedSlot | null;
  /** After an outage each connection asks the gate at its own time, not before this one. */
  askNotBeforeMs: number;
  /** Until then somebody waits for the next session. */
  waitedForUntilMs: number;
  /** After an unclear answer to a POST that must not be repeated: nothing more is created before this time. */
  settleUntilMs: number | null;
  wishes: Wishes;
  lifecycle: { state: LifecycleState; sinceMs: number; reason?: ActionCode | FailureCode };
  /** Since when it is not as it should be; null while it is. */
  troubled: Troubled | null;
  /** What it last recovered from, by itself or with a person's help. */
  recovered: (Troubled & { atMs: number }) | null;
  counts: { renewals: number; repairs: number };
  /** What is to be told by webhook, until it was. */
  outbox?: Outbox;
}

export interface Wanted {
  credential: WantedCredential;
  /** What the session served came of, until one is served that comes of `credential`: it counts again when that is somebody else's. */
  formerCredential?: WantedCredential;
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
  | { type: 'sandbox-user' }
  /** An end user's consent: the access token that comes of it is used as the API key. */
  | { type: 'oauth-grant' };

export interface Ladder {
  keyPair: KeyPair | null;
  installation: Installation | null;
  /** The QSEAL's signature over `keyPair` and `installation`, kept until the credential is there. */
  qsealSignature: string | null;
  /** Made by a person in the signer's place; not checked yet. */
  givenSignature?: string;
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
  /** Of an end user's connection: it is the provider's. Its token, and the private key beside it, are sealed for the provider's connection. */
  ofProvider?: true;
  /** Of the text that the QSEAL is to sign over it: shown to a person, as the signer has been unreachable for long. */
  qsealDigest?: QsealDigest;
}

export interface QsealDigest {
  sha256Hex: string;
  sha256Base64: string;
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
  /** What the bank said, where it counts as less: until then it may have to be closed. */
  toldExpiresAtMs?: number;
}

export interface Candidate extends Session {
  /** A reading on it has passed. */
  isProven?: boolean;
  /** Opened on what the session served stands on, as the ladder waits for something. */
  isOnServing?: boolean;
}

/** What a session is opened on. */
export interface Standing {
  keyPair: KeyPair;
  installation: Installation;
  apiKey: ApiKey;
  device: Device;
}

/** All that a caller of the bank needs, of one piece. */
export interface Serving extends Standing {
  session: Session;
  renewAtMs: number;
  /** What it stands on was not refused: while the ladder waits for whatever, the next session may be opened on that. */
  renewable: boolean;
  /** The bank refused our own reading on it: a successor is sought at once. */
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
  /** Of a session that was to be opened on what the session served stands on, not on the ladder. */
  isOnServing?: true;
}

export interface Repair {
  what: 'installation' | 'credential';
  atMs: number;
}

export interface AskedSlot {
  requestId: string;
  class: SlotClass;
  askedAtMs: number;
  /** How often, with this id. */
  asks: number;
  /** The gate says nothing to those that drop out of its queue, and one that was closed forgets. */
  askAgainAtMs: number;
}

export interface Troubled {
  /** The worst that it was. */
  from: LifecycleState;
  code: ActionCode | FailureCode | null;
  sinceMs: number;
}

export interface Wishes {
  /** A new session, although none is due. */
  renew: (Wish & { bulk: boolean }) | null;
  /** With a new credential, or null to try again with the present one. */
  resume: (Wish & { credential: WantedCredential | null; qsealSignature?: string }) | null;
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
  /** An end user has not granted access yet. */
  | 'AWAITING_AUTHORIZATION'
  /** The bank refuses an end user's access token: it was revoked. */
  | 'REVOKED'
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
  /** Of an end user's connection: the link that was made for it. */
  readonly authorization?: AuthorizationRequest;
  /** Of an end user's connection: the provider's installation, sealed for the provider, where it is to have none of its own. */
  readonly providerInstallation?: Pick<Standing, 'keyPair' | 'installation'>;
}

export const EMPTY_LADDER: Ladder = {
  keyPair: null,
  installation: null,
  qsealSignature: null,
  apiKey: null,
  device: null,
  deviceRepeated: false,
};

/** Commands wait so long unless they are told otherwise. */
export const WAITED_FOR_MS = 10 * MINUTE_MS;

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
    ladder: { ...EMPTY_LADDER, ...onProvidersInstallation(request) },
    candidate: null,
    serving: null,
    retiring: [],
    oauthClient: null,
    onboardedAtMs: null,
    doneAtMs: {},
    troubles: {},
    repairs: [],
    slot: null,
    askNotBeforeMs: 0,
    waitedForUntilMs: nowMs + WAITED_FOR_MS,
    settleUntilMs: null,
    wishes: { renew: null, resume: null, disconnect: null },
    lifecycle: { state: 'ONBOARDING', sinceMs: nowMs },
    troubled: null,
    recovered: null,
    counts: { renewals: 0, repairs: 0 },
    ...(request.credential.type === 'oauth-grant' && { authorization: authorizationOf(request, nowMs) }),
  };
}

const authorizationOf = ({ authorization }: OnboardingRequest, nowMs: number) =>
  authorization ? askAuthorization(NO_AUTHORIZATION, authorization, nowMs) : NO_AUTHORIZATION;

const onProvidersInstallation = ({ providerInstallation }: OnboardingRequest): Partial<Ladder> =>
  providerInstallation
    ? { keyPair: providerInstallation.keyPair, installation: { ...providerInstallation.installation, ofProvider: true } }
    : {};

/** Which of the states a connection is in; DISCONNECTED is set by the workflow as it ends. */
export function lifecycleState(state: ConnectionState, nowMs: number): LifecycleState {
  if (state.lifecycle.state === 'DISCONNECTED') return 'DISCONNECTED';
  const troubles = Object.values(state.troubles);
  if (troubles.some((trouble) => trouble.action)) return 'ACTION_REQUIRED';
  if (state.revoked) return 'REVOKED';
  if (state.onboardedAtMs === null) return isAwaitingAuthorization(state) ? 'AWAITING_AUTHORIZATION' : 'ONBOARDING';
  if (!isServingValid(state, nowMs)) return 'LAPSED';
  if (troubles.length > 0) return 'DEGRADED';
  return isRenewalDue(state, nowMs) || state.candidate ? 'RENEWING' : 'ACTIVE';
}

export interface LifecycleChange {
  /** The same as now when only the reason is another. */
  from: LifecycleState;
  /** Set when it is well again. */
  recovered: ConnectionState['recovered'];
}

const TROUBLED: readonly LifecycleState[] = ['DEGRADED', 'LAPSED', 'REVOKED', 'ACTION_REQUIRED'];

/** Notes the state that the connection is in now; null when it was in it already, and for the same reason. */
export function changeLifecycle(state: ConnectionState, to: LifecycleState, nowMs: number): LifecycleChange | null {
  const { state: from, sinceMs, reason: before } = state.lifecycle;
  const reason = reasonOf(state);
  if (to === from && reason === before) return null;
  state.lifecycle = { state: to, sinceMs: to === from ? sinceMs : nowMs, ...(reason && { reason }) };
  if (TROUBLED.includes(to)) {
    const { sinceMs } = state.troubled ?? { sinceMs: nowMs };
    const worst =
      state.troubled && TROUBLED.indexOf(state.troubled.from) > TROUBLED.indexOf(to)
        ? state.troubled
        : { from: to, code: troubleCode(state) };
    state.troubled = { from: worst.from, code: worst.code, sinceMs };
  }
  if (to !== 'ACTIVE' || !state.troubled) return { from, recovered: null };
  state.recovered = { ...state.troubled, atMs: nowMs };
  state.troubled = null;
  return { from, recovered: state.recovered };
}

function troubleCode(state: ConnectionState): ActionCode | FailureCode | null {
  return reasonOf(state) ?? troublesInOrder(state)[0]?.error.code ?? null;
}

/** Why it is so, where somebody has to know: what a person is to do, or that the address is suspected. Other errors come and go. */
function reasonOf(state: ConnectionState): ActionCode | FailureCode | undefined {
  const all = troublesInOrder(state);
  const suspicion = all.find(({ error }) => error.code === 'ADDRESS_SUSPECT');
  return all.find(({ action }) => action)?.action ?? suspicion?.error.code;
}

const troublesInOrder = ({ troubles }: ConnectionState): Trouble[] => STEP_NAMES.flatMap((name) => troubles[name] ?? []);

/** Nothing can be done for it before its end user grants access. */
export const isAwaitingAuthorization = ({ wanted, ladder, authorization }: ConnectionState) =>
  wanted.credential.type === 'oauth-grant' && ladder.apiKey === null && !authorization?.code;

export const isServingValid = (state: ConnectionState, nowMs: number) =>
  state.serving !== null && nowMs < state.serving.session.expiresAtMs;

/** The session step has something to do: none is served, a successor is due or asked for, or there is something new to stand on. */
export function isRenewalDue(state: ConnectionState, nowMs: number): boolean {
  const { serving, ladder } = state;
  if (serving === null || isSuccessorDue(state, nowMs)) return true;
  const standing = standingOf(ladder);
  return standing !== null && !isSameStanding(standing, serving);
}

/** The session served wants a successor for its own sake, whatever there is to stand on. */
export const isSuccessorDue = ({ serving, wishes }: ConnectionState, nowMs: number) =>
  serving !== null && (serving.doubtful || wishes.renew !== null || nowMs >= serving.renewAtMs);

/** An end user's session is opened on the provider's installation, and needs no device beside the provider's. */
export const isOnProvidersInstallation = ({ installation }: Pick<Ladder, 'installation'>) => installation?.ofProvider === true;

/** The ladder up to the session, when all of it is there. */
export function standingOf({ keyPair, installation, apiKey, device }: Ladder): Standing | null {
  return keyPair && installation && apiKey && device ? { keyPair, installation, apiKey, device } : null;
}

/** What the session that is not proven yet was opened on. */
export const standingOfCandidate = ({ ladder, serving }: ConnectionState, { isOnServing }: Candidate): Standing =>
  isOnServing ? serving! : standingOf(ladder)!;

export const isSameStanding = (one: Standing, other: Standing) =>
  one.apiKey.apiKey === other.apiKey.apiKey && one.installation.installationToken === other.installation.installationToken;
