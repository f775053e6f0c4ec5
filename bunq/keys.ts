import { createPrivateKey, createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { Secret } from '../sealing/secret.ts';

/** What bunq takes: RSA with 2048 bits. */
export const INSTALLATION_KEY_BITS = 2048;

export interface InstallationKeyPair {
  /** PKCS#8 DER. */
  readonly privateKey: Secret;
  /** SPKI PEM with LF, as it is sent in `POST /installation` and stands in the QSEAL text. */
  readonly publicKeyPem: string;
}

const generate = promisify(generateKeyPair);

/** A new key pair; every installation has its own. */
export async function generateInstallationKeyPair(): Promise<InstallationKeyPair> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: INSTALLATION_KEY_BITS,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'der' },
  });
  return { privateKey: new Secret(privateKey), publicKeyPem: publicKey };
}

/** An RSA public key from SPKI PEM (LF or CRLF, wrapped or not); null for anything else. */
export function rsaPublicKey(pem: string): KeyObject | null {
  if (!/^\s*-----BEGIN PUBLIC KEY-----\s/.test(pem)) return null;
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' ? key : null;
  } catch {
    return null;
  }
}

/** A key pair that somebody else made, from its private key in PEM (PKCS#1 or PKCS#8, not encrypted); null for anything else. */
export function installationKeyPairFromPem(privateKeyPem: string): InstallationKeyPair | null {
  try {
    const privateKey = createPrivateKey(privateKeyPem);
    if (privateKey.asymmetricKeyType !== 'rsa' || privateKey.asymmetricKeyDetails?.modulusLength !== INSTALLATION_KEY_BITS) return null;
    const publicKeyPem = createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }).toString();
    return { privateKey: new Secret(privateKey.export({ type: 'pkcs8', format: 'der' })), publicKeyPem };
  } catch {
    return null;
  }
}

/** A private key of an installation (PKCS#8 DER) as PEM, for who wants it so. */
export function installationPrivateKeyPem(privateKey: Secret): Secret {
  const key = createPrivateKey({ key: Buffer.from(privateKey.bytes()), format: 'der', type: 'pkcs8' });
  return new Secret(key.export({ type: 'pkcs8', format: 'pem' }));
}
