export { type CheckedCertificate, type CheckInput, checkQsealCertificate } from './certificate-check.ts';
export { CertificateError, type CertificateErrorCode } from './certificate-error.ts';
export { type CertificateFacts, type Role, readCertificate, readCertificateChain } from './certificate-facts.ts';
export { createPseudoCertificate, type PseudoCertificateInput } from './pseudo-certificate.ts';
