export const CERTIFICATE_ERROR_CODES = [
  'CERTIFICATE_NOT_PEM',
  'CERTIFICATE_UNREADABLE',
  /** Its qcStatements are not as ETSI has them, so what it is for and its roles cannot be told. */
  'CERTIFICATE_STATEMENTS_UNREADABLE',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_NOT_YET_VALID',
  'CERTIFICATE_IS_QWAC',
  /** It is for a person's signatures. */
  'CERTIFICATE_IS_QSIGN',
  'CERTIFICATE_WITHOUT_ROLE',
  /** Not an RSA key of at least 2048 bits, or a weak one. */
  'CERTIFICATE_KEY_UNSUITABLE',
  /** The private key belongs to another certificate. */
  'CERTIFICATE_KEY_MISMATCH',
  /** The chain does not lead from the certificate, or is missing. */
  'CERTIFICATE_CHAIN_MISMATCH',
  'PRIVATE_KEY_UNREADABLE',
  /** No pseudo certificate can be made with this name, these roles or this lifetime. */
  'CERTIFICATE_NAME_UNUSABLE',
] as const;

export type CertificateErrorCode = (typeof CERTIFICATE_ERROR_CODES)[number];

/** What is wrong with a certificate, a chain or a private key, and what to do. The message never quotes key material. */
export class CertificateError extends Error {
  override readonly name = 'CertificateError';
  readonly code: CertificateErrorCode;

  constructor(code: CertificateErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
