import { createPublicKey } from 'node:crypto';
import { expect, test } from '@jest/globals';
import { generateInstallationKeyPair, rsaPublicKey } from '../../../bunq/keys.ts';
import { signBody, verifyBody } from '../../../bunq/signature.ts';
import { vector } from './support.ts';

test('a new key pair is RSA with 2048 bits, its public key SPKI PEM with LF, and each is another', async () => {
  const [one, two] = [await generateInstallationKeyPair(), await generateInstallationKeyPair()];
  expect(one.publicKeyPem).toMatch(/^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{1,64}\n)+-----END PUBLIC KEY-----\n$/);
  expect(createPublicKey(one.publicKeyPem).asymmetricKeyDetails?.modulusLength).toBe(2048);
  expect(one.publicKeyPem).not.toBe(two.publicKeyPem);
});

test('the private key, as PKCS#8 DER in a Secret, belongs to the public key', async () => {
  const { privateKey, publicKeyPem } = await generateInstallationKeyPair();
  const body = Buffer.from('{}');
  expect(verifyBody(body, signBody(body, privateKey), publicKeyPem)).toBe(true);
  expect(`${privateKey}`).toBe('[redacted]');
});

test.each([
  '',
  'no PEM',
  vector('pseudo-cert.pem'),
  vector('other-key.pem'),
  '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
])('what is no RSA public key is none (case %#)', (pem) => {
  expect(rsaPublicKey(pem)).toBeNull();
});
