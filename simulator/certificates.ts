import { type KeyObject, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import type { Role } from './entities.ts';
import { rolesOfPsd2Statement } from './psd2-statement.ts';

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----\r?\n[A-Za-z0-9+/=\r\n]+?\r?\n-----END CERTIFICATE-----/g;

/** X.520: ub-common-name. */
const COMMON_NAME_MAX = 64;

/** The words of a sandbox certificate's common name. The third role is written both ways in bunq's texts. */
const ROLE_OF_WORD: Record<string, Role> = { AISP: 'AISP', PISP: 'PISP', CBPII: 'CBPII', CBPIII: 'CBPII' };

export interface QsealCertificate {
  readonly publicKey: KeyObject;
  /** `/CN=My App PISP AISP/C=NL` */
  readonly distinguishedName: string;
  readonly commonName: string;
  readonly roles: readonly Role[];
}

/** Where openssl, whose way of writing a distinguished name bunq shows, has another name than node-forge. */
const OPENSSL_NAMES: Record<string, string> = { '1.2.840.113549.1.9.1': 'emailAddress', '2.5.4.97': 'organizationIdentifier' };

/** Why a certificate is refused. */
export class CertificateRefused extends Error {}

function readPem(text: string, what: string): X509Certificate[] {
  const blocks = text.match(PEM_CERTIFICATE) ?? [];
  if (blocks.length === 0 || text.replace(PEM_CERTIFICATE, '').trim() !== '') throw new CertificateRefused(`The ${what} is not PEM.`);
  try {
    return blocks.map((pem) => new X509Certificate(pem));
  } catch {
    throw new CertificateRefused(`The ${what} cannot be read.`);
  }
}

function checkValidity(certificate: X509Certificate, nowMs: number, what: string): void {
  if (Date.parse(certificate.validTo) < nowMs) throw new CertificateRefused(`The ${what} is expired.`);
  if (Date.parse(certificate.validFrom) > nowMs) throw new CertificateRefused(`The ${what} is not valid yet.`);
}

const isIssuedBy = (certificate: X509Certificate, issuer: X509Certificate): boolean =>
  certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);

/** The chain leads from the certificate: each is issued by the next, the last by itself. A self-signed certificate is its own chain. */
function checkChain(leaf: X509Certificate, chain: readonly X509Certificate[], nowMs: number): void {
  let certificate = leaf;
  for (const issuer of chain) {
    checkValidity(issuer, nowMs, 'certificate chain');
    if (!isIssuedBy(certificate, issuer)) throw new CertificateRefused('The certificate chain does not lead from the certificate.');
    certificate = issuer;
  }
  if (!isIssuedBy(certificate, certificate)) throw new CertificateRefused('The certificate chain does not end in a root certificate.');
}

function subjectOf(certificate: X509Certificate): { distinguishedName: string; commonName: string } {
  const { subject } = forge.pki.certificateFromPem(certificate.toString());
  const names = subject.attributes.map(({ shortName, type = '', value, valueTagClass }) => {
    const isUtf8 = Number(valueTagClass) === Number(forge.asn1.Type.UTF8); // node-forge leaves its bytes as they are
    return [OPENSSL_NAMES[type] ?? shortName ?? type, isUtf8 ? forge.util.decodeUtf8(String(value)) : String(value)] as const;
  });
  return {
    distinguishedName: names.map(([name, value]) => `/${name}=${value}`).join(''),
    commonName: names.find(([name]) => name === 'CN')?.[1] ?? '',
  };
}

function rolesOfName(commonName: string): Role[] {
  const roles = commonName.split(/[^A-Za-z]+/).flatMap((word) => ROLE_OF_WORD[word] ?? []);
  return [...new Set(roles)];
}

/** In production the PSD2 statement has them, in the sandbox the common name. */
function rolesOf(certificate: X509Certificate, commonName: string): Role[] {
  try {
    return rolesOfPsd2Statement(certificate.toString()) ?? rolesOfName(commonName);
  } catch {
    throw new CertificateRefused('The statements of the certificate cannot be read.');
  }
}

/**
 * Reads a payment service provider's certificate: a qualified one, or, as the sandbox does, one with the roles in its common name.
 * @throws CertificateRefused
 */
export function readQsealCertificate(certificatePem: string, chainPem: string, nowMs: number): QsealCertificate {
  const [leaf, ...more] = readPem(certificatePem, 'certificate');
  if (leaf === undefined || more.length > 0) throw new CertificateRefused('Exactly one certificate is expected.');
  checkValidity(leaf, nowMs, 'certificate');
  if (leaf.publicKey.asymmetricKeyType !== 'rsa') throw new CertificateRefused('The certificate has no RSA key.');
  checkChain(leaf, readPem(chainPem, 'certificate chain'), nowMs);
  const subject = subjectOf(leaf);
  if (subject.commonName.length > COMMON_NAME_MAX)
    throw new CertificateRefused(`The common name is longer than ${COMMON_NAME_MAX} characters.`);
  const roles = rolesOf(leaf, subject.commonName);
  if (roles.length === 0) throw new CertificateRefused('The certificate names no role of a payment service provider.');
  return { ...subject, roles, publicKey: leaf.publicKey };
}
