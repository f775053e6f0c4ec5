import forge from 'node-forge';
import type { Role } from './entities.ts';

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;

/** RFC 3739. */
const QC_STATEMENTS = '1.3.6.1.5.5.7.1.3';
/** ETSI TS 119 495. */
const PSD2_STATEMENT = '0.4.0.19495.2';
const ROLE_OF_OID: Record<string, Role> = { '0.4.0.19495.1.2': 'PISP', '0.4.0.19495.1.3': 'AISP', '0.4.0.19495.1.4': 'CBPII' };

const partsOf = (node: Asn1 | undefined): Asn1[] => (Array.isArray(node?.value) ? node.value : []);
const oidOf = (node: Asn1 | undefined): string => (typeof node?.value === 'string' ? asn1.derToOid(node.value) : '');

/**
 * The roles that a qualified certificate has in its PSD2 statement; null for one without, as pseudo certificates are.
 * @throws when its statements are no DER
 */
export function rolesOfPsd2Statement(certificatePem: string): Role[] | null {
  const { extensions } = forge.pki.certificateFromPem(certificatePem);
  const extension = (extensions as { id: string; value: string }[]).find(({ id }) => id === QC_STATEMENTS);
  if (extension === undefined) return null;
  const statement = partsOf(asn1.fromDer(extension.value)).find((one) => oidOf(partsOf(one)[0]) === PSD2_STATEMENT);
  if (statement === undefined) return null;
  const [roles] = partsOf(partsOf(statement)[1]);
  return [...new Set(partsOf(roles).flatMap((role) => ROLE_OF_OID[oidOf(partsOf(role)[0])] ?? []))];
}
