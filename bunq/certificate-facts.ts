import { X509Certificate } from 'node:crypto';
import { CertificateError } from './certificate-error.ts';
import { certificatePem, pemBlocks } from './pem.ts';
import { type DistinguishedName, type QcStatements, readStructure } from './x509.ts';

/** What a payment service provider may do; ASPSP is a bank's own. In ETSI's words PSP_AI, PSP_PI, PSP_IC and PSP_AS. */
export type Role = 'AISP' | 'PISP' | 'CBPII' | 'ASPSP';

export interface CertificateFacts {
  /** As bunq writes it: `/CN=My App PISP AISP/C=NL`. */
  readonly subject: string;
  readonly issuer: string;
  readonly commonName: string | null;
  /** Upper-case hex. */
  readonly serialNumber: string;
  /** organizationIdentifier (2.5.4.97), as `PSDNL-DNB-12345678`. */
  readonly authorizationNumber: string | null;
  readonly roles: readonly Role[];
  /** From the PSD2 statement (ETSI TS 119 495), or, where there is none, from the words of the common name, as the sandbox does. */
  readonly rolesFrom: 'qcStatements' | 'commonName';
  /** What the certificate is for, by its QcType statement; null when it does not say. */
  readonly type: 'QSEAL' | 'QWAC' | null;
  /** ISO 8601, UTC. */
  readonly validFrom: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  /** Of the RSA modulus; 0 for a key of another kind. */
  readonly keyBits: number;
  readonly selfSigned: boolean;
  /** Lower-case hex. */
  readonly fingerprintSha256: string;
  /** SPKI PEM. */
  readonly publicKeyPem: string;
}

/** A certificate with what was read from it. */
export interface Certificate {
  readonly x509: X509Certificate;
  /** Normalised: lines of 64 characters, LF. */
  readonly pem: string;
  readonly facts: CertificateFacts;
}

/**
 * The first certificate of a PEM text.
 * @throws CertificateError
 */
export const readCertificate = (pem: string): CertificateFacts => readCertificates(pem, 'The certificate')[0]!.facts;

/**
 * All certificates of a PEM text, in their order.
 * @throws CertificateError
 */
export const readCertificateChain = (pem: string): CertificateFacts[] => readCertificates(pem, 'The chain').map(({ facts }) => facts);

/**
 * At least one certificate; blocks of other kinds are passed over.
 * @param what `The certificate` or `The chain`, for the error
 * @throws CertificateError
 */
export function readCertificates(pem: string, what: string): Certificate[] {
  const blocks = pemBlocks(pem);
  const certificates = blocks.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label));
  const begun = pem.match(/-----BEGIN (X509 )?CERTIFICATE-----/g)?.length ?? 0;
  if (begun > certificates.length) throw unreadable(what);
  if (certificates.length === 0) {
    const labels = [...new Set(blocks.map(({ label }) => label))].join(', ');
    const given = labels ? `holds ${labels} and no CERTIFICATE` : 'is not PEM';
    throw new CertificateError(
      'CERTIFICATE_NOT_PEM',
      `${what} ${given}. Give it as PEM, -----BEGIN CERTIFICATE-----; a DER file becomes PEM with openssl x509 -inform der -in FILE -out cert.pem`,
    );
  }
  return certificates.map(({ der }) => readOne(der, what));
}

function readOne(der: Uint8Array, what: string): Certificate {
  try {
    const x509 = new X509Certificate(der);
    return { x509, pem: certificatePem(x509.raw), facts: factsOf(x509) };
  } catch {
    throw unreadable(what);
  }
}

const unreadable = (what: string) =>
  new CertificateError(
    'CERTIFICATE_UNREADABLE',
    `${what} holds a PEM block that is no X.509 certificate: it is damaged or cut off. Fetch it again from its issuer.`,
  );

function factsOf(x509: X509Certificate): CertificateFacts {
  const { subject, issuer, qcStatements } = readStructure(x509.raw);
  const commonName = attributeOf(subject, '2.5.4.3');
  return {
    subject: oneLine(subject),
    issuer: oneLine(issuer),
    commonName,
    serialNumber: x509.serialNumber,
    authorizationNumber: attributeOf(subject, '2.5.4.97'),
    roles: qcStatements.psd2Roles ? rolesOf(qcStatements.psd2Roles) : rolesOf((commonName ?? '').split(/[^A-Za-z]+/)),
    rolesFrom: qcStatements.psd2Roles ? 'qcStatements' : 'commonName',
    type: typeOf(qcStatements),
    validFrom: new Date(x509.validFrom).toISOString(),
    expiresAt: new Date(x509.validTo).toISOString(),
    keyBits: x509.publicKey.asymmetricKeyType === 'rsa' ? (x509.publicKey.asymmetricKeyDetails?.modulusLength ?? 0) : 0,
    selfSigned: x509.checkIssued(x509) && x509.verify(x509.publicKey),
    fingerprintSha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    publicKeyPem: x509.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

/** ETSI TS 119 495's object identifiers, and the words that bunq's sandbox reads; CBPIII is another spelling of CBPII. */
const ROLES: Readonly<Record<string, Role>> = {
  '0.4.0.19495.1.1': 'ASPSP',
  '0.4.0.19495.1.2': 'PISP',
  '0.4.0.19495.1.3': 'AISP',
  '0.4.0.19495.1.4': 'CBPII',
  AISP: 'AISP',
  PISP: 'PISP',
  CBPII: 'CBPII',
  CBPIII: 'CBPII',
};

const rolesOf = (names: readonly string[]): Role[] => [...new Set(names.flatMap((name) => ROLES[name] ?? []))];

/** ETSI EN 319 412-5: id-etsi-qct-eseal and id-etsi-qct-web. */
function typeOf({ qcTypes }: QcStatements): CertificateFacts['type'] {
  if (qcTypes.includes('0.4.0.1862.1.6.2')) return 'QSEAL';
  return qcTypes.includes('0.4.0.1862.1.6.3') ? 'QWAC' : null;
}

const attributeOf = (name: DistinguishedName, oid: string) => name.find((attribute) => attribute.oid === oid)?.value ?? null;

const oneLine = (name: DistinguishedName) => name.map(({ shortName, value }) => `/${shortName}=${value}`).join('');
