import type { ConnectionState } from '../../../workflows/state.ts';
import { nextStep } from '../../../workflows/steps.ts';
import { DAY, HOUR, newborn, onboarded, SECOND, SERVING, SESSION, T0, trouble } from './states.ts';

const { ladder, oauthClient } = onboarded();
const without = (members: Partial<ConnectionState['ladder']>) => onboarded({ ladder: { ...ladder, ...members }, serving: null });
const withClient = (members: Partial<NonNullable<ConnectionState['oauthClient']>>) =>
  onboarded({ oauthClient: { ...oauthClient!, ...members } });
const unbound = { ...ladder.apiKey!, bindBeforeMs: T0 + HOUR };

describe('the next step', () => {
  test.each<[string, string | null, ConnectionState]>([
    ['of a new connection makes a key pair', 'key-pair', newborn()],
    ['after the key pair makes an installation', 'installation', without({ installation: null, apiKey: null, device: null })],
    ['after the installation obtains an API key', 'api-key', without({ apiKey: null, device: null })],
    ['after the API key binds it', 'device', without({ device: null, apiKey: unbound })],
    ['after the device opens a session', 'session', without({})],
    ['of a session not proven yet proves it', 'session', onboarded({ candidate: SESSION })],
    ['of a doubtful session seeks its successor', 'session', onboarded({ serving: { ...SERVING, doubtful: true } })],
    ['with a session finds or creates the OAuth client', 'oauth-client', onboarded({ oauthClient: null })],
    ['with an OAuth client looks at its callback URLs', 'callback-urls', withClient({ callbackUrlsKnown: false })],
    ['with callback URLs missing adds them', 'callback-urls', withClient({ callbackUrls: [] })],
    ['after a renewal reads client id and secret again', 'client-credentials', withClient({ readWithSessionId: 3 })],
    ['of a connection that lacks nothing is none', null, onboarded()],
    [
      'with a renewal in trouble goes on with the OAuth client',
      'client-credentials',
      { ...withClient({ readWithSessionId: 3 }), serving: { ...SERVING, doubtful: true }, troubles: { session: trouble() } },
    ],
    [
      'without a valid session is none of the OAuth client',
      null,
      { ...onboarded({ oauthClient: null, serving: null }), troubles: { session: trouble() } },
    ],
    ['is held by its trouble, and so are those above it', null, { ...without({ device: null }), troubles: { device: trouble() } }],
  ])('%s', (_, expected, state) => {
    expect(nextStep(state, T0, true)).toBe(expected);
  });

  test('is tried again when its trouble is over', () => {
    const state = { ...without({ device: null }), troubles: { device: trouble() } };
    expect(nextStep(state, T0 + 30 * SECOND - 1, true)).toBeNull();
    expect(nextStep(state, T0 + 30 * SECOND, true)).toBe('device');
  });

  test('is a new API key when it was not bound within its hour, but never for one that was bound', () => {
    expect(nextStep(without({ device: null, apiKey: unbound }), T0 + HOUR - 1, true)).toBe('device');
    expect(nextStep(without({ device: null, apiKey: unbound }), T0 + HOUR, true)).toBe('api-key');
    expect(nextStep(without({ keyPair: null, installation: null, device: null }), T0 + DAY, true)).toBe('key-pair');
    expect(nextStep(without({ device: null }), T0 + DAY, true)).toBe('device');
  });
});
