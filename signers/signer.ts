import { createPublicKey, type KeyObject } from 'node:crypto';
import { type QsealSigner, SignerError } from '../bunq/qseal.ts';

/** A signer as a worker offers it: it also tells its public key, by which it is seen to be there before anything is signed. */
export interface OfferedSigner extends QsealSigner {
  publicKey(): Promise<KeyObject>;
}

/** Says what is not as it should be and yet no reason to stop. */
export type Warn = (line: string) => void;

/** It is down, or not there: tried again. */
export const unavailable = (message: string) => new SignerError('SIGNER_UNAVAILABLE', message);

/** It would be so again: a person has to look at it. */
export const refused = (message: string) => new SignerError('SIGNER_REFUSED', message);

/** A signature as a signer prints it: base64, whatever its line breaks. @throws SignerError, without what was printed */
export function signatureOf(printed: string, who: string): Uint8Array {
  const base64 = printed.replace(/\s+/g, '');
  if (!/^[A-Za-z0-9+/]{2,}={0,2}$/.test(base64)) throw refused(`${who} gave something else than a signature in base64.`);
  return Buffer.from(base64, 'base64');
}

/** An RSA public key as a signer gives it. @throws SignerError */
export function publicKeyOf(pem: string, who: string): KeyObject {
  let key: KeyObject;
  try {
    if (!/^\s*-----BEGIN (RSA )?PUBLIC KEY-----/.test(pem)) throw new Error('no public key');
    key = createPublicKey(pem);
  } catch {
    throw refused(`${who} gave something else than its public key in PEM.`);
  }
  if (key.asymmetricKeyType !== 'rsa') throw refused(`${who} has a key of type ${key.asymmetricKeyType}; bunq takes RSA keys only.`);
  return key;
}
