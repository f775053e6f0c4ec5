import { type Asn1, children, isSequence, isText, oidOf, readDer, textOf } from './asn1.ts';

/** The qcStatements of a certificate (RFC 3739), as ETSI EN 319 412-5 and, for payment service providers, TS 119 495 fill them. */
export interface QcStatements {
  /** Null when there is no PSD2 statement. */
  readonly psd2: Psd2Statement | null;
  /** The object identifiers of the QcType statement. */
  readonly types: readonly string[];
  /** It says that it is a qualified certificate of the EU. */
  readonly compliance: boolean;
  /** It says that the private key is in a qualified device. */
  readonly sscd: boolean;
}

export interface Psd2Statement {
  /** As they stand there; the object identifier counts, the name is for people. */
  readonly roles: readonly { readonly oid: string; readonly name: string }[];
  /** `De Nederlandsche Bank` and `NL-DNB`. */
  readonly authority: { readonly name: string; readonly id: string };
}

/** Why statements cannot be read, as the end of a sentence. */
export class StatementsError extends Error {
  override readonly name = 'StatementsError';
}

export const NO_STATEMENTS: QcStatements = { psd2: null, types: [], compliance: false, sscd: false };

/** ETSI EN 319 412-5: id-etsi-qcs-QcCompliance, -QcSSCD and -QcType. */
const QC_COMPLIANCE = '0.4.0.1862.1.1';
const QC_SSCD = '0.4.0.1862.1.4';
const QC_TYPE = '0.4.0.1862.1.6';
/** ETSI TS 119 495: id-etsi-psd2-qcStatement. */
const PSD2 = '0.4.0.19495.2';
const READ = new Set([QC_COMPLIANCE, QC_SSCD, QC_TYPE, PSD2]);

/**
 * Statements of other kinds are passed over; one of these that is not as it has to be is never taken for another, or for none.
 * @param der the value of the extension
 * @throws StatementsError
 */
export function readQcStatements(der: Uint8Array): QcStatements {
  const statements = new Map<string, Asn1 | undefined>();
  for (const statement of sequence(readExtension(der), 'they are no sequence')) {
    const [id, info] = sequence(statement, 'one of them is no sequence');
    const oid = identifier(id, 'one of them does not begin with an object identifier');
    if (READ.has(oid) && statements.has(oid)) throw new StatementsError(`there are two of the kind ${oid}`);
    statements.set(oid, info);
  }
  return {
    psd2: statements.has(PSD2) ? readPsd2(statements.get(PSD2)) : null,
    types: statements.has(QC_TYPE) ? readTypes(statements.get(QC_TYPE)) : [],
    compliance: statements.has(QC_COMPLIANCE),
    sscd: statements.has(QC_SSCD),
  };
}

function readExtension(der: Uint8Array): Asn1 {
  try {
    return readDer(der);
  } catch {
    throw new StatementsError('they are no DER');
  }
}

/** PSD2QcType ::= SEQUENCE { rolesOfPSP SEQUENCE OF SEQUENCE { OID, UTF8String }, nCAName UTF8String, nCAId UTF8String } */
function readPsd2(info: Asn1 | undefined): Psd2Statement {
  const [roles, name, id] = sequence(info, 'the PSD2 statement is no sequence');
  const read = sequence(roles, 'the roles in the PSD2 statement are no sequence').map((role) => {
    const [oid, roleName] = sequence(role, 'a role in the PSD2 statement is no sequence');
    return { oid: identifier(oid, 'a role in the PSD2 statement has no object identifier'), name: textOf(roleName) };
  });
  if (!isText(name)) throw new StatementsError('the PSD2 statement does not name the competent authority');
  if (!isText(id)) throw new StatementsError('the PSD2 statement has no id of the competent authority');
  return { roles: read, authority: { name: textOf(name), id: textOf(id) } };
}

const readTypes = (info: Asn1 | undefined): string[] =>
  sequence(info, 'the QcType statement is no sequence').map((type) => identifier(type, 'the QcType statement holds no object identifier'));

function sequence(node: Asn1 | undefined, otherwise: string): Asn1[] {
  if (!isSequence(node)) throw new StatementsError(otherwise);
  return children(node);
}

function identifier(node: Asn1 | undefined, otherwise: string): string {
  const oid = oidOf(node);
  if (oid === '') throw new StatementsError(otherwise);
  return oid;
}
