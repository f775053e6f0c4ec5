import { connectUser, remedyFor } from './actions.ts';
import type { Authorization } from './authorization.ts';
import { STEP_NAMES, type StepName } from './codes.ts';
import type { ConnectionStatus, OAuthClientView, SeenFacts, SessionView, StepStatus } from './messages.ts';
import {
  type ConnectionState,
  isOnProvidersInstallation,
  isServingValid,
  lifecycleState,
  type SeenError,
  type Trouble,
  type WantedCredential,
} from './state.ts';
import { OAUTH_STEPS, STEPS, wantsOAuthClient } from './steps.ts';

/** How a state is shown. Pure; nothing sealed is in a status. */

export const iso = (ms: number) => new Date(ms).toISOString();

export interface Run {
  workflowId: string;
  runId: string;
  /** The step being performed at this moment. */
  running: StepName | null;
}

export function statusOf(state: ConnectionState, run: Run, nowMs: number): ConnectionStatus {
  const { wanted, serving, oauthClient } = state;
  const parked = firstTrouble(state, (trouble) => trouble.action !== null);
  const last = lastError(state);
  return {
    schema: 1,
    name: state.name,
    environment: state.environment,
    egress: state.egress,
    workflowId: run.workflowId,
    runId: run.runId,
    state: lifecycleState(state, nowMs),
    since: iso(state.lifecycle.sinceMs),
    steps: STEP_NAMES.map((name) => ({ name, status: stepStatus(state, name, run.running, nowMs), at: isoOrNull(state.doneAtMs[name]) })),
    certificate: certificateOf(wanted.credential),
    ...(wanted.credential.type === 'qseal' && { formerCertificate: certificateOf(wanted.formerCredential) }),
    session: serving && isServingValid(state, nowMs) ? { ...sessionTimes(serving), userId: serving.session.user.id } : null,
    oauthClient: oauthClient && { id: oauthClient.oauthClientId, clientId: oauthClient.clientId, callbackUrls: urls(oauthClient) },
    action: parked && {
      code: parked.action!,
      seen: { ...facts(parked.error), times: parked.failures, since: iso(parked.firstAtMs) },
      remedy: remedyOf(state, parked),
    },
    lastError: last && facts(last),
    ...(state.recovered && { recovered: recoveredView(state.recovered) }),
    ...(state.authorization && authorizationView(state.authorization, nowMs)),
    ...(state.revoked && { revoked: { since: iso(state.revoked.sinceMs), confirmedAt: isoOrNull(state.revoked.confirmedAtMs) } }),
  };
}

function authorizationView(
  { asked, answered, consentedAtMs }: Authorization,
  nowMs: number,
): Pick<ConnectionStatus, 'authorization' | 'consentedAt'> {
  const links = [
    ...asked.map((link) => ({ ...link, outcome: nowMs < link.expiresAtMs ? ('asked' as const) : ('expired' as const) })),
    ...answered,
  ];
  const latest = links.reduce<(typeof links)[number] | null>((one, other) => (one && one.askedAtMs >= other.askedAtMs ? one : other), null);
  return {
    authorization: latest && { status: latest.outcome, askedAt: iso(latest.askedAtMs), expiresAt: iso(latest.expiresAtMs) },
    consentedAt: isoOrNull(consentedAtMs),
  };
}

export const sessionView = ({ serving }: ConnectionState): SessionView | null =>
  serving && {
    ...sessionTimes(serving),
    sessionId: serving.session.sessionId,
    user: serving.session.user,
    doubtful: serving.doubtful,
    sessionToken: serving.session.sessionToken,
    privateKey: serving.keyPair.privateKey,
    serverPublicKeyPem: serving.installation.serverPublicKeyPem,
    ...(serving.installation.ofProvider && { ofProvider: true }),
  };

export const oauthClientView = ({ oauthClient }: ConnectionState): OAuthClientView | null =>
  oauthClient && {
    id: oauthClient.oauthClientId,
    clientId: oauthClient.clientId,
    clientSecret: oauthClient.clientSecret,
    callbackUrls: urls(oauthClient),
  };

/** What the memo tells readers while no worker answers: the status, and what was asked for at onboarding or since. */
export interface PublishedStatus {
  status: ConnectionStatus;
  /** ISO 8601. */
  asOf: string;
  wanted: WantedFacts;
}

const STEP_FIELD = 'step:';

/**
 * The memo's fields: those of the status and `wanted`, with one for each step (`step:session`), as a renewal changes two of the
 * eight. A step that is being performed is written when it ends.
 */
export function memoFields({ steps, ...status }: ConnectionStatus, wanted: WantedFacts): Record<string, unknown> {
  const ofSteps = steps.map(({ name, status: done, at }) => [
    `${STEP_FIELD}${name}`,
    { status: done === 'running' ? 'pending' : done, at },
  ]);
  const gone = status.authorization !== undefined && status.revoked === undefined ? { revoked: null } : {}; // a field stays until it is written as null
  return { ...status, ...gone, ...Object.fromEntries(ofSteps), wanted };
}

/** The memo's fields in which these of the status stand. */
export const memoFieldsOf = (fields: readonly string[]): string[] =>
  fields.flatMap((field) => (field === 'steps' ? STEP_NAMES.map((name) => `${STEP_FIELD}${name}`) : [field]));

/** The status in a memo, as `status --json` has it; null when nothing was published. A field that is null is not there: Temporal keeps none. */
export function statusOfMemo(memo: Record<string, unknown> | undefined): PublishedStatus | null {
  if (memo?.asOf === undefined) return null;
  const { asOf, wanted, ...fields } = memo as Record<string, unknown> & Pick<PublishedStatus, 'asOf' | 'wanted'>;
  const steps = STEP_NAMES.map((name) => ({ name, ...(fields[`${STEP_FIELD}${name}`] as { status: StepStatus; at: string | null }) }));
  const plain = Object.entries(fields).filter(([name]) => !name.startsWith(STEP_FIELD));
  const former = fields.certificate ? { formerCertificate: null } : {};
  const nothing = { certificate: null, ...former, session: null, oauthClient: null, action: null, lastError: null };
  return { asOf, wanted, status: { ...nothing, ...Object.fromEntries(plain), steps } as unknown as ConnectionStatus };
}

/** What a later `onboard` of the same name is compared with. */
export interface WantedFacts {
  credential: ConnectionState['wanted']['credential']['type'];
  fingerprintSha256: string | null;
  signer: string | null;
  callbackUrls: string[];
  permittedIps: string[];
}

export function wantedFacts({ wanted }: ConnectionState): WantedFacts {
  const { credential, callbackUrls, permittedIps } = wanted;
  const qseal = credential.type === 'qseal' ? credential : null;
  return {
    credential: credential.type,
    fingerprintSha256: qseal?.fingerprintSha256 ?? null,
    signer: qseal?.signer ?? null,
    callbackUrls,
    permittedIps,
  };
}

/** That a certificate is being rolled over, and what is served meanwhile; null while none is. */
export function rollOverRemark({ certificate, formerCertificate }: ConnectionStatus): string | null {
  if (!certificate || !formerCertificate) return null;
  return `The new certificate (${certificate.subject}, expires ${certificate.expiresAt}) is being proven; until then the session of the former is served and renewed (${formerCertificate.subject}, expires ${formerCertificate.expiresAt}).`;
}

/** What an end user's connection waits for, if anything, and the command to copy. */
export function consentRemark({ name, state, authorization, revoked }: ConnectionStatus): string | null {
  const connect = connectUser(name);
  if (state === 'REVOKED')
    return `The bank refuses this user's access token since ${revoked?.since}${revoked?.confirmedAt ? `, again at ${revoked.confirmedAt}` : ' (it is asked again an hour after that)'}: the access was revoked. The user has to grant it again: ${connect}`;
  if (state !== 'AWAITING_AUTHORIZATION') return null;
  if (authorization?.status === 'asked')
    return `The end user has a link to grant access, good until ${authorization.expiresAt}. Another one: ${connect}`;
  return `The link ${LINK_ENDED[authorization?.status ?? 'expired'] ?? 'was used'}. Another one: ${connect}`;
}

const LINK_ENDED: Record<string, string> = {
  expired: 'has expired',
  denied: 'was used, and the end user denied access',
  failed: 'was used, and the bank gave no access token for its code, which is good once',
};

/** What the provider has done, where its installation is used. */
const INSTALLATION_STEPS: readonly StepName[] = ['key-pair', 'installation', 'device'];

function stepStatus(state: ConnectionState, name: StepName, running: StepName | null, nowMs: number): StepStatus {
  if (running === name) return 'running';
  const trouble = state.troubles[name];
  if (trouble) return trouble.action ? 'waiting' : 'retrying';
  if (name === 'session' && state.slot) return 'running'; // it waits for its turn
  if (OAUTH_STEPS.includes(name) && !wantsOAuthClient(state)) return 'skipped';
  if (INSTALLATION_STEPS.includes(name) && isOnProvidersInstallation(state.ladder)) return 'skipped';
  if (STEPS[name].isMissing(state, nowMs)) return 'pending';
  return state.doneAtMs[name] === undefined ? 'pending' : 'done';
}

const firstTrouble = (state: ConnectionState, where: (trouble: Trouble) => boolean): Trouble | null =>
  STEP_NAMES.map((name) => state.troubles[name]).find((trouble) => trouble !== undefined && where(trouble)) ?? null;

function lastError(state: ConnectionState): SeenError | null {
  const errors = [
    ...Object.values(state.troubles).map((trouble) => trouble.error),
    ...(state.authorization?.error ? [state.authorization.error] : []),
  ];
  return errors.reduce<SeenError | null>((last, error) => (last === null || error.atMs > last.atMs ? error : last), null);
}

const remedyOf = ({ name, wanted, ladder }: ConnectionState, { action }: Trouble) =>
  remedyFor(action!, {
    name,
    credential: wanted.credential.type,
    permittedIps: wanted.permittedIps,
    qsealDigest: ladder.installation?.qsealDigest,
  });

const recoveredView = ({ from, code, sinceMs, atMs }: NonNullable<ConnectionState['recovered']>) => ({
  from,
  code,
  since: iso(sinceMs),
  at: iso(atMs),
});

const facts = ({ code, endpoint, status, text, responseId, atMs }: SeenError): SeenFacts => ({
  code,
  endpoint,
  status,
  text,
  responseId,
  at: iso(atMs),
});

function certificateOf(credential: WantedCredential | undefined): ConnectionStatus['certificate'] {
  if (credential?.type !== 'qseal') return null;
  const { subject, authorizationNumber, roles, expiresAt } = credential;
  return { subject, authorizationNumber, roles, expiresAt };
}

const sessionTimes = ({ session, renewAtMs }: NonNullable<ConnectionState['serving']>) => ({
  openedAt: iso(session.openedAtMs),
  expiresAt: iso(session.expiresAtMs),
  renewAt: iso(renewAtMs),
});

const urls = ({ callbackUrls }: NonNullable<ConnectionState['oauthClient']>) => callbackUrls.map(({ url }) => url);

const isoOrNull = (ms: number | null | undefined) => (ms == null ? null : iso(ms));
