export {
  type CheckedCertificate,
  type CheckInput,
  checkQsealCertificate,
  type ExaminedCertificate,
  examineQsealCertificate,
} from './certificate-check.ts';
export { CERTIFICATE_ERROR_CODES, CertificateError, type CertificateErrorCode } from './certificate-error.ts';
export { type Authorization, type CertificateFacts, type Role, readCertificate, readCertificateChain } from './certificate-facts.ts';
export { createPseudoCertificate, type PseudoCertificateInput } from './pseudo-certificate.ts';
