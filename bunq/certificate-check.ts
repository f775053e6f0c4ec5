import { CertificateError } from './certificate-error.ts';
import { type Certificate, type CertificateFacts, readCertificates } from './certificate-facts.ts';
import { readPrivateKey } from './qseal.ts';
import { weaknessOf } from './weak-key.ts';

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

export interface ExaminedCertificate extends CheckedCertificate {
  /** What `chainPem` holds; empty where the chain is no good. */
  readonly chain: readonly CertificateFacts[];
  /** Everything that is wrong, the first to be mended first. */
  readonly problems: readonly CertificateError[];
}

/**
 * Whether a provider can be registered with this certificate, before anything is sent to the bank.
 * @throws CertificateError the first problem: PEM, readable, validity, QWAC, role, kind of key, private key, chain
 */
export function checkQsealCertificate(input: CheckInput): CheckedCertificate {
  const { facts, certificatePem, chainPem, problems } = examineQsealCertificate(input);
  if (problems[0]) throw problems[0];
  return { facts, certificatePem, chainPem };
}

/**
 * The same, with everything that is wrong at once.
 * @throws CertificateError when the certificate itself cannot be read: nothing more can be said of it
 */
export function examineQsealCertificate({ certificatePem, chainPem, privateKeyPem, now }: CheckInput): ExaminedCertificate {
  const { leaf, others } = leafOf(readCertificates(certificatePem, 'The certificate'));
  const problems: CertificateError[] = [];
  const examine = <Result>(look: () => Result): Result | undefined => {
    try {
      return look();
    } catch (error) {
      if (!(error instanceof CertificateError)) throw error;
      problems.push(error);
      return undefined;
    }
  };
  examine(() => checkValidity(leaf, 'The certificate', now));
  examine(() => checkType(leaf.facts));
  examine(() => checkRole(leaf.facts));
  examine(() => checkKey(leaf));
  if (privateKeyPem !== undefined) examine(() => checkPrivateKey(leaf, privateKeyPem));
  const chain = examine(() => chainOf(leaf, chainPem?.trim() ? readCertificates(chainPem, 'The chain') : others)) ?? [];
  for (const certificate of chain) {
    if (certificate !== leaf) examine(() => checkValidity(certificate, 'In the chain, the certificate', now));
  }
  return {
    facts: leaf.facts,
    certificatePem: leaf.pem,
    chain: chain.map(({ facts }) => facts),
    chainPem: chain.map(({ pem }) => pem).join(''),
    problems,
  };
}

/** The one that has issued none of the others, wherever it stands in its file; the first when that is no one's, or several'. */
function leafOf(given: readonly Certificate[]): { leaf: Certificate; others: Certificate[] } {
  const all = distinct(given);
  const ends = all.length > MOST_CERTIFICATES ? [] : all.filter((one) => !all.some((other) => other !== one && isIssuer(one, other)));
  const leaf = ends.length === 1 ? ends[0]! : all[0]!;
  return { leaf, others: all.filter((one) => one !== leaf) };
}

const distinct = (given: readonly Certificate[]) => [...new Map(given.map((one) => [one.facts.fingerprintSha256, one])).values()];

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

function checkType({ subject, type }: CertificateFacts): void {
  if (type === 'QWAC') {
    throw new CertificateError(
      'CERTIFICATE_IS_QWAC',
      `The certificate ${subject} is a QWAC, which is for websites. bunq wants the QSEAL: give the one whose qcStatements say eseal.`,
    );
  }
  if (type === 'QSIGN') {
    throw new CertificateError(
      'CERTIFICATE_IS_QSIGN',
      `The certificate ${subject} is for a person's signatures. bunq wants the QSEAL: give the one whose qcStatements say eseal.`,
    );
  }
}

function checkRole({ subject, roles, rolesFrom }: CertificateFacts): void {
  if (roles.some((role) => role !== 'ASPSP')) return;
  const where =
    rolesFrom === 'qcStatements'
      ? 'its PSD2 statement names none'
      : 'it has no PSD2 statement, and its common name holds none of these words';
  throw new CertificateError(
    'CERTIFICATE_WITHOUT_ROLE',
    `The certificate ${subject} has no role AISP, PISP or CBPII: ${where}. Give a QSEAL with a role; for the sandbox: bunq-keeper certificate pseudo`,
  );
}

function checkKey({ x509, facts: { subject, keyType, keyBits } }: Certificate): void {
  const unsuitable = (kind: string) =>
    new CertificateError(
      'CERTIFICATE_KEY_UNSUITABLE',
      `The certificate ${subject} has ${kind}; bunq takes RSA keys of at least ${LEAST_KEY_BITS} bits.`,
    );
  if (keyBits === 0) throw unsuitable(`no RSA key but one of the kind ${keyType}`);
  if (keyBits < LEAST_KEY_BITS) throw unsuitable(`an RSA key of ${keyBits} bits`);
  const weakness = weaknessOf(x509.publicKey);
  if (weakness) throw unsuitable(`a weak RSA key, ${weakness}`);
}

function checkPrivateKey({ x509, facts }: Certificate, privateKeyPem: string): void {
  if (!x509.checkPrivateKey(readPrivateKey(privateKeyPem))) {
    throw new CertificateError(
      'CERTIFICATE_KEY_MISMATCH',
      `The private key does not belong to the certificate ${facts.subject}. Give the key that the certificate was made for.`,
    );
  }
}

/** No chain has more; looking for a way through many costs the square of them. */
const MOST_CERTIFICATES = 20;

/** Issuer by issuer, upwards from the certificate; every certificate given must have its place. @throws CertificateError */
function chainOf(leaf: Certificate, given: readonly Certificate[]): Certificate[] {
  const { subject, issuer, selfSigned, fingerprintSha256 } = leaf.facts;
  const mismatch = (why: string) =>
    new CertificateError(
      'CERTIFICATE_CHAIN_MISMATCH',
      `${why}. Give the chain of the certificate ${subject}: its issuer's certificate, up to the root, as PEM.`,
    );
  const rest = distinct(given).filter(({ facts }) => facts.fingerprintSha256 !== fingerprintSha256);
  if (selfSigned && rest.length === 0) return [leaf];
  if (rest.length === 0) throw mismatch(`No chain is given, and the certificate is not self-signed but issued by ${issuer}`);
  if (rest.length > MOST_CERTIFICATES)
    throw mismatch(`The chain holds ${rest.length} certificates, and none needs more than ${MOST_CERTIFICATES}`);
  const chain: Certificate[] = [];
  for (let top = leaf; !top.facts.selfSigned && rest.length > 0; top = chain.at(-1)!) {
    const at = rest.findIndex((candidate) => isIssuer(candidate, top));
    if (at < 0) break;
    chain.push(...rest.splice(at, 1));
  }
  if (chain.length === 0) throw mismatch(`The chain does not lead from the certificate: it holds none of ${issuer}`);
  if (rest.length > 0) throw mismatch(`The chain holds a certificate that is no part of it: ${rest[0]!.facts.subject}`);
  const noAuthority = chain.find(({ facts }) => !facts.isAuthority && !facts.selfSigned); // roots of the nineties do not say it
  if (noAuthority) throw mismatch(`In the chain, ${noAuthority.facts.subject} has issued a certificate and is no certificate authority`);
  return chain;
}

const isIssuer = (candidate: Certificate, of: Certificate) =>
  of.x509.checkIssued(candidate.x509) && of.x509.verify(candidate.x509.publicKey);
