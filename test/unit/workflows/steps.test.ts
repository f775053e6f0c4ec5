import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../workflows/duration.ts';
import { type ConnectionState, initialState, lifecycleState, type Serving, standingOf, type Trouble } from '../../../workflows/state.ts';
import { callbackUrlChanges, isEverythingDone, nextStep, nextWake } from '../../../workflows/steps.ts';

const NOW = Date.parse('2026-11-21T12:00:00Z');
const URL = 'https://acme.example/callback';

function fresh(callbackUrls = [URL]): ConnectionState {
  return initialState(
    {
      version: 1,
      name: 'acme',
      environment: 'sandbox',
      egress: 'default',
      credential: { type: 'sandbox-user' },
      callbackUrls,
      permittedIps: [],
    },
    NOW,
  );
}

/** A connection with everything done, its session half way. */
function active(): ConnectionState {
  const state = fresh();
  const serving = {
    session: { sessionId: 7, user: { kind: 'UserPerson', id: 1, displayName: null }, openedAtMs: NOW, expiresAtMs: NOW + HOUR_MS },
    renewAtMs: NOW + HOUR_MS / 2,
    doubtful: false,
  } as unknown as Serving;
  state.ladder = {
    ...state.ladder,
    keyPair: {},
    installation: { installationToken: 'token' },
    apiKey: { apiKey: 'key', bindBeforeMs: null },
    device: { deviceId: 3 },
  } as ConnectionState['ladder'];
  state.serving = { ...serving, ...standingOf(state.ladder)! };
  state.oauthClient = {
    oauthClientId: 9,
    userId: 1,
    clientId: 'c',
    clientSecret: null,
    callbackUrls: [{ id: 1, url: URL }],
    callbackUrlsKnown: true,
    others: [],
    readWithSessionId: 7,
  };
  state.onboardedAtMs = NOW;
  return state;
}

const trouble = (more: Partial<Trouble> = {}): Trouble => ({
  error: { code: 'BUNQ_UNAVAILABLE', endpoint: null, status: null, text: null, responseId: null, atMs: NOW },
  failures: 1,
  firstAtMs: NOW,
  retryAtMs: NOW + MINUTE_MS,
  action: null,
  ...more,
});

test('a new connection begins with its key pair and is ONBOARDING', () => {
  expect([nextStep(fresh(), NOW, true), lifecycleState(fresh(), NOW)]).toEqual(['key-pair', 'ONBOARDING']);
});

test('when everything is done nothing is next, until the renewal is due', () => {
  const state = active();
  expect([nextStep(state, NOW, true), lifecycleState(state, NOW), isEverythingDone(state, NOW)]).toEqual([null, 'ACTIVE', true]);
  expect(nextWake(state, NOW)).toEqual({ atMs: NOW + HOUR_MS / 2, summary: 'wait for renewal on 2026-11-21T12:30:00Z' });
  expect([nextStep(state, NOW + HOUR_MS / 2, true), lifecycleState(state, NOW + HOUR_MS / 2)]).toEqual(['session', 'RENEWING']);
});

test('a step in trouble is held until its time, and those that stand on it with it', () => {
  const state = fresh();
  state.troubles['key-pair'] = trouble();
  expect(nextStep(state, NOW, true)).toBeNull();
  expect(nextWake(state, NOW)).toEqual({ atMs: NOW + MINUTE_MS, summary: 'BUNQ_UNAVAILABLE; try key-pair again at 2026-11-21T12:01:00Z' });
  expect(nextStep(state, NOW + MINUTE_MS, true)).toBe('key-pair');
});

test('a step that waits for a person does not hold what is below it: the session is renewed', () => {
  const state = active();
  state.wanted.callbackUrls = [URL, 'https://acme.example/other'];
  state.troubles['callback-urls'] = trouble({ action: 'CALLBACK_URL_REFUSED', retryAtMs: NOW + DAY_MS });
  expect([nextStep(state, NOW, true), lifecycleState(state, NOW)]).toEqual([null, 'ACTION_REQUIRED']);
  expect(nextStep(state, NOW + HOUR_MS / 2, true)).toBe('session');
});

test('a renewal in trouble does not hold what needs a session only', () => {
  const state = active();
  state.serving!.doubtful = true;
  state.troubles.session = trouble();
  state.wanted.callbackUrls = ['https://acme.example/other'];
  expect([nextStep(state, NOW, true), lifecycleState(state, NOW)]).toEqual(['callback-urls', 'DEGRADED']);
});

test('without a valid session a connection has LAPSED, and only its session is sought', () => {
  const state = active();
  state.wanted.callbackUrls = ['https://acme.example/other'];
  expect([nextStep(state, NOW + HOUR_MS, true), lifecycleState(state, NOW + HOUR_MS)]).toEqual(['session', 'LAPSED']);
});

test('an API key that was not bound in its hour is missing again', () => {
  const state = active();
  Object.assign(state.ladder, { device: null, apiKey: { bindBeforeMs: NOW + HOUR_MS } });
  expect(nextStep(state, NOW, true)).toBe('device');
  expect(nextStep(state, NOW + HOUR_MS, true)).toBe('api-key');
});

test('client id and secret are read again with each new session', () => {
  const state = active();
  state.serving!.session.sessionId = 8;
  expect(nextStep(state, NOW, true)).toBe('client-credentials');
});

test('an API-key user without callback URLs needs no OAuth client', () => {
  const state = active();
  Object.assign(state, { oauthClient: null });
  state.wanted.callbackUrls = [];
  expect(isEverythingDone(state, NOW)).toBe(true);
});

test('what is extra at the bank is removed only when that is asked, a second one of the same in any case', () => {
  const state = active();
  const at = (...urls: string[]) => Object.assign(state.oauthClient!, { callbackUrls: urls.map((url, id) => ({ id, url })) });
  const remove = () => callbackUrlChanges(state).remove.map(({ id }) => id);
  at(URL, 'https://extra.example/');
  expect([callbackUrlChanges(state).add, remove()]).toEqual([[], []]);
  state.wanted.unwantedCallbackUrls = ['https://extra.example/'];
  expect(remove()).toEqual([1]);
  state.wanted.unwantedCallbackUrls = [];
  state.wanted.pruneCallbackUrls = true;
  expect(remove()).toEqual([1]);
  state.wanted.pruneCallbackUrls = false;
  at(URL, URL, 'https://extra.example/');
  expect(remove()).toEqual([1]);
  at('https://extra.example/');
  expect(callbackUrlChanges(state).add).toEqual([URL]);
});

test('there is always something to wake for, and never in the past', () => {
  const state = active();
  for (const ms of [0, HOUR_MS / 2 + 1, HOUR_MS - 1]) expect(nextWake(state, NOW + ms)!.atMs).toBeGreaterThan(NOW + ms);
});
