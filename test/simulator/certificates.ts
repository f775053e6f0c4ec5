import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import type { Certified } from './client.ts';

/** openssl writes names so; node-forge's types know the tag only as a class. */
const UTF8 = forge.asn1.Type.UTF8 as unknown as forge.asn1.Class;

const DAY_MS = 24 * 60 * 60 * 1000;

export interface Subject {
  readonly commonName: string;
  readonly country?: string;
}

interface Keys {
  readonly publicKey: forge.pki.rsa.PublicKey;
  readonly privateKey: forge.pki.rsa.PrivateKey;
  readonly privateKeyPem: string;
}

/** Made by Node: node-forge's own are slow. */
function newKeys(): Keys {
  const pem = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return {
    publicKey: forge.pki.publicKeyFromPem(pem.publicKey),
    privateKey: forge.pki.privateKeyFromPem(pem.privateKey),
    privateKeyPem: pem.privateKey,
  };
}

export interface Issued {
  readonly certificatePem: string;
  readonly keys: Keys;
  readonly names: forge.pki.CertificateField[];
}

/** A certificate for a day before and after now, by `issuer` or by itself. */
export function issue(
  { commonName, country = 'NL' }: Subject,
  { issuer, days = [-1, 1] }: { issuer?: Issued; days?: [number, number] } = {},
): Issued {
  const keys = newKeys();
  const names = [
    { shortName: 'CN', value: commonName, valueTagClass: UTF8 },
    { shortName: 'C', value: country },
  ];
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = '01';
  certificate.validity.notBefore = new Date(Date.now() + days[0] * DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + days[1] * DAY_MS);
  certificate.setSubject(names);
  certificate.setIssuer(issuer?.names ?? names);
  certificate.setExtensions([{ name: 'basicConstraints', cA: true }]);
  certificate.sign((issuer?.keys ?? keys).privateKey, forge.md.sha256.create());
  return { certificatePem: forge.pki.certificateToPem(certificate), keys, names };
}

/** Its own chain, as the sandbox takes it. */
export function pseudoCertificate(commonName = 'My App PISP AISP', days: [number, number] = [-1, 1]): Certified {
  const { certificatePem, keys } = issue({ commonName }, { days });
  return { certificatePem, chainPem: certificatePem, privateKeyPem: keys.privateKeyPem };
}
