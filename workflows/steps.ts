import { STEP_NAMES, type StepName } from './codes.ts';
import { emergencyAtMs } from './renewal.ts';
import {
  type ConnectionState,
  isAwaitingAuthorization,
  isRenewalDue,
  isSameStanding,
  isServingValid,
  isSuccessorDue,
  standingOf,
} from './state.ts';

/** The steps as data: what each is called, when it is missing, and which is to be done next. Pure. */

export interface Step {
  /** For people: the Temporal UI, the CLI. */
  readonly title: string;
  readonly isMissing: (state: ConnectionState, nowMs: number) => boolean;
}

export const STEPS: Record<StepName, Step> = {
  'key-pair': {
    title: 'generate key pair',
    isMissing: ({ ladder }) => ladder.keyPair === null,
  },
  installation: {
    title: 'create installation',
    isMissing: ({ ladder }) => ladder.installation === null,
  },
  'api-key': {
    title: 'obtain API key',
    isMissing: ({ ladder, authorization }, nowMs) =>
      ladder.apiKey === null ||
      (ladder.device === null && (ladder.apiKey.bindBeforeMs ?? Infinity) <= nowMs) ||
      (authorization !== undefined && authorization.code !== null),
  },
  device: {
    title: 'bind API key to device',
    isMissing: ({ ladder }) => ladder.device === null,
  },
  session: {
    title: 'open session',
    isMissing: (state, nowMs) => state.candidate !== null || isRenewalDue(state, nowMs),
  },
  'oauth-client': {
    title: 'find or create OAuth client',
    isMissing: (state) => wantsOAuthClient(state) && state.oauthClient === null,
  },
  'callback-urls': {
    title: 'set callback URLs',
    isMissing: (state) => {
      if (!wantsOAuthClient(state) || !state.oauthClient) return false;
      const { add, remove } = callbackUrlChanges(state);
      return !state.oauthClient.callbackUrlsKnown || state.wanted.pruneCallbackUrls || add.length > 0 || remove.length > 0;
    },
  },
  'client-credentials': {
    title: 'read client id and secret',
    isMissing: (state) =>
      wantsOAuthClient(state) &&
      state.oauthClient !== null &&
      state.oauthClient.readWithSessionId !== (state.serving?.session.sessionId ?? null),
  },
};

/** Each stands on those before it; the session step ends the ladder. */
const LADDER_STEPS: readonly StepName[] = ['key-pair', 'installation', 'api-key', 'device', 'session'];

/** An end user's access token stands on nothing of ours, and its code is good for minutes only. */
export const USER_LADDER_STEPS: readonly StepName[] = ['api-key', 'key-pair', 'installation', 'device', 'session'];

const ladderSteps = ({ wanted }: ConnectionState) => (wanted.credential.type === 'oauth-grant' ? USER_LADDER_STEPS : LADDER_STEPS);

/** These need a session only, whichever is served, so a renewal in trouble does not hold them. */
export const OAUTH_STEPS: readonly StepName[] = ['oauth-client', 'callback-urls', 'client-credentials'];

/** An API-key user without callback URLs needs no OAuth client. */
export const wantsOAuthClient = ({ wanted, oauthClient }: ConnectionState) =>
  wanted.credential.type === 'qseal' || wanted.callbackUrls.length > 0 || oauthClient !== null;

/**
 * The next step to perform now, or null: nothing is missing, or what is missing is held or waits for the gate.
 * @param hasSlot the gate lets this connection open a session now
 */
export function nextStep(state: ConnectionState, nowMs: number, hasSlot: boolean): StepName | null {
  return nextLadderStep(state, nowMs, hasSlot) ?? (isServingValid(state, nowMs) ? nextOAuthStep(state, nowMs) : null);
}

function nextLadderStep(state: ConnectionState, nowMs: number, hasSlot: boolean): StepName | null {
  const missing = ladderSteps(state).find((name) => STEPS[name].isMissing(state, nowMs));
  if (missing && missing !== 'session' && !isHeld(state, missing, nowMs)) return missing;
  const canOpen = state.candidate !== null || (hasSlot && sessionStandsOn(state, nowMs) !== null);
  return canOpen && !isHeld(state, 'session', nowMs) ? 'session' : null;
}

function nextOAuthStep(state: ConnectionState, nowMs: number): StepName | null {
  const missing = OAUTH_STEPS.find((name) => STEPS[name].isMissing(state, nowMs));
  return missing && !isHeld(state, missing, nowMs) ? missing : null;
}

const isHeld = (state: ConnectionState, name: StepName, nowMs: number) =>
  nowMs < (state.troubles[name]?.retryAtMs ?? 0) || (name === 'api-key' && isAwaitingAuthorization(state));

/**
 * What the next session is to be opened on now: the ladder; or, while that waits for something, what the session served
 * stands on. Where the bank has refused that, only while the ladder waits for a person: the refusal may have been a passing
 * one, and there is nothing better. A new credential on which a session could not be opened keeps none from being renewed. Null
 * when none is to be opened now.
 */
export function sessionStandsOn(state: ConnectionState, nowMs: number): 'ladder' | 'serving' | null {
  if (state.candidate || !isRenewalDue(state, nowMs) || isHeld(state, 'session', nowMs)) return null;
  const below = ladderSteps(state).find((name) => name !== 'session' && STEPS[name].isMissing(state, nowMs));
  if (!below) return isInVain(state) && isSuccessorDue(state, nowMs) ? 'serving' : 'ladder';
  if (!isHeld(state, below, nowMs) || !state.serving) return null;
  return state.serving.renewable || state.troubles[below]?.action != null ? 'serving' : null;
}

/** No session could be opened on what is new, and what the session served stands on was not refused. */
function isInVain({ ladder, serving, troubles }: ConnectionState): boolean {
  return troubles.session !== undefined && serving?.renewable === true && !isSameStanding(standingOf(ladder)!, serving);
}

export const isEverythingDone = (state: ConnectionState, nowMs: number) =>
  isServingValid(state, nowMs) && STEP_NAMES.every((name) => !STEPS[name].isMissing(state, nowMs));

/** What has to change at the bank so that its callback URLs are the wanted ones. */
export function callbackUrlChanges({ wanted, oauthClient }: ConnectionState): { add: string[]; remove: { id: number; url: string }[] } {
  const actual = oauthClient?.callbackUrls ?? [];
  const isUnwanted = (url: string) =>
    !wanted.callbackUrls.includes(url) && (wanted.pruneCallbackUrls || wanted.unwantedCallbackUrls.includes(url));
  const isRepeated = (callback: { id: number; url: string }) =>
    actual.some((other) => other.url === callback.url && other.id < callback.id);
  return {
    add: wanted.callbackUrls.filter((url) => !actual.some((callback) => callback.url === url)),
    remove: actual.filter((callback) => isUnwanted(callback.url) || (wanted.callbackUrls.includes(callback.url) && isRepeated(callback))),
  };
}

export interface Wake {
  atMs: number;
  /** Shown in the Temporal UI's timeline. */
  summary: string;
}

/** Until when there is nothing to do, and why; null: until a message comes. */
export function nextWake(state: ConnectionState, nowMs: number): Wake | null {
  const wakes: Wake[] = [...slotWakes(state, nowMs)];
  const { serving, retiring, authorization } = state;
  for (const { expiresAtMs } of authorization?.asked ?? [])
    wakes.push({ atMs: expiresAtMs, summary: `the end user's link is good until ${time(expiresAtMs)}` });
  if (serving && !serving.doubtful && serving.renewAtMs > nowMs)
    wakes.push({ atMs: serving.renewAtMs, summary: `wait for renewal on ${day(serving.renewAtMs, nowMs)}` });
  if (serving && serving.session.expiresAtMs > nowMs)
    wakes.push({ atMs: serving.session.expiresAtMs, summary: `session expires on ${day(serving.session.expiresAtMs, nowMs)}` });
  for (const former of retiring)
    wakes.push({ atMs: former.closeAtMs, summary: `close former session ${former.sessionId} at ${time(former.closeAtMs)}` });
  for (const name of STEP_NAMES) {
    const trouble = state.troubles[name];
    if (!trouble || !STEPS[name].isMissing(state, nowMs)) continue;
    const why = trouble.action ? `waiting for a person (${trouble.action}); try ${name} again` : `${trouble.error.code}; try ${name} again`;
    wakes.push({ atMs: trouble.retryAtMs, summary: `${why} at ${time(trouble.retryAtMs)}` });
  }
  return wakes
    .filter((wake) => wake.atMs > nowMs)
    .reduce<Wake | null>((first, wake) => (first === null || wake.atMs < first.atMs ? wake : first), null);
}

function slotWakes(state: ConnectionState, nowMs: number): Wake[] {
  if (sessionStandsOn(state, nowMs) === null) return [];
  const { slot, serving, askNotBeforeMs } = state;
  if (!slot) return [{ atMs: askNotBeforeMs, summary: `after an outage: asks for a slot at ${time(askNotBeforeMs)}` }];
  const wakes = [{ atMs: slot.askAgainAtMs, summary: 'wait for a slot: bunq allows one new session at a time from this address' }];
  if (serving && slot.class !== 'interactive')
    wakes.push({ atMs: emergencyAtMs(serving.session), summary: 'wait for a slot, until it becomes urgent' });
  return wakes;
}

const time = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

/** The day suffices for what is more than two days off. */
const day = (ms: number, nowMs: number) => (ms - nowMs > 2 * 24 * 60 * 60 * 1000 ? time(ms).slice(0, 10) : time(ms));
