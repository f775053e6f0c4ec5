import type { FailureCode, StepName } from '../../../workflows/codes.ts';
import type { Connection } from '../../../workflows/connection.ts';
import type { SeenFailure } from '../../../workflows/failure.ts';
import { repair } from '../../../workflows/repair.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { DAY, HOUR, MINUTE, onboarded, SECOND, trouble } from './states.ts';

/** What a repair removes from the ladder; where the gate has to be asked, see test/workflows. */

const NOW = Date.now();

const failure = (code: FailureCode, endpoint: string): SeenFailure => ({
  code,
  endpoint,
  status: 400,
  text: null,
  responseId: null,
  atMs: NOW,
  sent: true,
  repeated: false,
});

/** The certificate is valid, and nothing has been repaired. */
function refused(
  step: StepName,
  { failures = 2, sinceMs = 31 * SECOND, ...changes }: Partial<ConnectionState> & { failures?: number; sinceMs?: number } = {},
) {
  const state = onboarded(changes);
  state.serving!.session.expiresAtMs = NOW + 30 * DAY;
  state.troubles[step] = trouble({ failures, firstAtMs: NOW - sinceMs, retryAtMs: NOW + MINUTE });
  return state;
}

const repaired = async (state: ConnectionState, step: StepName, code: FailureCode, endpoint = 'POST /v1/session-server') => {
  await repair({ state } as Connection, step, failure(code, endpoint));
  return state;
};

const missing = ({ ladder }: ConnectionState) =>
  (['keyPair', 'installation', 'apiKey', 'device'] as const).filter((what) => ladder[what] === null);

test.each<[string, StepName, FailureCode, ConnectionState, readonly string[]]>([
  ['an installation that is refused once', 'session', 'BUNQ_TOKEN_REJECTED', refused('session', { failures: 1 }), []],
  ['one that is refused again, but sooner than 30 s', 'session', 'BUNQ_TOKEN_REJECTED', refused('session', { sinceMs: 20 * SECOND }), []],
  ['one that is refused again, 30 s later', 'session', 'BUNQ_TOKEN_REJECTED', refused('session'), ['keyPair', 'installation', 'device']],
  ['one that has a session', 'session', 'BUNQ_SESSION_EXISTS', refused('session', { failures: 1 }), ['keyPair', 'installation', 'device']],
])('what the ladder loses by %s, at the step %s by %s', async (_what, step, code, state, lost) => {
  const { serving } = state;
  expect(missing(await repaired(state, step, code))).toEqual(lost);
  expect(state.serving!.session).toEqual(serving!.session); // goes on being served
  expect(state.repairs.map(({ what }) => what)).toEqual(lost.length > 0 ? ['installation'] : []);
  expect(state.troubles[step]).toMatchObject(
    lost.length > 0 ? { failures: 0, action: null } : { failures: expect.any(Number), action: null },
  );
});

test('an API key that was not bound in time loses itself alone, and no budget counts it', async () => {
  const state = refused('device', { failures: 1, sinceMs: 0 });
  Object.assign(state.ladder, { device: null, apiKey: { ...state.ladder.apiKey!, bindBeforeMs: NOW - SECOND } });
  await repaired(state, 'device', 'BUNQ_CREDENTIALS_INCORRECT', 'POST /v1/device-server');
  expect(missing(state)).toEqual(['apiKey', 'device']);
  expect(state).toMatchObject({ repairs: [], counts: { repairs: 0 } });
});

test('a device that nothing has proven is bound once more, and not a second time', async () => {
  const state = refused('session', { failures: 1 });
  state.ladder.device = { deviceId: null };
  await repaired(state, 'session', 'BUNQ_CREDENTIALS_INCORRECT');
  expect(missing(state)).toEqual(['device']);
  expect(state.ladder.deviceRepeated).toBe(true);
});

test.each<[string, FailureCode, number]>([
  ['refuses it again', 'BUNQ_TOKEN_REJECTED', 2],
  ['has a session of the provider’s there', 'BUNQ_SESSION_EXISTS', 1],
])('an end user’s connection leaves the provider’s installation for one of its own when the bank %s', async (_what, code, failures) => {
  const state = refused('session', { failures, wanted: { ...onboarded().wanted, credential: { type: 'oauth-grant' } } });
  Object.assign(state.ladder, { device: { deviceId: null }, installation: { ...state.ladder.installation!, ofProvider: true } });
  await repaired(state, 'session', code);
  expect(missing(state)).toEqual(['keyPair', 'installation', 'device']);
  expect(state.serving!.session).toEqual(onboarded({ serving: state.serving }).serving!.session);
  expect(state.revoked).toBeUndefined();
});

test.each([
  ['within a quarter of an hour waits on', 14 * MINUTE, null],
  ['for longer calls a person', 16 * MINUTE, 'REPAIR_LOOP'],
])('a second new installation within the hour is not made: the bank that refuses it %s', async (_for, sinceMs, action) => {
  const state = refused('session', { failures: 5, sinceMs, repairs: [{ what: 'installation', atMs: NOW - HOUR / 2 }] });
  await repaired(state, 'session', 'BUNQ_TOKEN_REJECTED');
  expect(missing(state)).toEqual([]);
  expect(state.troubles.session!.action).toBe(action);
});

test('a refusal of what the session served stands on, while the ladder waits, gives up nothing: it is only no longer renewed on that', async () => {
  const state = refused('session');
  state.ladder.apiKey = null;
  state.troubles.session!.isOnServing = true;
  await repaired(state, 'session', 'BUNQ_TOKEN_REJECTED');
  expect(missing(state)).toEqual(['apiKey']);
  expect(state.serving).toMatchObject({ renewable: false, doubtful: false });
  expect(state.repairs).toEqual([]);
});

test('a refused proof of a new session blames nothing: another one is opened', async () => {
  const state = refused('session');
  await repaired(state, 'session', 'BUNQ_TOKEN_REJECTED', 'GET /v1/user');
  expect(missing(state)).toEqual([]);
  expect(state.serving!.renewable).toBe(true);
});
