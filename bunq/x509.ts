import { type Asn1, children, isTagged, octetsOf, oidOf, readDer, textOf } from './asn1.ts';

/** In the order of the certificate. */
export type DistinguishedName = readonly { readonly oid: string; readonly shortName: string; readonly value: string }[];

export interface Structure {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  /** What the issuer signed with: as `sha256WithRSAEncryption`, or an object identifier. */
  readonly signatureAlgorithm: string;
  /** The values of the qcStatements extensions: one, or none, as nothing may stand there twice. */
  readonly qcStatements: readonly (Uint8Array | null)[];
}

/** RFC 3739. */
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3';

/**
 * What Node's X509Certificate does not tell: the names attribute by attribute, the signature's algorithm, and the qcStatements.
 * node-forge's own certificate reader takes RSA keys only, and chains may hold others; so its ASN.1 is read along RFC 5280, 4.1.
 * @throws when it is no certificate
 */
export function readStructure(der: Uint8Array): Structure {
  const [tbsCertificate, algorithm] = children(readDer(der));
  const tbs = children(tbsCertificate);
  const fields = tbs[0] && isTagged(tbs[0], 0) ? tbs.slice(1) : tbs; // without the version
  const extensions = tbs.find((field) => isTagged(field, 3));
  const signedWith = oidOf(children(algorithm)[0]);
  return {
    issuer: readName(fields[2]),
    subject: readName(fields[4]),
    signatureAlgorithm: SIGNATURES[signedWith] ?? signedWith,
    qcStatements: extensionValues(children(extensions)[0], QC_STATEMENTS),
  };
}

/** Extension ::= SEQUENCE { OID, critical BOOLEAN OPTIONAL, OCTET STRING }; null where the last is none. */
const extensionValues = (extensions: Asn1 | undefined, oid: string): (Uint8Array | null)[] =>
  children(extensions)
    .map((extension) => children(extension))
    .filter(([id]) => oidOf(id) === oid)
    .map((parts) => octetsOf(parts.at(-1)));

/** RDNSequence: SEQUENCE OF SET OF SEQUENCE { OID, value }. */
function readName(name: Asn1 | undefined): DistinguishedName {
  return children(name)
    .flatMap((set) => children(set))
    .map((attribute) => {
      const [type, value] = children(attribute);
      const oid = oidOf(type);
      return { oid, shortName: SHORT_NAMES[oid] ?? oid, value: textOf(value) };
    });
}

/** OpenSSL's names for the attributes that certificates of payment service providers have. */
const SHORT_NAMES: Readonly<Record<string, string>> = {
  '2.5.4.3': 'CN',
  '2.5.4.4': 'SN',
  '2.5.4.5': 'serialNumber',
  '2.5.4.6': 'C',
  '2.5.4.7': 'L',
  '2.5.4.8': 'ST',
  '2.5.4.9': 'street',
  '2.5.4.10': 'O',
  '2.5.4.11': 'OU',
  '2.5.4.12': 'title',
  '2.5.4.15': 'businessCategory',
  '2.5.4.17': 'postalCode',
  '2.5.4.42': 'GN',
  '2.5.4.97': 'organizationIdentifier',
  '1.2.840.113549.1.9.1': 'emailAddress',
  '0.9.2342.19200300.100.1.25': 'DC',
  '1.3.6.1.4.1.311.60.2.1.3': 'jurisdictionC',
};

/** OpenSSL's names for what issuers sign with. */
const SIGNATURES: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.4': 'md5WithRSAEncryption',
  '1.2.840.113549.1.1.5': 'sha1WithRSAEncryption',
  '1.2.840.113549.1.1.10': 'rsassaPss',
  '1.2.840.113549.1.1.11': 'sha256WithRSAEncryption',
  '1.2.840.113549.1.1.12': 'sha384WithRSAEncryption',
  '1.2.840.113549.1.1.13': 'sha512WithRSAEncryption',
  '1.2.840.10045.4.3.2': 'ecdsa-with-SHA256',
  '1.2.840.10045.4.3.3': 'ecdsa-with-SHA384',
  '1.2.840.10045.4.3.4': 'ecdsa-with-SHA512',
};
