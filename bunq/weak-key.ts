import type { KeyObject } from 'node:crypto';

/** The odd primes up to 167, by which a key that a faulty chip has made betrays itself. */
const PRIMES = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113, 127, 131, 137, 139,
  149, 151, 157, 163, 167,
];

/** The remainders of the powers of 65537, for each prime. */
const POWERS = PRIMES.map((prime) => {
  const powers = new Set<number>();
  for (let power = 1; !powers.has(power); power = (power * 65_537) % prime) powers.add(power);
  return powers;
});

/**
 * Whether an RSA modulus is of the kind that a library in many smart cards and security modules made until 2017 (ROCA, CVE-2017-15361):
 * its private key can be computed from it. Of other keys one in 2^27 is taken for such a one.
 */
export const isOfFaultyChip = (modulus: bigint): boolean =>
  PRIMES.every((prime, index) => POWERS[index]!.has(Number(modulus % BigInt(prime))));

/** Why an RSA public key is none to trust, behind "a weak RSA key, "; null when nothing is known against it. */
export function weaknessOf(publicKey: KeyObject): string | null {
  const { publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  if (publicExponent < 3n || publicExponent % 2n === 0n) return `whose exponent is ${publicExponent}`;
  const { n = '' } = publicKey.export({ format: 'jwk' });
  const modulus = BigInt(`0x0${Buffer.from(n, 'base64url').toString('hex')}`);
  if (modulus % 2n === 0n) return 'whose modulus is even';
  return isOfFaultyChip(modulus) ? 'made by a faulty chip (ROCA, CVE-2017-15361): anybody can compute its private key' : null;
}
