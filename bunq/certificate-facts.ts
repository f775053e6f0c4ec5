import { type KeyObject, X509Certificate } from 'node:crypto';
import { CertificateError } from './certificate-error.ts';
import { certificatePem, pemBlocks } from './pem.ts';
import { NO_STATEMENTS, type QcStatements, readQcStatements, StatementsError } from './qc-statements.ts';
import { type DistinguishedName, readStructure } from './x509.ts';

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
  /** The same, taken apart; null where it is no authorization number by ETSI TS 119 495, 5.2.1. */
  readonly authorization: Authorization | null;
  /** Who authorized the provider, by the PSD2 statement: `De Nederlandsche Bank`, `NL-DNB`. */
  readonly competentAuthority: { readonly name: string; readonly id: string } | null;
  readonly roles: readonly Role[];
  /** From the PSD2 statement (ETSI TS 119 495), or, where there is none, from the words of the common name, as the sandbox does. */
  readonly rolesFrom: 'qcStatements' | 'commonName';
  /** What the certificate is for, by its QcType statement: a seal, a website, a person's signature; null when it does not say. */
  readonly type: 'QSEAL' | 'QWAC' | 'QSIGN' | null;
  /** It says (QcCompliance) that it is a qualified certificate of the EU. */
  readonly qualified: boolean;
  /** It says (QcSSCD) that its private key is in a qualified device. */
  readonly keyInDevice: boolean;
  /** ISO 8601, UTC. */
  readonly validFrom: string;
  /** ISO 8601, UTC. */
  readonly expiresAt: string;
  /** `RSA`, or another kind, as `EC prime256v1`. */
  readonly keyType: string;
  /** Of the RSA modulus; 0 for a key of another kind. */
  readonly keyBits: number;
  /** What the issuer signed it with, as `sha256WithRSAEncryption`. */
  readonly signatureAlgorithm: string;
  /** It may issue certificates (basicConstraints). */
  readonly isAuthority: boolean;
  readonly selfSigned: boolean;
  /** Lower-case hex. */
  readonly fingerprintSha256: string;
  /** SPKI PEM. */
  readonly publicKeyPem: string;
}

/** `PSDNL-DNB-12345678`: the country `NL`, the competent authority's abbreviation `DNB`, the provider's number there. */
export interface Authorization {
  readonly country: string;
  readonly authority: string;
  readonly number: string;
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
  if (pem.length > LONGEST_TEXT)
    throw new CertificateError('CERTIFICATE_NOT_PEM', `${what} is a text of ${pem.length} characters. ${AS_PEM}`);
  const blocks = pemBlocks(pem);
  const certificates = blocks.filter(({ label }) => /^(X509 )?CERTIFICATE$/.test(label));
  if (certificates.length === 0) {
    const labels = [...new Set(blocks.map(({ label }) => label))].slice(0, 5).join(', ');
    const given = labels ? `holds ${labels} and no CERTIFICATE` : 'is not PEM';
    throw new CertificateError('CERTIFICATE_NOT_PEM', `${what} ${given}. ${AS_PEM}`);
  }
  return certificates.map(({ der }) => readOne(der, what));
}

/** A hundred times what any chain has. */
const LONGEST_TEXT = 1_000_000;
const AS_PEM = 'Give it as PEM, -----BEGIN CERTIFICATE-----; a DER file becomes PEM with openssl x509 -inform der -in FILE -out cert.pem';

function readOne(der: Uint8Array | null, what: string): Certificate {
  if (der === null) throw unreadable(what);
  try {
    const x509 = new X509Certificate(der);
    return { x509, pem: certificatePem(x509.raw), facts: factsOf(x509) };
  } catch (error) {
    throw error instanceof CertificateError ? error : unreadable(what);
  }
}

const unreadable = (what: string) =>
  new CertificateError(
    'CERTIFICATE_UNREADABLE',
    `${what} holds a PEM block that is no X.509 certificate: it is damaged or cut off. Fetch it again from its issuer.`,
  );

function factsOf(x509: X509Certificate): CertificateFacts {
  const structure = readStructure(x509.raw);
  const [subject, issuer] = [oneLine(structure.subject), oneLine(structure.issuer)];
  const statements = statementsOf(structure.qcStatements, subject);
  const commonName = attributeOf(structure.subject, '2.5.4.3');
  const authorizationNumber = attributeOf(structure.subject, '2.5.4.97');
  return {
    subject,
    issuer,
    commonName,
    serialNumber: x509.serialNumber,
    authorizationNumber,
    authorization: authorizationOf(authorizationNumber),
    competentAuthority: statements.psd2?.authority ?? null,
    roles: rolesOf(statements.psd2 ? statements.psd2.roles.map(({ oid }) => oid) : (commonName ?? '').split(/[^A-Za-z]+/)),
    rolesFrom: statements.psd2 ? 'qcStatements' : 'commonName',
    type: typeOf(statements),
    qualified: statements.compliance,
    keyInDevice: statements.sscd,
    validFrom: new Date(x509.validFrom).toISOString(),
    expiresAt: new Date(x509.validTo).toISOString(),
    ...keyOf(x509.publicKey),
    signatureAlgorithm: structure.signatureAlgorithm,
    isAuthority: x509.ca,
    selfSigned: x509.checkIssued(x509) && x509.verify(x509.publicKey),
    fingerprintSha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
    publicKeyPem: x509.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
}

function statementsOf(values: readonly (Uint8Array | null)[], subject: string): QcStatements {
  try {
    const [value, ...more] = values;
    if (value === undefined) return NO_STATEMENTS;
    if (more.length > 0) throw new StatementsError('there are two extensions of them');
    if (value === null) throw new StatementsError('their extension has no value');
    return readQcStatements(value);
  } catch (error) {
    if (!(error instanceof StatementsError)) throw error;
    throw new CertificateError(
      'CERTIFICATE_STATEMENTS_UNREADABLE',
      `The qcStatements of the certificate ${subject} cannot be read: ${error.message}. They are not as ETSI EN 319 412-5 and TS 119 495 have them: ask its issuer for another certificate.`,
    );
  }
}

function keyOf({ asymmetricKeyType, asymmetricKeyDetails: details }: KeyObject) {
  if (asymmetricKeyType === 'rsa') return { keyType: 'RSA', keyBits: details?.modulusLength ?? 0 };
  const kind = asymmetricKeyType?.toUpperCase() ?? 'unknown';
  return { keyType: [kind, ...(details?.namedCurve ? [details.namedCurve] : [])].join(' '), keyBits: 0 };
}

/** ETSI TS 119 495's object identifiers, and the words that bunq's sandbox reads; CBPIII is another spelling of CBPII. */
const ROLES: ReadonlyMap<string, Role> = new Map([
  ['0.4.0.19495.1.1', 'ASPSP'],
  ['0.4.0.19495.1.2', 'PISP'],
  ['0.4.0.19495.1.3', 'AISP'],
  ['0.4.0.19495.1.4', 'CBPII'],
  ['AISP', 'AISP'],
  ['PISP', 'PISP'],
  ['CBPII', 'CBPII'],
  ['CBPIII', 'CBPII'],
]);

const rolesOf = (names: readonly string[]): Role[] => [...new Set(names.flatMap((name) => ROLES.get(name) ?? []))];

/** ETSI EN 319 412-5: id-etsi-qct-eseal, -web and -esign. */
function typeOf({ types }: QcStatements): CertificateFacts['type'] {
  if (types.includes('0.4.0.1862.1.6.2')) return 'QSEAL';
  if (types.includes('0.4.0.1862.1.6.3')) return 'QWAC';
  return types.includes('0.4.0.1862.1.6.1') ? 'QSIGN' : null;
}

function authorizationOf(number: string | null): Authorization | null {
  const [, country, authority, rest] = /^PSD([A-Z]{2})-([A-Z]{2,8})-(.+)$/.exec(number ?? '') ?? [];
  return country && authority && rest ? { country, authority, number: rest } : null;
}

const attributeOf = (name: DistinguishedName, oid: string) => name.find((attribute) => attribute.oid === oid)?.value ?? null;

const oneLine = (name: DistinguishedName) => name.map(({ shortName, value }) => `/${shortName}=${value}`).join('');
