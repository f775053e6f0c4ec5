import { createPrivateKey, createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { promisify } from 'node:util';

/** RSASSA-PKCS1-v1_5 over SHA-256, base64 in one line: node:crypto's default for an RSA key. */
export function signBody(body: Uint8Array, privateKey: KeyObject): string {
  return sign('sha256', body, privateKey).toString('base64');
}

export function isSignedBy(body: Uint8Array, signature: string, publicKey: KeyObject): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(signature)) return false;
  return verify('sha256', body, publicKey, Buffer.from(signature, 'base64'));
}

const KEPT_KEYS = 20_000;
const keptKeys = new Map<string, KeyObject>();

/** By public key: the signature over no bytes. There is one, RSASSA-PKCS1-v1_5 being deterministic, and every `GET` has it. */
const signaturesOfNothing = new WeakMap<KeyObject, string>();

export function isBodySignedBy(body: Uint8Array, signature: string, publicKey: KeyObject): boolean {
  if (body.length > 0) return isSignedBy(body, signature, publicKey);
  if (signaturesOfNothing.get(publicKey) === signature) return true;
  const isSigned = isSignedBy(body, signature, publicKey);
  if (isSigned) signaturesOfNothing.set(publicKey, signature);
  return isSigned;
}

/** The public key of a PEM. Reading one costs several times what checking a signature does, so those in use are kept. */
export function publicKeyFrom(pem: string): KeyObject {
  const key = keptKeys.get(pem) ?? createPublicKey(pem);
  if (keptKeys.size >= KEPT_KEYS) keptKeys.clear();
  keptKeys.set(pem, key);
  return key;
}

export async function newServerKeyPem(): Promise<string> {
  const { privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }) as string;
}

/** PKCS #8 and SPKI in PEM. Stops all else for a tenth of a second. */
export const newKeyPair = (): { privateKey: string; publicKey: string } =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export function isServerKey(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyType === 'rsa';
  } catch {
    return false;
  }
}

/** The bank's signing key and its public half as `ServerPublicKey` shows it. */
export function serverKeyFrom(privateKeyPem: string): { privateKey: KeyObject; publicKeyPem: string } {
  const privateKey = createPrivateKey(privateKeyPem);
  return { privateKey, publicKeyPem: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) as string };
}

/**
 * The RSA 2048 key of a PEM `PUBLIC KEY` (SPKI), with LF or CRLF, its base64 wrapped or in one line.
 * @returns null when it is anything else
 */
export function readClientPublicKey(text: string): KeyObject | null {
  const body = /^\s*-----BEGIN PUBLIC KEY-----\r?\n([A-Za-z0-9+/=\r\n]+?)\r?\n-----END PUBLIC KEY-----\s*$/.exec(text)?.[1];
  if (body === undefined) return null;
  try {
    const key = createPublicKey({ key: Buffer.from(body.replace(/\s/g, ''), 'base64'), type: 'spki', format: 'der' });
    return key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === 2048 ? key : null;
  } catch {
    return null;
  }
}

/** What a QSEAL signs for a credential: the public key as it was sent, exactly one newline, the installation token. */
export function qsealText(publicKeyText: string, installationToken: string): Buffer {
  return Buffer.from(`${publicKeyText.replace(/\n+$/, '')}\n${installationToken}`);
}
