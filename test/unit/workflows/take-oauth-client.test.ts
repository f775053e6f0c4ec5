import type { OAuthClientRead } from '../../../activities/oauth-client.ts';
import { takeOAuthClient } from '../../../workflows/oauth-client-steps.ts';
import type { ConnectionState, OAuthClientState } from '../../../workflows/state.ts';
import { onboarded, SERVING, SESSION, sealed, trouble } from './states.ts';

const URL = 'https://acme.example/callback';

const READ: OAuthClientRead = {
  status: 'ACTIVE',
  clientId: 'client-id',
  clientSecret: sealed('sealed anew'),
  callbackUrls: [{ id: 7, url: URL }],
};

/** Just renewed: client id and secret were last read with the former session. */
const renewed = (oauthClient: Partial<OAuthClientState> | null = {}, more: Partial<ConnectionState> = {}) =>
  onboarded({
    serving: { ...SERVING, session: { ...SESSION, sessionId: 9 } },
    oauthClient: oauthClient && { ...onboarded().oauthClient!, ...oauthClient },
    ...more,
  });

test('what was read with the proof of the session served is taken, as the step would take it', () => {
  const state = renewed({}, { troubles: { 'client-credentials': trouble({ action: 'BANK_REFUSED' }) } });
  takeOAuthClient(state, READ);
  expect(state.oauthClient).toMatchObject({ clientSecret: 'sealed anew', callbackUrls: READ.callbackUrls, readWithSessionId: 9 });
  expect(state.doneAtMs['client-credentials']).toEqual(expect.any(Number));
  expect(state.troubles).toEqual({});
});

test.each<[string, ConnectionState, Partial<OAuthClientRead>]>([
  ['of an OAuth client that is no longer active', renewed(), { status: 'CANCELLED' }],
  ["of another user's", renewed({ userId: 8 }), {}],
  ['without a callback URL that is wanted', renewed(), { callbackUrls: [] }],
  ['of none that is known any more', renewed(null), {}],
])('a reading %s changes nothing: the step reads again, and says what is wrong', (_what, state, read) => {
  const before = structuredClone(state);
  takeOAuthClient(state, { ...READ, ...read });
  expect(state).toEqual(before);
});
