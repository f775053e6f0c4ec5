import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import forge from 'node-forge';
import { temporaryFolder } from './at-end.ts';

/** An authority of the test's own, and what it issues. */

export interface Issued {
  readonly certificatePem: string;
  readonly keyPem: string;
}

export interface Authority extends Issued {
  issue(name: string): Issued;
  /** A certificate and its key as files, beside the authority's own. */
  issueFiles(name: string): { certificateFile: string; keyFile: string; caFile: string };
}

const DAY_MS = 24 * 60 * 60 * 1000;

export function newAuthority(): Authority {
  const self = issue('authority', null);
  const made = (name: string) => issue(name, self);
  return {
    ...self,
    issue: made,
    issueFiles: (name) => {
      const folder = temporaryFolder();
      const { certificatePem, keyPem } = made(name);
      const file = (which: string, pem: string, mode = 0o600) => {
        const path = join(folder, which);
        writeFileSync(path, pem, { mode });
        return path;
      };
      return {
        certificateFile: file('client.pem', certificatePem),
        keyFile: file('client-key.pem', keyPem),
        caFile: file('ca.pem', self.certificatePem),
      };
    },
  };
}

/** For 127.0.0.1 and NAME.test; self-signed without an issuer. */
function issue(name: string, issuer: Issued | null): Issued {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `4${forge.util.bytesToHex(forge.random.getBytesSync(8)).slice(1)}`; // DER: no leading zeros, and positive
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + DAY_MS);
  const subject = [{ shortName: 'CN', value: name }];
  certificate.setSubject(subject);
  certificate.setIssuer(issuer ? forge.pki.certificateFromPem(issuer.certificatePem).subject.attributes : subject);
  certificate.setExtensions(
    issuer
      ? [
          {
            name: 'subjectAltName',
            altNames: [
              { type: 7, ip: '127.0.0.1' },
              { type: 2, value: `${name}.test` },
            ],
          },
        ]
      : [
          { name: 'basicConstraints', cA: true },
          { name: 'keyUsage', keyCertSign: true },
        ],
  );
  certificate.sign(forge.pki.privateKeyFromPem(issuer?.keyPem ?? privateKey), forge.md.sha256.create());
  return { certificatePem: forge.pki.certificateToPem(certificate), keyPem: privateKey };
}
