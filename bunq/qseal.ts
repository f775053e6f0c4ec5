import { constants, createHash, createPrivateKey, createPublicKey, type KeyObject, privateEncrypt, verify } from 'node:crypto';
import type { Secret } from '../sealing/secret.ts';
import { CertificateError } from './certificate-error.ts';
import { INSTALLATION_KEY_BITS, rsaPublicKey } from './keys.ts';

/** Whoever holds the QSEAL private key. It sees a digest and never the text: what is signed is decided here. */
export interface QsealSigner {
  /**
   * @param sha256 the 32 bytes of a SHA-256 digest
   * @returns the RSASSA-PKCS1-v1_5 signature over it
   */
  sign(sha256: Uint8Array): Promise<Uint8Array>;
}

export type QsealErrorCode =
  /** The text is not of the one shape that may be sealed. */
  | 'QSEAL_TEXT_REFUSED'
  /** What the signer gave back is no signature of the certificate's key over the text. */
  | 'QSEAL_SIGNATURE_WRONG';

export class QsealError extends Error {
  override readonly name = 'QsealError';
  readonly code: QsealErrorCode;

  constructor(code: QsealErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** `SIGNER_UNAVAILABLE` is tried again; `SIGNER_REFUSED` would be refused again, so a person has to look at it. */
export type SignerErrorCode = 'SIGNER_UNAVAILABLE' | 'SIGNER_REFUSED';

/** Why whoever holds the key does not sign. Its message holds nothing secret: it stands in histories. */
export class SignerError extends Error {
  override readonly name = 'SignerError';
  readonly code: SignerErrorCode;

  constructor(code: SignerErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

export interface QsealInput {
  /** The installation's public key exactly as it was sent in `POST /installation`. */
  readonly publicKeyPem: string;
  readonly installationToken: Secret;
  readonly signer: QsealSigner;
  /** The QSEAL certificate, PEM. */
  readonly certificatePem: string;
}

/**
 * `client_public_key_signature`, base64: the seal over the installation's public key and token. It is verified against the
 * certificate before it is returned; the signer is asked once more where it is wrong.
 * @throws QsealError, CertificateError; what the signer throws
 */
export async function createQsealSignature({ publicKeyPem, installationToken, signer, certificatePem }: QsealInput): Promise<string> {
  const text = qsealText(publicKeyPem, installationToken);
  const certificateKey = publicKeyOf(certificatePem);
  const sha256 = sha256Of(text);
  const isRight = (signature: Uint8Array) => verify('sha256', text, certificateKey, signature);
  let signature = await signer.sign(sha256);
  if (!isRight(signature)) signature = await signer.sign(sha256); // only what is wrong twice is worth a person's time
  if (!isRight(signature)) {
    throw new QsealError(
      'QSEAL_SIGNATURE_WRONG',
      "The signer's signature does not verify with the certificate's key. Give the signer the private key that belongs to this certificate; it must sign the SHA-256 digest with RSASSA-PKCS1-v1_5.",
    );
  }
  return Buffer.from(signature).toString('base64');
}

/**
 * Whether a signature that somebody made elsewhere, in base64, is the seal.
 * @throws QsealError `QSEAL_TEXT_REFUSED`, CertificateError
 */
export function isQsealSignature(
  signature: string,
  { publicKeyPem, installationToken, certificatePem }: Omit<QsealInput, 'signer'>,
): boolean {
  return verify('sha256', qsealText(publicKeyPem, installationToken), publicKeyOf(certificatePem), Buffer.from(signature, 'base64'));
}

/**
 * What somebody who signs elsewhere is given: the digest, never the text.
 * @throws QsealError `QSEAL_TEXT_REFUSED`
 */
export const qsealDigest = (publicKeyPem: string, installationToken: Secret): Uint8Array =>
  sha256Of(qsealText(publicKeyPem, installationToken));

const sha256Of = (text: Uint8Array) => createHash('sha256').update(text).digest();

/**
 * The text that the QSEAL signs: the public key's PEM as it was sent, exactly one newline, the installation token. A seal
 * binds its owner by law, so nothing that looks any different is ever signed.
 * @throws QsealError `QSEAL_TEXT_REFUSED`, without the token in its message
 */
export function qsealText(publicKeyPem: string, installationToken: Secret): Uint8Array {
  const refused = (why: string) =>
    new QsealError('QSEAL_TEXT_REFUSED', `This is not what a QSEAL signs for bunq: ${why}. Nothing was signed.`);
  if (!PUBLIC_KEY_PEM.test(publicKeyPem)) throw refused('the public key is not one PEM block "PUBLIC KEY" and nothing else');
  if (rsaPublicKey(publicKeyPem)?.asymmetricKeyDetails?.modulusLength !== INSTALLATION_KEY_BITS)
    throw refused('the public key is not RSA with 2048 bits');
  const token = installationToken.text();
  if (!/^[A-Za-z0-9]{1,256}$/.test(token)) throw refused('the installation token does not consist of letters and digits alone');
  return new TextEncoder().encode(`${publicKeyPem.replace(/\r?\n$/, '')}\n${token}`);
}

const PUBLIC_KEY_PEM = /^-----BEGIN PUBLIC KEY-----\r?\n(?:[A-Za-z0-9+/]+={0,2}\r?\n)+-----END PUBLIC KEY-----(?:\r?\n)?$/;

/** DER of the DigestInfo for SHA-256 up to the digest itself (RFC 8017, 9.2, note 1). */
const SHA256_DIGEST_INFO = Buffer.from('3031300d060960864801650304020105000420', 'hex');

/** RSASSA-PKCS1-v1_5 over a digest that is already made: the padding with block type 1 is what `privateEncrypt` does. */
export function signSha256(key: KeyObject, sha256: Uint8Array): Uint8Array {
  if (sha256.length !== 32) throw new RangeError(`A SHA-256 digest has 32 bytes, this one has ${sha256.length}.`);
  return privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, Buffer.concat([SHA256_DIGEST_INFO, sha256]));
}

/**
 * A signer that holds the key in memory.
 * @throws CertificateError `PRIVATE_KEY_UNREADABLE` or `CERTIFICATE_KEY_UNSUITABLE`
 */
export function signerFromPrivateKey(privateKeyPem: string, passphrase?: Secret): QsealSigner {
  const key = readPrivateKey(privateKeyPem, passphrase);
  return { sign: async (sha256) => signSha256(key, sha256) };
}

/** Whether a passphrase is needed to read it: PKCS#8 and the older form alike. */
export const isEncryptedKey = (privateKeyPem: string) =>
  labelOf(privateKeyPem)?.startsWith('ENCRYPTED') === true || /^Proc-Type:.*ENCRYPTED/m.test(privateKeyPem);

const labelOf = (pem: string) => /-----BEGIN ([A-Z0-9 ]+)-----/.exec(pem)?.[1];

/**
 * An RSA private key from PEM, PKCS#8 or PKCS#1.
 * @param passphrase of one that is encrypted
 * @throws CertificateError, which never quotes the text
 */
export function readPrivateKey(privateKeyPem: string, passphrase?: Secret): KeyObject {
  const label = labelOf(privateKeyPem);
  const unreadable = (why: string, how = 'Give it as PEM: -----BEGIN PRIVATE KEY-----') =>
    new CertificateError('PRIVATE_KEY_UNREADABLE', `The private key ${why}. ${how}`);
  if (!label) throw unreadable('is not PEM');
  if (!label.endsWith('PRIVATE KEY')) throw unreadable(`is a ${label}`);
  const isEncrypted = isEncryptedKey(privateKeyPem);
  if (isEncrypted && !passphrase)
    throw unreadable(
      'is encrypted, and no passphrase was given',
      'Name the file that holds it (passphraseFile in the settings of the signer, or KEEPER_QSEAL_PASSPHRASE_FILE), or decrypt it: openssl pkey -in key.pem -out plain.pem',
    );
  const key = attempt(() => createPrivateKey({ key: privateKeyPem, ...(isEncrypted && { passphrase: passphrase!.text() }) }));
  if (!key && isEncrypted)
    throw unreadable('does not open with its passphrase, or is damaged', 'Give the passphrase that it was encrypted with.');
  if (!key) throw unreadable('cannot be read: it is damaged, or of an unknown kind');
  if (key.asymmetricKeyType !== 'rsa') {
    throw new CertificateError(
      'CERTIFICATE_KEY_UNSUITABLE',
      `The private key is of type ${key.asymmetricKeyType}; bunq takes RSA keys only. Use a QSEAL with an RSA key.`,
    );
  }
  return key;
}

function publicKeyOf(certificatePem: string): KeyObject {
  const key = attempt(() => createPublicKey(certificatePem));
  if (!key) throw new CertificateError('CERTIFICATE_UNREADABLE', 'The certificate for the QSEAL signature cannot be read. Give it as PEM.');
  return key;
}

function attempt<Result>(read: () => Result): Result | null {
  try {
    return read();
  } catch {
    return null; // OpenSSL's texts say nothing to a person, and may quote
  }
}
