import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import forge from 'node-forge';
import { signSha256 } from '../../bunq/qseal.ts';

/**
 * Certificates as qualified trust service providers issue them: root → intermediate → leaf, with the qcStatements of
 * ETSI EN 319 412-5 and TS 119 495. They are made by node-forge's ASN.1 writer; that openssl reads in them what was meant is tested.
 */

const { asn1 } = forge;
type Asn1 = forge.asn1.Asn1;
const UTF8 = asn1.Type.UTF8 as unknown as forge.asn1.Class;
const DAY_MS = 86_400_000;

/** ETSI's names of the roles. */
export const ETSI_ROLES = {
  PSP_AS: '0.4.0.19495.1.1',
  PSP_PI: '0.4.0.19495.1.2',
  PSP_AI: '0.4.0.19495.1.3',
  PSP_IC: '0.4.0.19495.1.4',
} as const;
export type EtsiRole = keyof typeof ETSI_ROLES;

export const QC_TYPES = { esign: '0.4.0.1862.1.6.1', eseal: '0.4.0.1862.1.6.2', web: '0.4.0.1862.1.6.3' } as const;

const node = (type: number, constructed: boolean, value: string | Asn1[]): Asn1 =>
  asn1.create(asn1.Class.UNIVERSAL, type as forge.asn1.Type, constructed, value as never);

/** The parts of DER that statements are made of. */
export const der = {
  sequence: (...values: Asn1[]) => node(asn1.Type.SEQUENCE, true, values),
  oid: (dotted: string) => node(asn1.Type.OID, false, asn1.oidToDer(dotted).getBytes()),
  /** An object identifier by its content, however large its numbers. */
  oidBytes: (content: Uint8Array) => node(asn1.Type.OID, false, Buffer.from(content).toString('binary')),
  utf8: (text: string) => node(asn1.Type.UTF8, false, Buffer.from(text, 'utf8').toString('binary')),
  /** UTF-16, as old issuers write. */
  bmp: (text: string) => node(asn1.Type.BMPSTRING, false, text),
  integer: (value: number) => node(asn1.Type.INTEGER, false, asn1.integerToDer(value).getBytes()),
  bytes: (value: Asn1): Uint8Array => Buffer.from(asn1.toDer(value).getBytes(), 'binary'),
};

export interface StatementsInput {
  readonly roles?: readonly EtsiRole[];
  readonly authority?: { readonly name: string; readonly id: string };
  readonly types?: readonly (keyof typeof QC_TYPES)[];
  readonly compliance?: boolean;
  readonly sscd?: boolean;
}

const DNB = { name: 'De Nederlandsche Bank', id: 'NL-DNB' };

/** The value of a qcStatements extension; without `roles` it has no PSD2 statement, without `types` no QcType. */
export function qcStatements({ roles, authority = DNB, types, compliance = true, sscd = false }: StatementsInput): Asn1 {
  const statements: Asn1[] = [];
  if (compliance) statements.push(der.sequence(der.oid('0.4.0.1862.1.1')));
  if (sscd) statements.push(der.sequence(der.oid('0.4.0.1862.1.4')));
  if (types) statements.push(der.sequence(der.oid('0.4.0.1862.1.6'), der.sequence(...types.map((type) => der.oid(QC_TYPES[type])))));
  if (roles) {
    const named = roles.map((role) => der.sequence(der.oid(ETSI_ROLES[role]), der.utf8(role)));
    statements.push(
      der.sequence(der.oid('0.4.0.19495.2'), der.sequence(der.sequence(...named), der.utf8(authority.name), der.utf8(authority.id))),
    );
  }
  return der.sequence(...statements);
}

export interface LeafInput {
  readonly commonName?: string;
  readonly organizationIdentifier?: string | null;
  /** The value of the qcStatements extension, whatever it is; null for no such extension. By default that of a QSEAL with PSP_PI and PSP_AI. */
  readonly statements?: Uint8Array | null;
  readonly validFrom?: Date;
  readonly expiresAt?: Date;
}

export interface Issued {
  readonly certificatePem: string;
  readonly chainPem: string;
  readonly privateKeyPem: string;
}

interface Holder {
  readonly name: forge.pki.CertificateField[];
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly key: KeyObject;
}

/** RSA 2048: quicker to make than the usual 4096. */
function holder(name: forge.pki.CertificateField[]): Holder {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return { name, publicKey: forge.pki.publicKeyFromPem(pem), key: privateKey };
}

const issuerName = (commonName: string) => [
  { name: 'countryName', value: 'NL' },
  { name: 'organizationName', value: 'Seal Trust B.V.', valueTagClass: UTF8 },
  { name: 'commonName', value: commonName, valueTagClass: UTF8 },
];

interface Made {
  readonly of: Holder;
  readonly by: Holder;
  readonly extensions: object[];
  readonly validFrom: Date;
  readonly expiresAt: Date;
}

function certificate({ of, by, extensions, validFrom, expiresAt }: Made): string {
  const made = forge.pki.createCertificate();
  made.publicKey = of.publicKey;
  made.serialNumber = `4${randomBytes(16).toString('hex').slice(1)}`;
  made.validity.notBefore = validFrom;
  made.validity.notAfter = expiresAt;
  made.setSubject(of.name);
  made.setIssuer(by.name);
  made.setExtensions(extensions);
  const sign = (md: forge.md.MessageDigest) =>
    Buffer.from(signSha256(by.key, Buffer.from(md.digest().getBytes(), 'binary'))).toString('binary');
  made.sign({ sign } as unknown as forge.pki.rsa.PrivateKey, forge.md.sha256.create());
  return forge.pki.certificateToPem(made).replaceAll('\r', '');
}

/** Issues certificates to providers, all with one key, as making keys takes its time. */
export class TrustServiceProvider {
  readonly rootPem: string;
  readonly intermediatePem: string;
  readonly #intermediate: Holder;
  readonly #provider: Holder;
  readonly #now: Date;

  /** @param options `isAuthority`: false for an intermediate certificate that may issue none, and does */
  constructor(now = new Date(), { isAuthority = true } = {}) {
    this.#now = now;
    const root = holder(issuerName('Seal Trust Root'));
    this.#intermediate = holder(issuerName('Seal Trust CA'));
    this.#provider = holder([]);
    const authority = [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', critical: true, keyCertSign: true, cRLSign: true },
    ];
    const life = { validFrom: this.#days(-10), expiresAt: this.#days(3650), extensions: authority };
    this.rootPem = certificate({ of: root, by: root, ...life });
    const extensions = isAuthority ? authority : [{ name: 'basicConstraints', cA: false }];
    this.intermediatePem = certificate({ of: this.#intermediate, by: root, ...life, extensions });
  }

  issue({
    commonName = 'Betaalhulp',
    organizationIdentifier = 'PSDNL-DNB-12345678',
    statements = der.bytes(qcStatements({ roles: ['PSP_PI', 'PSP_AI'], types: ['eseal'], sscd: true })),
    validFrom = this.#days(-1),
    expiresAt = this.#days(730),
  }: LeafInput = {}): Issued {
    const name: forge.pki.CertificateField[] = [
      { name: 'countryName', value: 'NL' },
      { name: 'organizationName', value: 'Betaalhulp Café B.V.', valueTagClass: UTF8 },
      ...(organizationIdentifier === null ? [] : [{ type: '2.5.4.97', value: organizationIdentifier, valueTagClass: UTF8 }]),
      { name: 'commonName', value: commonName, valueTagClass: UTF8 },
    ];
    const extensions: object[] = [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', critical: true, digitalSignature: true, nonRepudiation: true },
    ];
    if (statements) extensions.push({ id: '1.3.6.1.5.5.7.1.3', value: Buffer.from(statements).toString('binary') });
    const certificatePem = certificate({ of: { ...this.#provider, name }, by: this.#intermediate, extensions, validFrom, expiresAt });
    const privateKeyPem = this.#provider.key.export({ type: 'pkcs8', format: 'pem' }).toString();
    return { certificatePem, chainPem: this.intermediatePem + this.rootPem, privateKeyPem };
  }

  #days(days: number): Date {
    return new Date(Math.floor(this.#now.getTime() / 1000) * 1000 + days * DAY_MS);
  }
}
