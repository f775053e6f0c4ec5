import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { checkQsealCertificate, readCertificate, readCertificateChain } from '../../../bunq/certificates.ts';
import { vector } from './support.ts';

const DAY_MS = 86_400_000;
const pseudo = vector('pseudo-cert.pem');
const qseal = vector('qseal-cert.pem');
const chain = vector('chain.pem');
const [intermediate, root] = [vector('intermediate-cert.pem'), vector('root-cert.pem')];
/** A day after the vectors were made. */
const now = new Date(Date.parse(readCertificate(qseal).validFrom) + DAY_MS);

describe('what stands in a certificate', () => {
  test("the guide's self-signed one: roles from the common name, the subject as bunq writes it", () => {
    const x509 = new X509Certificate(pseudo);
    expect(readCertificate(pseudo)).toEqual({
      subject: '/CN=My App PISP AISP/C=NL',
      issuer: '/CN=My App PISP AISP/C=NL',
      commonName: 'My App PISP AISP',
      serialNumber: x509.serialNumber,
      authorizationNumber: null,
      authorization: null,
      competentAuthority: null,
      roles: ['PISP', 'AISP'],
      rolesFrom: 'commonName',
      type: null,
      qualified: false,
      keyInDevice: false,
      validFrom: new Date(x509.validFrom).toISOString(),
      expiresAt: new Date(x509.validTo).toISOString(),
      keyType: 'RSA',
      keyBits: 4096,
      signatureAlgorithm: 'sha256WithRSAEncryption',
      isAuthority: true,
      selfSigned: true,
      fingerprintSha256: x509.fingerprint256.replaceAll(':', '').toLowerCase(),
      publicKeyPem: x509.publicKey.export({ type: 'spki', format: 'pem' }),
    });
  });

  test('a qualified one: roles, type and authorization number from its statements and subject', () => {
    expect(readCertificate(qseal)).toMatchObject({
      subject: '/C=NL/O=Betaalhulp Café B.V./organizationIdentifier=PSDNL-DNB-12345678/CN=Betaalhulp',
      issuer: '/C=NL/O=Vector Trust/CN=Vector Seal CA',
      commonName: 'Betaalhulp',
      authorizationNumber: 'PSDNL-DNB-12345678',
      authorization: { country: 'NL', authority: 'DNB', number: '12345678' },
      competentAuthority: { name: 'De Nederlandsche Bank', id: 'NL-DNB' },
      roles: ['AISP', 'PISP'],
      rolesFrom: 'qcStatements',
      type: 'QSEAL',
      qualified: true,
      keyInDevice: false,
      keyBits: 2048,
      isAuthority: false,
      selfSigned: false,
    });
    expect(readCertificate(vector('qwac-cert.pem')).type).toBe('QWAC');
    expect(readCertificate(vector('bank-cert.pem')).roles).toEqual(['ASPSP']);
  });

  test('a chain, whose root has an EC key', () => {
    expect(readCertificateChain(chain).map(({ subject, selfSigned, keyBits }) => ({ subject, selfSigned, keyBits }))).toEqual([
      { subject: '/C=NL/O=Vector Trust/CN=Vector Seal CA', selfSigned: false, keyBits: 2048 },
      { subject: '/C=NL/O=Vector Trust/CN=Vector Root', selfSigned: true, keyBits: 0 },
    ]);
  });

  test('text around the PEM, CRLF, and other blocks do not disturb', () => {
    const disturbed = `Bag Attributes\r\n  friendlyName: acme\r\n${vector('pseudo-key.pem')}${pseudo}`.replaceAll(/\r?\n/g, '\r\n');
    expect(readCertificate(disturbed)).toEqual(readCertificate(pseudo));
  });
});

describe('a certificate that a provider can be registered with', () => {
  test('a self-signed one is its own chain', () => {
    const checked = checkQsealCertificate({ certificatePem: pseudo, privateKeyPem: vector('pseudo-key.pem'), now });
    expect(checked).toEqual({ facts: readCertificate(pseudo), certificatePem: pseudo, chainPem: pseudo });
  });

  test('a self-signed one may also be given as its own chain', () => {
    expect(checkQsealCertificate({ certificatePem: pseudo, chainPem: pseudo, now }).chainPem).toBe(pseudo);
  });

  test.each([
    ['in order', chain],
    ['in reverse', root + intermediate],
    ['with the certificate itself in front', qseal + chain],
    ['with a certificate twice', chain + intermediate],
    ['with CRLF', chain.replaceAll('\n', '\r\n')],
  ])('a chain %s leads from the issuer to the root', (_what, chainPem) => {
    const checked = checkQsealCertificate({ certificatePem: qseal, chainPem, privateKeyPem: vector('qseal-key.pem'), now });
    expect(checked).toEqual({ facts: readCertificate(qseal), certificatePem: qseal, chainPem: chain });
  });

  test('a chain behind the certificate in one file is found', () => {
    expect(checkQsealCertificate({ certificatePem: qseal + chain, now })).toMatchObject({ certificatePem: qseal, chainPem: chain });
  });

  test('among two issuers of one name, the one whose key signed it is found', () => {
    const chainPem = vector('impostor-cert.pem') + chain;
    const check = () => checkQsealCertificate({ certificatePem: vector('unlinked-cert.pem'), chainPem, now });
    expect(check).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_CHAIN_MISMATCH', message: expect.stringContaining('no part of it') }),
    );
    expect(checkQsealCertificate({ certificatePem: vector('unlinked-cert.pem'), chainPem: chain, now }).chainPem).toBe(chain);
  });

  test('a chain that ends below the root is taken', () => {
    expect(checkQsealCertificate({ certificatePem: qseal, chainPem: intermediate, now }).chainPem).toBe(intermediate);
  });
});

describe('a certificate that cannot be used is refused with what to do', () => {
  const der = Buffer.from(new X509Certificate(pseudo).raw).toString('latin1');
  const lines = pseudo.split('\n');
  const damaged = [...lines.slice(0, 5), ...lines.slice(9)].join('\n');
  test.each([
    ['no PEM', { certificatePem: 'hello' }, 'CERTIFICATE_NOT_PEM', '-----BEGIN CERTIFICATE-----'],
    ['empty', { certificatePem: '' }, 'CERTIFICATE_NOT_PEM', 'is not PEM'],
    ['DER', { certificatePem: der }, 'CERTIFICATE_NOT_PEM', 'openssl x509 -inform der'],
    ['a private key', { certificatePem: vector('pseudo-key.pem') }, 'CERTIFICATE_NOT_PEM', 'holds PRIVATE KEY'],
    ['damaged', { certificatePem: damaged }, 'CERTIFICATE_UNREADABLE', 'damaged'],
    ['cut off', { certificatePem: pseudo.slice(0, 500) }, 'CERTIFICATE_UNREADABLE', 'cut off'],
    ['expired', { certificatePem: vector('expired-cert.pem') }, 'CERTIFICATE_EXPIRED', 'expired on 2021-01-01T00:00:00.000Z'],
    ['not yet valid', { certificatePem: vector('not-yet-valid-cert.pem') }, 'CERTIFICATE_NOT_YET_VALID', '2120-01-01'],
    ['a QWAC', { certificatePem: vector('qwac-cert.pem'), chainPem: chain }, 'CERTIFICATE_IS_QWAC', 'QSEAL'],
    ['without a role', { certificatePem: vector('without-role-cert.pem') }, 'CERTIFICATE_WITHOUT_ROLE', 'AISP, PISP or CBPII'],
    ["a bank's own", { certificatePem: vector('bank-cert.pem'), chainPem: chain }, 'CERTIFICATE_WITHOUT_ROLE', 'PSD2 statement'],
    ['with an EC key', { certificatePem: vector('ec-cert.pem') }, 'CERTIFICATE_KEY_UNSUITABLE', 'RSA'],
    ['with a small key', { certificatePem: vector('small-key-cert.pem') }, 'CERTIFICATE_KEY_UNSUITABLE', '1024 bits'],
    [
      "with another's key",
      { certificatePem: pseudo, privateKeyPem: vector('other-key.pem') },
      'CERTIFICATE_KEY_MISMATCH',
      'does not belong',
    ],
    ['with an unreadable key', { certificatePem: pseudo, privateKeyPem: 'geheim' }, 'PRIVATE_KEY_UNREADABLE', 'is not PEM'],
    ['issued, without its chain', { certificatePem: qseal }, 'CERTIFICATE_CHAIN_MISMATCH', 'No chain is given'],
    ['issued, with an empty chain', { certificatePem: qseal, chainPem: '\n' }, 'CERTIFICATE_CHAIN_MISMATCH', 'No chain is given'],
    ['issued, with itself as chain', { certificatePem: qseal, chainPem: qseal }, 'CERTIFICATE_CHAIN_MISMATCH', 'No chain is given'],
    ["with another's chain", { certificatePem: qseal, chainPem: pseudo }, 'CERTIFICATE_CHAIN_MISMATCH', 'does not lead'],
    [
      "with a chain of the issuer's name under another key",
      { certificatePem: vector('unlinked-cert.pem'), chainPem: vector('impostor-cert.pem') + root },
      'CERTIFICATE_CHAIN_MISMATCH',
      'does not lead',
    ],
    ['with the root alone', { certificatePem: qseal, chainPem: root }, 'CERTIFICATE_CHAIN_MISMATCH', 'does not lead'],
    ['with a stranger in the chain', { certificatePem: qseal, chainPem: chain + pseudo }, 'CERTIFICATE_CHAIN_MISMATCH', 'My App'],
    ['self-signed, with a stranger as chain', { certificatePem: pseudo, chainPem: chain }, 'CERTIFICATE_CHAIN_MISMATCH', 'does not lead'],
    ['with a chain that is no PEM', { certificatePem: qseal, chainPem: 'hello' }, 'CERTIFICATE_NOT_PEM', 'The chain'],
  ])('%s', (_what, input, code, words) => {
    const check = () => checkQsealCertificate({ ...input, now });
    expect(check).toThrow(expect.objectContaining({ name: 'CertificateError', code, message: expect.stringContaining(words) }));
    expect(check).not.toThrow('geheim');
  });

  test('the first problem is told: an expired QWAC with a wrong key and chain is expired', () => {
    const late = new Date('2300-01-01T00:00:00Z');
    const input = { certificatePem: vector('qwac-cert.pem'), chainPem: 'hello', privateKeyPem: 'no', now: late };
    expect(() => checkQsealCertificate(input)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }));
    expect(() => checkQsealCertificate({ ...input, now })).toThrow(expect.objectContaining({ code: 'CERTIFICATE_IS_QWAC' }));
  });

  test('it is valid up to the very second that it names', () => {
    const { validFrom, expiresAt } = readCertificate(pseudo);
    const at = (instant: number) => () => checkQsealCertificate({ certificatePem: pseudo, now: new Date(instant) });
    expect(at(Date.parse(expiresAt) - 1)).not.toThrow();
    expect(at(Date.parse(expiresAt))).toThrow(expect.objectContaining({ code: 'CERTIFICATE_EXPIRED' }));
    expect(at(Date.parse(validFrom))).not.toThrow();
    expect(at(Date.parse(validFrom) - 1)).toThrow(expect.objectContaining({ code: 'CERTIFICATE_NOT_YET_VALID' }));
  });
});
