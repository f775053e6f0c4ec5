import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { isOfFaultyChip, weaknessOf } from '../../../bunq/weak-key.ts';
import { vector } from './support.ts';

const base64url = (value: bigint) => Buffer.from(value.toString(16).padStart(512, '0'), 'hex').toString('base64url');
const rsa = (n: bigint, e: bigint) =>
  createPublicKey({
    key: { kty: 'RSA', n: base64url(n), e: Buffer.from(e.toString(16).padStart(6, '0'), 'hex').toString('base64url') },
    format: 'jwk',
  });

/** The product of the primes up to 167: modulo this, or a multiple of it, the primes of such keys are powers of 65537. */
const M = [
  2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137,
  139, 149, 151, 157, 163, 167,
].reduce((product, prime) => product * BigInt(prime), 1n);

/** A factor as the faulty library makes one: k · M + 65537^a mod M, of 1024 bits. */
function factor(a: number): bigint {
  let power = 1n;
  for (let times = 0; times < a; times++) power = (power * 65_537n) % M;
  return ((3n << 1022n) / M) * M + power;
}

test('the key of a faulty chip is told by its modulus alone', () => {
  const modulus = factor(1234) * factor(77);
  expect(modulus.toString(2)).toHaveLength(2048);
  expect(isOfFaultyChip(modulus)).toBe(true);
  expect(weaknessOf(rsa(modulus, 65_537n))).toMatch(/^made by a faulty chip \(ROCA, CVE-2017-15361\)/);
});

test('keys that are made as they should be are not taken for one', () => {
  const made = Array.from({ length: 5 }, () => generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey);
  const given = ['pseudo', 'qseal', 'intermediate', 'small-key'].map((name) => new X509Certificate(vector(`${name}-cert.pem`)).publicKey);
  expect([...made, ...given].map(weaknessOf)).toEqual(Array(9).fill(null));
});

test.each([
  [1n, 'whose exponent is 1'],
  [2n, 'whose exponent is 2'],
  [65_536n, 'whose exponent is 65536'],
  [3n, null],
  [17n, null],
])('the exponent %s', (exponent, weakness) => {
  const { n } = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({ format: 'jwk' });
  expect(weaknessOf(rsa(BigInt(`0x${Buffer.from(n!, 'base64url').toString('hex')}`), exponent))).toBe(weakness);
});

test('an even modulus', () => {
  expect(weaknessOf(rsa((1n << 2047n) + 2n, 65_537n))).toBe('whose modulus is even');
});
