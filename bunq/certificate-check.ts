import { CertificateError } from './certificate-error.ts';
import { type Certificate, type CertificateFacts, readCertificates } from './certificate-facts.ts';
import { readPrivateKey } from './qseal.ts';

/** No qualified seal has less. */
const LEAST_KEY_BITS = 2048;

export interface CheckInput {
  /** The certificate; what follows it in the same file counts as its chain. */
  readonly certificatePem: string;
  /** Intermediate and root, in any order. Not needed for a self-signed certificate, which is its own chain. */
  readonly chainPem?: string;
  /** Checked against the certificate where it is at hand. */
  readonly privateKeyPem?: string;
  readonly now: Date;
}

export interface CheckedCertificate {
  readonly facts: CertificateFacts;
  /** The certificate alone: lines of 64 characters, LF. */
  readonly certificatePem: string;
  /** From the certificate's issuer upwards. */
  readonly chainPem: string;
}

/**
 * Whether a provider can be registered with this certificate, before anything is sent to the bank.
 * @throws CertificateError the first problem: PEM, readable, validity, QWAC, role, kind of key, private key, chain
 */
export function checkQsealCertificate({ certificatePem, chainPem, privateKeyPem, now }: CheckInput): CheckedCertificate {
  const [leaf, ...following] = readCertificates(certificatePem, 'The certificate');
  checkValidity(leaf!, 'The certificate', now);
  checkPurpose(leaf!.facts);
  if (privateKeyPem !== undefined) checkPrivateKey(leaf!, privateKeyPem);
  const given = chainPem?.trim() ? readCertificates(chainPem, 'The chain') : [];
  const chain = chainOf(leaf!, given.length > 0 ? given : following);
  for (const certificate of chain) checkValidity(certificate, 'In the chain, the certificate', now);
  return { facts: leaf!.facts, certificatePem: leaf!.pem, chainPem: chain.map(({ pem }) => pem).join('') };
}

function checkValidity({ facts: { subject, validFrom, expiresAt } }: Certificate, what: string, now: Date): void {
  if (now >= new Date(expiresAt)) {
    throw new CertificateError('CERTIFICATE_EXPIRED', `${what} ${subject} expired on ${expiresAt}. Give one that is valid.`);
  }
  if (now < new Date(validFrom)) {
    throw new CertificateError(
      'CERTIFICATE_NOT_YET_VALID',
      `${what} ${subject} is not valid before ${validFrom}. Wait until then, or give one that is valid.`,
    );
  }
}

function checkPurpose({ subject, type, roles, rolesFrom, keyBits }: CertificateFacts): void {
  if (type === 'QWAC') {
    throw new CertificateError(
      'CERTIFICATE_IS_QWAC',
      `The certificate ${subject} is a QWAC, which is for websites. bunq wants the QSEAL: give the one whose qcStatements say eseal.`,
    );
  }
  if (!roles.some((role) => role !== 'ASPSP')) {
    const where =
      rolesFrom === 'qcStatements'
        ? 'its PSD2 statement names none'
        : 'it has no PSD2 statement, and its common name holds none of these words';
    throw new CertificateError(
      'CERTIFICATE_WITHOUT_ROLE',
      `The certificate ${subject} has no role AISP, PISP or CBPII: ${where}. Give a QSEAL with a role; for the sandbox: bunq-keeper certificate pseudo`,
    );
  }
  if (keyBits < LEAST_KEY_BITS) {
    const kind = keyBits === 0 ? 'no RSA key' : `an RSA key of ${keyBits} bits`;
    throw new CertificateError(
      'CERTIFICATE_KEY_UNSUITABLE',
      `The certificate ${subject} has ${kind}; bunq takes RSA keys of at least ${LEAST_KEY_BITS} bits.`,
    );
  }
}

function checkPrivateKey({ x509, facts }: Certificate, privateKeyPem: string): void {
  if (!x509.checkPrivateKey(readPrivateKey(privateKeyPem))) {
    throw new CertificateError(
      'CERTIFICATE_KEY_MISMATCH',
      `The private key does not belong to the certificate ${facts.subject}. Give the key that the certificate was made for.`,
    );
  }
}

/** Issuer by issuer, upwards from the certificate; every certificate given must have its place. @throws CertificateError */
function chainOf(leaf: Certificate, given: readonly Certificate[]): Certificate[] {
  const { subject, issuer, selfSigned, fingerprintSha256 } = leaf.facts;
  const mismatch = (why: string) =>
    new CertificateError(
      'CERTIFICATE_CHAIN_MISMATCH',
      `${why}. Give the chain of the certificate ${subject}: its issuer's certificate, up to the root, as PEM.`,
    );
  const others = given.filter(({ facts }) => facts.fingerprintSha256 !== fingerprintSha256);
  if (selfSigned && others.length === 0) return [leaf];
  if (others.length === 0) throw mismatch(`No chain is given, and the certificate is not self-signed but issued by ${issuer}`);
  const chain: Certificate[] = [];
  const rest = [...new Map(others.map((one) => [one.facts.fingerprintSha256, one])).values()];
  for (let top = leaf; !top.facts.selfSigned && rest.length > 0; top = chain.at(-1)!) {
    const at = rest.findIndex((candidate) => isIssuer(candidate, top));
    if (at < 0) break;
    chain.push(...rest.splice(at, 1));
  }
  if (chain.length === 0) throw mismatch(`The chain does not lead from the certificate: it holds none of ${issuer}`);
  if (rest.length > 0) throw mismatch(`The chain holds a certificate that is no part of it: ${rest[0]!.facts.subject}`);
  return chain;
}

const isIssuer = (candidate: Certificate, of: Certificate) =>
  of.x509.checkIssued(candidate.x509) && of.x509.verify(candidate.x509.publicKey);
