import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { checkQsealCertificate, createPseudoCertificate, readCertificate } from '../../../bunq/certificates.ts';
import { createQsealSignature, signerFromPrivateKey } from '../../../bunq/qseal.ts';
import { Secret } from '../../../sealing/secret.ts';
import { vector } from './support.ts';

const now = new Date('2026-12-01T10:00:00.000Z');

describe('a pseudo certificate', () => {
  let made: { certificatePem: string; privateKeyPem: string };
  beforeAll(async () => {
    made = await createPseudoCertificate({ name: 'My App', roles: ['PISP', 'AISP'], now, bits: 2048 });
  });

  test("is what the guide's openssl command makes", () => {
    const [ours, guides] = [new X509Certificate(made.certificatePem), new X509Certificate(vector('pseudo-cert.pem'))];
    expect(ours.subject).toBe(guides.subject);
    expect(ours.issuer).toBe(guides.issuer);
    expect(ours.ca).toBe(guides.ca);
    expect(ours.serialNumber).toHaveLength(guides.serialNumber.length);
    expect(nameBytes(ours)).toEqual(nameBytes(guides));
  });

  test('is signed by its own key', () => {
    const x509 = new X509Certificate(made.certificatePem);
    expect(x509.verify(x509.publicKey)).toBe(true);
    expect(x509.checkIssued(x509)).toBe(true);
  });

  test('is valid for 365 days, and passes the check with its key', () => {
    const { facts } = checkQsealCertificate({ ...made, now });
    expect(facts).toMatchObject({ subject: '/CN=My App PISP AISP/C=NL', roles: ['PISP', 'AISP'], selfSigned: true, keyBits: 2048 });
    expect([facts.validFrom, facts.expiresAt]).toEqual(['2026-12-01T10:00:00.000Z', '2027-12-01T10:00:00.000Z']);
  });

  test('seals', async () => {
    const input = {
      publicKeyPem: vector('installation-public-key.pem'),
      installationToken: new Secret('abc'),
      certificatePem: made.certificatePem,
    };
    await expect(createQsealSignature({ ...input, signer: signerFromPrivateKey(made.privateKeyPem) })).resolves.toMatch(
      /^[A-Za-z0-9+/]+=*$/,
    );
  });
});

/** The subject as it stands in the certificate, with the kinds of its strings. */
const nameBytes = ({ raw }: X509Certificate) => {
  const start = raw.indexOf(Buffer.from('0603550403', 'hex')); // the first attribute's type, commonName
  return raw.subarray(start, start + 36).toString('hex');
};

test('its key has 4096 bits by default', async () => {
  const { certificatePem } = await createPseudoCertificate({ name: 'My App', roles: ['AISP'], now });
  expect(readCertificate(certificatePem).keyBits).toBe(4096);
});

test('a name beyond ASCII is kept', async () => {
  const { certificatePem } = await createPseudoCertificate({ name: 'Café', roles: ['CBPII'], now, bits: 2048 });
  expect(readCertificate(certificatePem)).toMatchObject({ commonName: 'Café CBPII', roles: ['CBPII'] });
});

test.each<[string, Partial<Parameters<typeof createPseudoCertificate>[0]>, string]>([
  ['without a name', { name: ' ' }, 'needs a name'],
  ['with a slash in its name', { name: 'A/C=DE' }, 'slashes'],
  ['with a line break in its name', { name: 'A\nB' }, 'line breaks'],
  ['with a name that is too long', { name: 'A'.repeat(60) }, '65 characters, 64 at most'],
  ['without a role', { roles: [] }, 'needs a role'],
  ['for no day', { days: 0 }, 'at least 1'],
])('none is made %s', async (_what, input, words) => {
  const made = createPseudoCertificate({ name: 'My App', roles: ['AISP'], now, bits: 2048, ...input });
  await expect(made).rejects.toMatchObject({ code: 'CERTIFICATE_NAME_UNUSABLE', message: expect.stringContaining(words) });
});
