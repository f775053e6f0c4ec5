import { generateKeyPair, type KeyObject, randomBytes } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';
import { CertificateError } from './certificate-error.ts';
import type { Role } from './certificate-facts.ts';
import { signSha256 } from './qseal.ts';

const DAY_MS = 86_400_000;
/** X.520 upper bound of a common name (ub-common-name). */
const LONGEST_COMMON_NAME = 64;

export interface PseudoCertificateInput {
  /** As `My App`. */
  readonly name: string;
  readonly roles: readonly Role[];
  readonly now: Date;
  /** How long it is valid; 365 by default. */
  readonly days?: number;
  /** Of the RSA key; 4096 by default. */
  readonly bits?: number;
}

/**
 * A self-signed certificate as bunq's guide makes it for the sandbox:
 * `openssl req -x509 -newkey rsa:4096 -keyout key.pem -out cert.pem -days 365 -nodes -subj '/CN=My App PISP AISP/C=NL'`
 * @throws CertificateError `CERTIFICATE_NAME_UNUSABLE`
 */
export async function createPseudoCertificate(input: PseudoCertificateInput): Promise<{ certificatePem: string; privateKeyPem: string }> {
  const { now, days = 365, bits = 4096 } = input;
  const commonName = commonNameOf(input);
  const { publicKey, privateKey } = await promisify(generateKeyPair)('rsa', { modulusLength: bits });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());
  certificate.serialNumber = serialNumber();
  certificate.validity.notBefore = now;
  certificate.validity.notAfter = new Date(now.getTime() + days * DAY_MS);
  const name = [
    { name: 'commonName', value: commonName, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class },
    { name: 'countryName', value: 'NL' },
  ];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.setExtensions([
    { name: 'subjectKeyIdentifier' },
    { name: 'authorityKeyIdentifier', keyIdentifier: true },
    { name: 'basicConstraints', cA: true, critical: true },
  ]);
  certificate.sign(signingKey(privateKey), forge.md.sha256.create());
  return {
    certificatePem: forge.pki.certificateToPem(certificate).replaceAll('\r', ''),
    privateKeyPem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
  };
}

function commonNameOf({ name, roles, days = 365 }: PseudoCertificateInput): string {
  const unusable = (why: string) => new CertificateError('CERTIFICATE_NAME_UNUSABLE', why);
  if (!/^[^\p{Cc}/]+$/u.test(name.trim()))
    throw unusable('A pseudo certificate needs a name, without slashes and line breaks, as "My App".');
  if (roles.length === 0) throw unusable('A pseudo certificate needs a role: AISP, PISP or CBPII.');
  if (!Number.isInteger(days) || days < 1) throw unusable(`A pseudo certificate is valid for whole days, at least 1; ${days} were given.`);
  const commonName = [name.trim(), ...new Set(roles)].join(' ');
  if (commonName.length > LONGEST_COMMON_NAME) {
    throw unusable(
      `The common name "${commonName}" has ${commonName.length} characters, ${LONGEST_COMMON_NAME} at most are allowed. Take a shorter name.`,
    );
  }
  return commonName;
}

/** 20 bytes as OpenSSL's; the first bit is 0 and the second 1, so that it is positive and keeps its length (RFC 5280, 4.1.2.2). */
function serialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** node-forge asks its key for a signature over a digest; its own RSA would hold up the process for seconds. */
function signingKey(privateKey: KeyObject): forge.pki.rsa.PrivateKey {
  const sign = (md: forge.md.MessageDigest) =>
    Buffer.from(signSha256(privateKey, Buffer.from(md.digest().getBytes(), 'binary'))).toString('binary');
  return { sign } as unknown as forge.pki.rsa.PrivateKey;
}
