import { CertificateError, type CheckInput, checkQsealCertificate } from '../bunq/certificates.ts';
import type { WantedCredential } from '../workflows/state.ts';
import { UsageError } from './errors.ts';

export interface QsealCredentialInput extends Omit<CheckInput, 'now'> {
  /** Who seals: a name from the worker's `KEEPER_QSEAL_SIGNERS`, or `file:/abs/key.pem`, a path on the worker. */
  readonly signer: string;
  /** By default the machine's time. */
  readonly now?: Date;
}

/**
 * What a PSD2 provider is onboarded with, from its QSEAL certificate, checked before anything is sent to the bank. The
 * private key stays with the signer; where it is at hand, it is only compared with the certificate.
 * @throws UsageError with the first problem of certificate, chain or key, and its remedy
 */
export function qsealCredential({
  signer,
  now = new Date(),
  ...given
}: QsealCredentialInput): Extract<WantedCredential, { type: 'qseal' }> {
  try {
    const { facts, certificatePem, chainPem } = checkQsealCertificate({ ...given, now });
    const { subject, authorizationNumber, roles, expiresAt, fingerprintSha256 } = facts;
    return {
      type: 'qseal',
      subject,
      authorizationNumber,
      roles: [...roles],
      expiresAt,
      signer,
      fingerprintSha256,
      certificatePem, // last: people read this object in the Temporal UI
      chainPem,
    };
  } catch (error) {
    if (error instanceof CertificateError) throw new UsageError(error.message);
    throw error;
  }
}
