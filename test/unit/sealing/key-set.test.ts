import { createCipheriv, randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { deflateRawSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { CompactEncrypt, decodeProtectedHeader } from 'jose';
import { SealingError } from '../../../sealing/errors.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { SECRET_KINDS, type Sealed } from '../../../sealing/sealed.ts';
import { Secret } from '../../../sealing/secret.ts';

const CONNECTION = 'provider.sandbox.acme';
const key = randomBytes(32);
const otherKey = randomBytes(32);
const jwk = (kid: string, bytes: Uint8Array) => ({ kty: 'oct', kid, k: Buffer.from(bytes).toString('base64url') });
const setOf = (...keys: object[]) => SealingKeySet.parse(JSON.stringify({ keys }), 'keys.json');

const keys = setOf(jwk('k1', key));
const token = new Secret('5f4dcc3b5aa765d61d8327deb882cf99');
const sealed = await keys.seal('session-token', CONNECTION, token);

/** The code and message of the SealingError that opening fails with. */
async function refusal(
  set: SealingKeySet,
  value: string,
  kind: 'session-token' | 'api-key' = 'session-token',
  connection = CONNECTION,
): Promise<SealingError> {
  const error = await set.open(kind, connection, value as Sealed<typeof kind>).then(
    () => new Error('it opened'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof SealingError)) throw error;
  return error;
}

/** A JWE made by hand, with any header: what an attacker with the key, or another program, could make. */
function handmade(header: object, plaintext: Uint8Array, under = key): string {
  const protectedHeader = Buffer.from(JSON.stringify(header)).toString('base64url');
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', under, iv).setAAD(Buffer.from(protectedHeader));
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return [protectedHeader, '', ...[iv, ciphertext, cipher.getAuthTag()].map((part) => part.toString('base64url'))].join('.');
}

const HEADER = { alg: 'dir', enc: 'A256GCM', kid: 'k1', kind: 'session-token', conn: CONNECTION };

describe('a sealed value', () => {
  test.each(SECRET_KINDS)('of kind %s opens for its kind and connection', async (kind) => {
    const opened = await keys.open(kind, CONNECTION, await keys.seal(kind, CONNECTION, token));
    expect(opened.text()).toBe(token.text());
  });

  test('keeps bytes that are no text', async () => {
    const bytes = randomBytes(1200);
    const opened = await keys.open('private-key', CONNECTION, await keys.seal('private-key', CONNECTION, new Secret(bytes)));
    expect(Buffer.from(opened.bytes())).toEqual(bytes);
  });

  test('says which key, kind and connection it has, and nothing of the secret', () => {
    expect(decodeProtectedHeader(sealed)).toEqual(HEADER);
    expect(sealed).not.toContain(token.text());
    expect(
      sealed
        .split('.')
        .map((part) => Buffer.from(part, 'base64url').toString('latin1'))
        .join(),
    ).not.toContain(token.text());
  });

  test('is another each time', async () => {
    expect(await keys.seal('session-token', CONNECTION, token)).not.toBe(sealed);
  });

  test('made by hand in the same way opens: the refusals below are for their own reason', async () => {
    const opened = await keys.open('session-token', CONNECTION, handmade(HEADER, token.bytes()) as Sealed<'session-token'>);
    expect(opened.text()).toBe(token.text());
  });
});

describe('opening refuses', () => {
  test('a value of another kind', async () => {
    const error = await refusal(keys, sealed, 'api-key');
    expect(error).toMatchObject({ code: 'SEALED_VALUE_REJECTED', message: expect.stringContaining('it is sealed as session-token') });
  });

  test.each(['provider.sandbox.other', 'provider.sandbox.acm', 'provider.sandbox.acme2', 'user.sandbox.acme.x', ''])(
    'a value of another connection (asked for %j)',
    async (connection) => {
      const error = await refusal(keys, sealed, 'session-token', connection);
      expect(error).toMatchObject({ code: 'SEALED_VALUE_REJECTED', message: expect.stringContaining(`it belongs to ${CONNECTION}`) });
    },
  );

  test('a header that was changed to another connection or kind', async () => {
    const [, ...rest] = sealed.split('.');
    const forged = (change: object) => [Buffer.from(JSON.stringify({ ...HEADER, ...change })).toString('base64url'), ...rest].join('.');
    expect((await refusal(keys, forged({ conn: 'provider.sandbox.other' }), 'session-token', 'provider.sandbox.other')).code).toBe(
      'SEALED_VALUE_REJECTED',
    );
    expect((await refusal(keys, forged({ kind: 'api-key' }), 'api-key')).code).toBe('SEALED_VALUE_REJECTED');
  });

  test.each([2, 3, 4])('a value whose part %i was changed by one bit', async (part) => {
    const parts = sealed.split('.');
    const bytes = Buffer.from(parts[part]!, 'base64url');
    bytes[0]! ^= 1;
    parts[part] = bytes.toString('base64url');
    expect((await refusal(keys, parts.join('.'))).code).toBe('SEALED_VALUE_REJECTED');
  });

  test('a value with a shortened authentication tag', async () => {
    const parts = sealed.split('.');
    parts[4] = Buffer.from(parts[4]!, 'base64url').subarray(0, 4).toString('base64url');
    expect((await refusal(keys, parts.join('.'))).code).toBe('SEALED_VALUE_REJECTED');
  });

  test('a value under a key that this process does not have, naming both, so that the key can be given back', async () => {
    const error = await refusal(setOf(jwk('k2', otherKey)), sealed);
    expect(error.code).toBe('SEALING_KEY_MISSING');
    expect(error.message).toContain('sealing key k1; this process has k2');
  });

  test('a value under another key with the same id', async () => {
    expect((await refusal(setOf(jwk('k1', otherKey)), sealed)).code).toBe('SEALED_VALUE_REJECTED');
  });

  test('a value without a key id', async () => {
    const { kid: _, ...header } = HEADER;
    expect((await refusal(keys, handmade(header, token.bytes()))).code).toBe('SEALING_KEY_MISSING');
  });

  test.each([null, 5, ['session-token'], '__proto__'])('a value of the kind %j', async (kind) => {
    expect((await refusal(keys, handmade({ ...HEADER, kind }, token.bytes()))).code).toBe('SEALED_VALUE_REJECTED');
  });

  test('a compressed value', async () => {
    const error = await refusal(keys, handmade({ ...HEADER, zip: 'DEF' }, deflateRawSync(token.bytes())));
    expect(error).toMatchObject({ code: 'SEALED_VALUE_REJECTED', message: expect.stringContaining('compressed') });
  });

  test.each([
    ['dir', 'A128CBC-HS256'],
    ['A256KW', 'A256GCM'],
    ['A256GCMKW', 'A256GCM'],
    ['PBES2-HS256+A128KW', 'A256GCM'],
  ])('alg %s with enc %s, which is not on the list, though it is made with the right key', async (alg, enc) => {
    const value = await new CompactEncrypt(token.bytes()).setProtectedHeader({ ...HEADER, alg, enc }).encrypt(key);
    expect((await refusal(keys, value)).code).toBe('SEALED_VALUE_REJECTED');
  });

  test('alg none, and a header that demands an unknown extension', async () => {
    expect((await refusal(keys, handmade({ ...HEADER, alg: 'none' }, token.bytes()))).code).toBe('SEALED_VALUE_REJECTED');
    expect((await refusal(keys, handmade({ ...HEADER, crit: ['exp'], exp: 1 }, token.bytes()))).code).toBe('SEALED_VALUE_REJECTED');
  });

  test.each(['', 'geheim-token', 'a.b.c.d.e', '....', `${sealed}.x`, sealed.slice(0, -40), '{"protected":"geheim"}'])(
    'what is no sealed value, without repeating it (case %#)',
    async (value) => {
      const error = await refusal(keys, value);
      expect(error.code).toBe('SEALED_VALUE_REJECTED');
      expect(error.message).not.toContain('geheim');
    },
  );

  test('header values of a stranger, which appear in the error as short ids only', async () => {
    const error = await refusal(keys, handmade({ ...HEADER, kid: `<script>\n${'x'.repeat(500)}` }, token.bytes()));
    expect(error.code).toBe('SEALING_KEY_MISSING');
    expect(error.message).not.toMatch(/[<\n]/);
    expect(error.message.length).toBeLessThan(500);
  });
});

describe('a set of keys', () => {
  test('seals with the first and opens with all: so keys are rotated', async () => {
    const both = setOf(jwk('k2', otherKey), jwk('k1', key));
    expect(both.keyIds).toEqual(['k2', 'k1']);
    expect((await both.open('session-token', CONNECTION, sealed)).text()).toBe(token.text());
    expect(decodeProtectedHeader(await both.seal('session-token', CONNECTION, token)).kid).toBe('k2');
  });

  test('does not show its keys', () => {
    const shown = [JSON.stringify(keys), String(keys), inspect(keys, { depth: 10, showHidden: true })].join();
    expect(shown).not.toContain(key.toString('base64url').slice(0, 12));
  });

  const secretKey = Buffer.from(key).toString('base64url');
  const short = Buffer.from(key.subarray(0, 16)).toString('base64url');
  test.each([
    ['no JSON', `geheim ${secretKey}`, 'it is not JSON'],
    ['JSON that is cut off', `{"keys":[{"kty":"oct","kid":"k1","k":"${secretKey}`, 'it is not JSON'],
    ['an empty text', '', 'it is not JSON'],
    ['one key without its set', JSON.stringify(jwk('k1', key)), 'keys is wrong'],
    ['no keys', '{"keys":[]}', 'keys is wrong'],
    ['null', 'null', 'it is wrong'],
    ['a key of another type', JSON.stringify({ keys: [{ ...jwk('k1', key), kty: 'RSA' }] }), 'keys.0.kty is wrong'],
    ['a key without id', JSON.stringify({ keys: [{ kty: 'oct', k: secretKey }] }), 'keys.0.kid is wrong'],
    ['a key whose id is none', JSON.stringify({ keys: [{ ...jwk('k1', key), kid: `geheim ${secretKey}` }] }), 'keys.0.kid is wrong'],
    ['a key for another algorithm', JSON.stringify({ keys: [{ ...jwk('k1', key), alg: 'A256KW' }] }), 'keys.0.alg is wrong'],
    ['a key that is no base64url', JSON.stringify({ keys: [{ kty: 'oct', kid: 'k1', k: `${secretKey}+/=geheim` }] }), 'keys.0.k is wrong'],
    ['a short key', JSON.stringify({ keys: [{ kty: 'oct', kid: 'k1', k: short }] }), 'key k1 has 128 bits, 256 are needed'],
    ['a key id twice', JSON.stringify({ keys: [jwk('k1', key), jwk('k1', otherKey)] }), 'key id k1 occurs twice'],
  ])('%s is refused: the error names the file and the remedy, and quotes nothing', (_what, text, why) => {
    const parse = () => SealingKeySet.parse(text, '/etc/keeper/keys.json');
    expect(parse).toThrow(expect.objectContaining({ name: 'SealingError', code: 'SEALING_KEYS_INVALID' }));
    expect(parse).toThrow(`/etc/keeper/keys.json is not a set of sealing keys: ${why}`);
    expect(parse).toThrow('bunq-keeper sealing-keys new');
    for (const quoted of ['geheim', secretKey.slice(0, 12), short.slice(0, 12)]) expect(parse).not.toThrow(quoted);
  });
});

describe('new sealing keys', () => {
  const now = new Date('2026-11-21T23:59:59Z');

  test('are a set with one key, named by its day, that seals and opens', async () => {
    const made = SealingKeySet.parse(newSealingKeys(now), 'new');
    expect(made.keyIds).toEqual([expect.stringMatching(/^2026-11-21-[0-9a-f]{6}$/)]);
    const opened = await made.open('api-key', CONNECTION, await made.seal('api-key', CONNECTION, token));
    expect(opened.text()).toBe(token.text());
  });

  test('are others each time', () => {
    const [one, two] = [newSealingKeys(now), newSealingKeys(now)].map((text) => JSON.parse(text).keys[0]);
    expect(one.k).not.toBe(two.k);
    expect(one.kid).not.toBe(two.kid);
  });
});
