import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { SECRET_KINDS, type Sealed, type SecretKind } from '../../../sealing/sealed.ts';
import { Secret } from '../../../sealing/secret.ts';
import { keyIdOf, keyIdsIn, replaceSealed, sealedValues } from '../../../workflows/sealed-values.ts';
import type { ConnectionState } from '../../../workflows/state.ts';
import { onboarded, SERVING, SESSION, T0 } from './states.ts';

const CONNECTION = 'user.sandbox.acme.alice';
const keySet = SealingKeySet.parse(newSealingKeys(new Date()), 'the test');
const [keyId] = keySet.keyIds as [string];

let sealedSoFar = 0;
const seal = <Kind extends SecretKind>(kind: Kind): Promise<Sealed<Kind>> =>
  keySet.seal(kind, CONNECTION, new Secret(`secret ${++sealedSoFar}`));

const link = async () => ({ stateSha256: 'sha', redirectUrl: 'u', clientId: 'c', clientSecret: await seal('client-secret') });
const apiKey = async () => ({ type: 'api-key' as const, apiKey: await seal('api-key') });
const standing = async () => ({
  keyPair: { publicKeyPem: 'public', privateKey: await seal('private-key') },
  installation: { installationId: 1, installationToken: await seal('installation-token'), serverPublicKeyPem: 'server' },
  apiKey: { apiKey: await seal('api-key'), credentialId: 2, bindBeforeMs: null, unused: false },
  device: { deviceId: 3 },
});
const session = async () => ({ ...SESSION, sessionToken: await seal('session-token') });
const retiring = async () => ({
  sessionId: 1,
  sessionToken: await seal('session-token'),
  serverPublicKeyPem: 'server',
  closeAtMs: T0,
  failures: 0,
  expiresAtMs: T0,
});

/** Everything that a state can hold is there, each sealed by itself. */
async function full(): Promise<ConnectionState> {
  return onboarded({
    wanted: {
      credential: await apiKey(),
      formerCredential: await apiKey(),
      callbackUrls: [],
      unwantedCallbackUrls: [],
      pruneCallbackUrls: false,
      permittedIps: [],
    },
    ladder: { ...(await standing()), qsealSignature: 'c2lnbmF0dXJl', deviceRepeated: false },
    candidate: await session(),
    serving: { ...SERVING, ...(await standing()), session: await session() },
    retiring: [await retiring(), await retiring()],
    oauthClient: { ...onboarded().oauthClient!, clientSecret: await seal('client-secret') },
    authorization: {
      asked: [{ ...(await link()), askedAtMs: T0, expiresAtMs: T0 }],
      answered: [],
      code: { ...(await link()), code: await seal('authorization-code'), receivedAtMs: T0, broughtAtMs: T0 },
      consentedAtMs: null,
      error: null,
    },
    wishes: { renew: null, resume: { by: 'ada', atMs: T0, credential: await apiKey() }, disconnect: null },
  });
}

const PLACES: readonly [place: string, kind: SecretKind, at: (state: ConnectionState) => unknown][] = [
  ['the API key wanted', 'api-key', ({ wanted }) => (wanted.credential as { apiKey: string }).apiKey],
  ['the API key wanted formerly', 'api-key', ({ wanted }) => (wanted.formerCredential as { apiKey: string }).apiKey],
  ['the API key wished for', 'api-key', ({ wishes }) => (wishes.resume!.credential as { apiKey: string }).apiKey],
  ['the ladder’s private key', 'private-key', ({ ladder }) => ladder.keyPair!.privateKey],
  ['its installation token', 'installation-token', ({ ladder }) => ladder.installation!.installationToken],
  ['its API key', 'api-key', ({ ladder }) => ladder.apiKey!.apiKey],
  ['the candidate', 'session-token', ({ candidate }) => candidate!.sessionToken],
  ['the session served', 'session-token', ({ serving }) => serving!.session.sessionToken],
  ['its private key', 'private-key', ({ serving }) => serving!.keyPair.privateKey],
  ['its installation token', 'installation-token', ({ serving }) => serving!.installation.installationToken],
  ['its API key', 'api-key', ({ serving }) => serving!.apiKey.apiKey],
  ['a former session', 'session-token', ({ retiring }) => retiring[0]!.sessionToken],
  ['the other one', 'session-token', ({ retiring }) => retiring[1]!.sessionToken],
  ['the OAuth client’s secret', 'client-secret', ({ oauthClient }) => oauthClient!.clientSecret],
  ['the one for a link', 'client-secret', ({ authorization }) => authorization!.asked[0]!.clientSecret],
  ['the one for a code', 'client-secret', ({ authorization }) => authorization!.code!.clientSecret],
  ['the code', 'authorization-code', ({ authorization }) => authorization!.code!.code],
];

test.each(PLACES)('%s is found, and replaced where it stands', async (_place, kind, at) => {
  const state = await full();
  const value = at(state) as Sealed;
  expect(decodeProtectedHeader(value)).toMatchObject({ kid: keyId, kind });
  expect(sealedValues(state)).toContain(value);
  const before = structuredClone(state);
  replaceSealed(state, new Map([[value, 'another' as Sealed]]));
  expect(at(state)).toBe('another');
  expect(JSON.stringify(state)).toBe(JSON.stringify(before).replace(value, 'another'));
});

test('no JWE in a state is forgotten, and each kind of secret is in the table', async () => {
  const state = await full();
  const inText = [...JSON.stringify(state).matchAll(/"(eyJ[^"]+)"/g)].map(([, value]) => value);
  expect(inText).toHaveLength(PLACES.length);
  expect(sealedValues(state)).toEqual(inText);
  expect(new Set(PLACES.map(([, kind]) => kind))).toEqual(new Set(SECRET_KINDS));
});

test('a value that stands in two places is found once, and replaced in both: what stands on it is the same as before', async () => {
  const ladder = await standing();
  const state = onboarded({ ladder: { ...onboarded().ladder, ...ladder }, serving: { ...SERVING, ...ladder } });
  expect(sealedValues(state)).toHaveLength(3);
  replaceSealed(state, new Map([[ladder.apiKey.apiKey, 'another' as Sealed]]));
  expect([state.ladder.apiKey!.apiKey, state.serving!.apiKey.apiKey]).toEqual(['another', 'another']);
});

test('parts of the state stay the objects that they were: somebody may be holding one', async () => {
  const state = await full();
  const { serving, candidate, retiring } = state;
  const former = retiring[0]!;
  replaceSealed(state, new Map(sealedValues(state).map((value) => [value, `new ${value}` as Sealed])));
  expect([state.serving, state.candidate, state.retiring[0]]).toEqual([serving, candidate, former]);
  expect(state.serving === serving && state.candidate === candidate && state.retiring[0] === former).toBe(true);
});

test('the keys by which a state is sealed are told, each once', async () => {
  const other = SealingKeySet.parse(newSealingKeys(new Date('2020-01-01T00:00:00Z')), 'the test');
  const state = await full();
  expect(keyIdsIn(state)).toEqual([keyId]);
  state.retiring[0]!.sessionToken = await other.seal('session-token', CONNECTION, new Secret('x'));
  expect(keyIdsIn(state)).toEqual([other.keyIds[0], keyId]);
  expect(keyIdsIn(onboarded())).toEqual([]);
});

test.each(['k', 'k1', 'k12', 'k123', 'A.b_c-D9'.repeat(8)])('the key id %j is read out of the header', async (kid) => {
  const key = Buffer.alloc(32, 7).toString('base64url');
  const set = SealingKeySet.parse(JSON.stringify({ keys: [{ kty: 'oct', kid, k: key }] }), 'the test');
  expect(keyIdOf(await set.seal('api-key', CONNECTION, new Secret('x')))).toBe(kid);
});

test.each([
  ['a word', 'sealed'],
  ['a path of dots', 'a..b.c.d'],
  ['a PEM', '-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n'],
  ['another JWE', () => new CompactEncrypt(Buffer.from('x')).setProtectedHeader({ alg: 'dir', enc: 'A256GCM' }).encrypt(Buffer.alloc(32))],
])('%s is no sealed value', async (_what, text) => {
  expect(keyIdOf(typeof text === 'string' ? text : await text())).toBeNull();
});
