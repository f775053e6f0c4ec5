import type { Sealed, SecretKind } from '../../../sealing/sealed.ts';
import {
  type ConnectionState,
  initialState,
  type OnboardingRequest,
  type Serving,
  type Session,
  type Trouble,
} from '../../../workflows/state.ts';

/** States of a connection, for tables. */

export const T0 = Date.parse('2026-12-01T12:00:00Z');
export const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

export const sealed = <Kind extends SecretKind>(text: string) => text as Sealed<Kind>;

export const REQUEST: OnboardingRequest = {
  version: 1,
  name: 'acme',
  environment: 'sandbox',
  egress: 'default',
  credential: {
    type: 'qseal',
    certificatePem: 'certificate',
    chainPem: 'chain',
    signer: 'acme-hsm',
    fingerprintSha256: 'ab12',
    subject: '/CN=Acme PISP AISP/C=NL',
    authorizationNumber: 'PSDNL-DNB-12345678',
    roles: ['PISP', 'AISP'],
    expiresAt: '2028-01-01T00:00:00.000Z',
  },
  callbackUrls: ['https://acme.example/callback'],
  permittedIps: [],
};

const KEY_PAIR = { publicKeyPem: 'public', privateKey: sealed<'private-key'>('sealed private key') };
const INSTALLATION = {
  installationId: 1,
  installationToken: sealed<'installation-token'>('sealed token'),
  serverPublicKeyPem: 'server key',
};
const API_KEY = { apiKey: sealed<'api-key'>('sealed API key'), credentialId: 2, bindBeforeMs: null, unused: false };
const DEVICE = { deviceId: 3 };

export const SESSION: Session = {
  sessionId: 4,
  sessionToken: sealed('sealed session token'),
  user: { kind: 'UserPaymentServiceProvider', id: 5, displayName: 'Acme' },
  openedAtMs: T0,
  expiresAtMs: T0 + 90 * DAY,
};

export const SERVING: Serving = {
  session: SESSION,
  keyPair: KEY_PAIR,
  installation: INSTALLATION,
  apiKey: API_KEY,
  device: DEVICE,
  renewAtMs: T0 + 60 * DAY,
  renewable: true,
  doubtful: false,
};

export const newborn = (changes: Partial<OnboardingRequest> = {}) => initialState({ ...REQUEST, ...changes }, T0);

/** Everything is there since T0. */
export function onboarded(changes: Partial<ConnectionState> = {}): ConnectionState {
  const state: ConnectionState = {
    ...newborn(),
    ladder: { keyPair: KEY_PAIR, installation: INSTALLATION, qsealSignature: null, apiKey: API_KEY, device: DEVICE, deviceRepeated: false },
    serving: SERVING,
    oauthClient: {
      oauthClientId: 6,
      userId: 5,
      clientId: 'client-id',
      clientSecret: sealed('sealed client secret'),
      callbackUrls: [{ id: 7, url: 'https://acme.example/callback' }],
      callbackUrlsKnown: true,
      others: [],
      readWithSessionId: 4,
    },
    onboardedAtMs: T0,
    lifecycle: { state: 'ACTIVE', sinceMs: T0 },
    ...changes,
  };
  return structuredClone(state);
}

export const trouble = (changes: Partial<Trouble> = {}): Trouble => ({
  error: { code: 'BUNQ_UNREACHABLE', endpoint: 'POST /v1/session-server', status: null, text: null, responseId: null, atMs: T0 },
  failures: 1,
  firstAtMs: T0,
  retryAtMs: T0 + 30 * SECOND,
  action: null,
  ...changes,
});
