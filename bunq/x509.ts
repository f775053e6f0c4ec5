import forge from 'node-forge';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

/** In the order of the certificate. */
export type DistinguishedName = readonly { readonly oid: string; readonly shortName: string; readonly value: string }[];

export interface QcStatements {
  /** The roles' object identifiers from the PSD2 statement; null when there is none. */
  readonly psd2Roles: readonly string[] | null;
  /** The object identifiers of the QcType statement. */
  readonly qcTypes: readonly string[];
}

export interface Structure {
  readonly subject: DistinguishedName;
  readonly issuer: DistinguishedName;
  readonly qcStatements: QcStatements;
}

/**
 * What Node's X509Certificate does not tell: the names attribute by attribute, and the qcStatements. node-forge's own
 * certificate reader takes RSA keys only, and chains may hold others; so its ASN.1 is read along RFC 5280, 4.1.
 * @throws when it is no certificate
 */
export function readStructure(der: Uint8Array): Structure {
  const tbs = children(children(asn1.fromDer(Buffer.from(der).toString('binary')))[0]);
  const fields = tbs[0]?.tagClass === asn1.Class.CONTEXT_SPECIFIC ? tbs.slice(1) : tbs; // without the version
  const extensions = tbs.find(({ tagClass, type }) => tagClass === asn1.Class.CONTEXT_SPECIFIC && (type as number) === 3);
  return {
    issuer: readName(fields[2]),
    subject: readName(fields[4]),
    qcStatements: readQcStatements(extensions ? extensionValue(children(extensions)[0], QC_STATEMENTS) : null),
  };
}

/** RFC 3739. */
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3';
/** ETSI EN 319 412-5, id-etsi-qcs-QcType. */
const QC_TYPE = '0.4.0.1862.1.6';
/** ETSI TS 119 495, id-etsi-psd2-qcStatement. */
const PSD2 = '0.4.0.19495.2';

/** The content of an extension: SEQUENCE { OID, critical BOOLEAN OPTIONAL, OCTET STRING }. */
function extensionValue(extensions: Asn1 | undefined, oid: string): Asn1 | null {
  const extension = children(extensions).find((one) => oidOf(children(one)[0]) === oid);
  const value = children(extension).at(-1)?.value;
  // node-forge may have looked into the octet string already.
  if (Array.isArray(value)) return value[0] ?? null;
  return value === undefined ? null : asn1.fromDer(value);
}

function readQcStatements(statements: Asn1 | null): QcStatements {
  const found = new Map(children(statements).map((statement) => [oidOf(children(statement)[0]), children(statement)[1]]));
  const psd2 = found.get(PSD2);
  return {
    // PSD2QcType ::= SEQUENCE { rolesOfPSP SEQUENCE OF SEQUENCE { OID, UTF8String }, nCAName, nCAId }
    psd2Roles: psd2 ? children(children(psd2)[0]).map((role) => oidOf(children(role)[0])) : null,
    qcTypes: children(found.get(QC_TYPE)).map(oidOf),
  };
}

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

function textOf(value: Asn1 | undefined): string {
  const bytes = Buffer.from(typeof value?.value === 'string' ? value.value : '', 'binary');
  if (value?.type === asn1.Type.BMPSTRING) return bytes.swap16().toString('utf16le');
  return bytes.toString(value?.type === asn1.Type.UTF8 ? 'utf8' : 'latin1');
}

const children = (node: Asn1 | null | undefined): Asn1[] => (Array.isArray(node?.value) ? node.value : []);

const oidOf = (node: Asn1 | undefined): string =>
  node?.type === asn1.Type.OID && typeof node.value === 'string' ? asn1.derToOid(node.value) : '';
