import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import type { Secret } from '../sealing/secret.ts';

/**
 * The value of `X-Bunq-Client-Signature`: RSASSA-PKCS1-v1_5 over SHA-256 of exactly these bytes, base64 in one line.
 * @param privateKey PKCS#8 DER
 */
export function signBody(bytes: Uint8Array, privateKey: Secret): string {
  const key = createPrivateKey({ key: Buffer.from(privateKey.bytes()), format: 'der', type: 'pkcs8' });
  return sign('sha256', bytes, key).toString('base64');
}

/** Whether `X-Bunq-Server-Signature` is the bank's over exactly these bytes; false too for what is no signature at all. */
export function verifyBody(bytes: Uint8Array, signatureBase64: string, serverPublicKeyPem: string): boolean {
  return verify('sha256', bytes, createPublicKey(serverPublicKeyPem), Buffer.from(signatureBase64, 'base64'));
}
