import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { checkQsealCertificate, examineQsealCertificate, readCertificate } from '../../../bunq/certificates.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import {
  der,
  ETSI_ROLES,
  type EtsiRole,
  QC_TYPES,
  qcStatements,
  type StatementsInput,
  TrustServiceProvider,
} from '../../support/qualified-certificates.ts';

const now = new Date('2026-12-01T10:00:00.000Z');
const DAY_MS = 86_400_000;
const folder = temporaryFolder();
let issuer: TrustServiceProvider;
beforeAll(() => {
  issuer = new TrustServiceProvider(now);
});

const withStatements = (input: StatementsInput) => issuer.issue({ statements: der.bytes(qcStatements(input)) }).certificatePem;
const openssl = (...args: string[]) => execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function fileOf(pem: string): string {
  const path = join(folder, 'read-back.pem');
  writeFileSync(path, pem);
  return path;
}

/** What openssl finds in the qcStatements of a certificate: the object identifiers and the strings, in their order. */
function statementsByOpenssl(pem: string): string[] {
  const path = fileOf(pem);
  const lines = openssl('asn1parse', '-in', path).split('\n');
  const value = lines[lines.findIndex((line) => /OBJECT\s+:qcStatements$/.test(line)) + 1]!;
  const inside = openssl('asn1parse', '-in', path, '-strparse', /^\s*(\d+):/.exec(value)![1]!);
  return [...inside.matchAll(/(?:OBJECT|UTF8STRING)\s+:(.*)$/gm)].map(([, found]) => found!);
}

describe('a certificate with qcStatements, read back by openssl', () => {
  test('has the PSD2 statement, the type and the subject that were meant', () => {
    const { certificatePem } = issuer.issue();
    expect(statementsByOpenssl(certificatePem)).toEqual([
      '0.4.0.1862.1.1',
      '0.4.0.1862.1.4',
      '0.4.0.1862.1.6',
      QC_TYPES.eseal,
      '0.4.0.19495.2',
      ETSI_ROLES.PSP_PI,
      'PSP_PI',
      ETSI_ROLES.PSP_AI,
      'PSP_AI',
      'De Nederlandsche Bank',
      'NL-DNB',
    ]);
    const text = openssl('x509', '-in', fileOf(certificatePem), '-noout', '-text', '-nameopt', 'utf8,sep_comma_plus');
    expect(text).toContain('organizationIdentifier=PSDNL-DNB-12345678');
    expect(text).toContain('O=Betaalhulp Café B.V.');
    expect(text).toMatch(/qcStatements/);
    expect(text).toMatch(/Digital Signature, Non Repudiation/);
  });

  test('has a chain that openssl verifies', () => {
    const { certificatePem } = issuer.issue();
    const [root, intermediate] = [join(folder, 'root.pem'), join(folder, 'intermediate.pem')];
    writeFileSync(root, issuer.rootPem);
    writeFileSync(intermediate, issuer.intermediatePem);
    const at = String(now.getTime() / 1000);
    const verified = openssl('verify', '-attime', at, '-CAfile', root, '-untrusted', intermediate, fileOf(certificatePem));
    expect(verified).toMatch(/: OK$/m);
  });

  const OURS = { PSP_AS: 'ASPSP', PSP_PI: 'PISP', PSP_AI: 'AISP', PSP_IC: 'CBPII' } as const;
  const sets: EtsiRole[][] = [['PSP_AI'], ['PSP_PI'], ['PSP_IC'], ['PSP_AS'], ['PSP_AS', 'PSP_PI', 'PSP_AI', 'PSP_IC']];
  test.each(sets.map((roles) => ({ roles })))('says $roles to openssl and to us alike', ({ roles }) => {
    const pem = withStatements({ roles, types: ['eseal'] });
    expect(readCertificate(pem).roles).toEqual(roles.map((role) => OURS[role]));
    expect(statementsByOpenssl(pem).filter((value) => value in ETSI_ROLES)).toEqual(roles);
  });
});

describe('what a qualified certificate says', () => {
  test('who authorized whom, for what, and where the key is', () => {
    const issued = issuer.issue();
    const { facts, chainPem } = checkQsealCertificate({ ...issued, now });
    expect(facts).toMatchObject({
      authorizationNumber: 'PSDNL-DNB-12345678',
      authorization: { country: 'NL', authority: 'DNB', number: '12345678' },
      competentAuthority: { name: 'De Nederlandsche Bank', id: 'NL-DNB' },
      roles: ['PISP', 'AISP'],
      rolesFrom: 'qcStatements',
      type: 'QSEAL',
      qualified: true,
      keyInDevice: true,
      isAuthority: false,
      keyType: 'RSA',
      keyBits: 2048,
      signatureAlgorithm: 'sha256WithRSAEncryption',
    });
    expect(chainPem).toBe(issuer.intermediatePem + issuer.rootPem);
  });

  test.each<[string, object | null]>([
    ['PSDDE-BAFIN-123456', { country: 'DE', authority: 'BAFIN', number: '123456' }],
    ['PSDBE-NBB-1234.567-890', { country: 'BE', authority: 'NBB', number: '1234.567-890' }],
    ['PSDPL-PFSA-1234567890', { country: 'PL', authority: 'PFSA', number: '1234567890' }],
    ['VATNL-123456789B01', null],
    ['NTRNL-30123456', null],
    ['PSDNL-DNB-', null],
    ['PSDNL-DNB', null],
    ['PSDnl-dnb-12345678', null],
    ['PSDNL-TOOLONGAUTHORITY-1', null],
    ['XPSDNL-DNB-1', null],
  ])('organizationIdentifier %s taken apart', (organizationIdentifier, authorization) => {
    const facts = readCertificate(issuer.issue({ organizationIdentifier }).certificatePem);
    expect([facts.authorizationNumber, facts.authorization]).toEqual([organizationIdentifier, authorization]);
  });

  test('the roles of the statement count, not the words of the common name', () => {
    const statements = der.bytes(qcStatements({ roles: ['PSP_AI'], types: ['eseal'] }));
    expect(readCertificate(issuer.issue({ commonName: 'Acme PISP', statements }).certificatePem).roles).toEqual(['AISP']);
  });

  test('without a PSD2 statement the words of the common name count, CBPIII as CBPII, and no other words', () => {
    const of = (commonName: string) => readCertificate(issuer.issue({ commonName, statements: null }).certificatePem).roles;
    expect(of('Acme PISP-CBPIII')).toEqual(['PISP', 'CBPII']);
    expect(of('constructor toString __proto__ AISPX')).toEqual([]);
  });

  test('a role by its object identifier counts, whatever name stands beside it; one that nobody knows is passed over', () => {
    const roles = der.sequence(
      der.sequence(der.oid(ETSI_ROLES.PSP_AI), der.utf8('PSP_PI')),
      der.sequence(der.oid('0.4.0.19495.1.9'), der.utf8('PSP_XY')),
    );
    const statements = der.sequence(der.sequence(der.oid('0.4.0.19495.2'), der.sequence(roles, der.utf8('DNB'), der.utf8('NL-DNB'))));
    expect(readCertificate(issuer.issue({ statements: der.bytes(statements) }).certificatePem).roles).toEqual(['AISP']);
  });

  test('names in UTF-16 are read as well', () => {
    const info = der.sequence(der.sequence(), der.bmp('Česká národní banka'), der.bmp('CZ-CNB'));
    const statements = der.bytes(der.sequence(der.sequence(der.oid('0.4.0.19495.2'), info)));
    expect(readCertificate(issuer.issue({ statements }).certificatePem).competentAuthority).toEqual({
      name: 'Česká národní banka',
      id: 'CZ-CNB',
    });
  });

  test('statements of other kinds are passed over, also twice, also of a kind made from a UUID', () => {
    const uuid = der.oidBytes(Buffer.from(`69${'ff'.repeat(17)}7f`, 'hex'));
    const others = [uuid, uuid, der.oid('1.2.3'), der.oid('1.2.3')].map((oid) => der.sequence(oid, der.integer(1)));
    const { value } = qcStatements({ roles: ['PSP_AI'], types: ['eseal'] });
    const statements = der.sequence(...others, ...(value as ReturnType<typeof der.oid>[]));
    const facts = readCertificate(issuer.issue({ statements: der.bytes(statements) }).certificatePem);
    expect([facts.roles, facts.type]).toEqual([['AISP'], 'QSEAL']);
  });

  test('what stands in it is given no terminal: control characters are written out', () => {
    const pem = withStatements({ roles: ['PSP_AI'], authority: { name: 'Bank\u001b[2J\u202e', id: 'NL\nDNB' } });
    expect(readCertificate(pem).competentAuthority).toEqual({ name: 'Bank\\x1B[2J\\x202E', id: 'NL\\x0ADNB' });
  });
});

describe('a qualified certificate that cannot be used is refused with what to do', () => {
  test.each<[string, StatementsInput, string]>([
    ['for websites', { roles: ['PSP_AI'], types: ['web'] }, 'CERTIFICATE_IS_QWAC'],
    ["for a person's signatures", { roles: ['PSP_AI'], types: ['esign'] }, 'CERTIFICATE_IS_QSIGN'],
    ['of a bank that is nothing but a bank', { roles: ['PSP_AS'], types: ['eseal'] }, 'CERTIFICATE_WITHOUT_ROLE'],
    ['with an empty list of roles', { roles: [], types: ['eseal'] }, 'CERTIFICATE_WITHOUT_ROLE'],
  ])('%s', (_what, input, code) => {
    const certificatePem = withStatements(input);
    const check = () => checkQsealCertificate({ ...issuer.issue(), certificatePem, now });
    expect(check).toThrow(expect.objectContaining({ name: 'CertificateError', code }));
  });

  const text = der.utf8('NL-DNB');
  const psd2 = (...parts: Parameters<typeof der.sequence>) => der.sequence(der.sequence(der.oid('0.4.0.19495.2'), ...parts));
  const role = der.sequence(der.oid(ETSI_ROLES.PSP_AI), der.utf8('PSP_AI'));
  test.each<[string, Uint8Array, RegExp]>([
    ['that are no DER', Buffer.from('hello'), /are no DER/],
    ['that are empty', new Uint8Array(), /are no DER/],
    ['that are a number', der.bytes(der.integer(7)), /are no sequence/],
    ['of which one is a number', der.bytes(der.sequence(der.integer(7))), /one of them is no sequence/],
    ['of which one has no identifier', der.bytes(der.sequence(der.sequence(der.integer(7)))), /does not begin with an object identifier/],
    [
      'of which one is there twice',
      der.bytes(der.sequence(...[1, 2].map(() => der.sequence(der.oid('0.4.0.1862.1.1'))))),
      /two of the kind/,
    ],
    ['with a PSD2 statement that is a word', der.bytes(psd2(text)), /PSD2 statement is no sequence/],
    ['with a PSD2 statement of nothing', der.bytes(psd2()), /PSD2 statement is no sequence/],
    ['with roles that are a word', der.bytes(psd2(der.sequence(text, text, text))), /roles in the PSD2 statement are no sequence/],
    ['with a role that is a word', der.bytes(psd2(der.sequence(der.sequence(text), text, text))), /a role in the PSD2 statement is no seq/],
    ['with a role that is none', der.bytes(psd2(der.sequence(der.sequence(der.sequence(text)), text, text))), /has no object identifier/],
    ['without the authority', der.bytes(psd2(der.sequence(der.sequence(role)))), /does not name the competent authority/],
    ["without the authority's id", der.bytes(psd2(der.sequence(der.sequence(role), text))), /no id of the competent authority/],
    [
      'with a type that is a word',
      der.bytes(der.sequence(der.sequence(der.oid('0.4.0.1862.1.6'), der.sequence(text)))),
      /QcType statement holds no object/,
    ],
  ])('with statements %s', (_what, statements, words) => {
    const { certificatePem } = issuer.issue({ statements });
    expect(() => readCertificate(certificatePem)).toThrow(
      expect.objectContaining({ code: 'CERTIFICATE_STATEMENTS_UNREADABLE', message: expect.stringMatching(words) }),
    );
    expect(() => readCertificate(certificatePem)).toThrow(/of the certificate \/C=NL\/O=Betaalhulp Café.*ask its issuer for another/);
  });
});

describe('everything wrong is found at once', () => {
  const problems = (input: Parameters<typeof examineQsealCertificate>[0]) =>
    examineQsealCertificate(input).problems.map(({ code }) => code);

  test('an expired QWAC with no role, another key and no chain', () => {
    const { certificatePem } = issuer.issue({
      statements: der.bytes(qcStatements({ roles: ['PSP_AS'], types: ['web'] })),
      expiresAt: new Date(now.getTime() - DAY_MS / 2),
    });
    const { privateKeyPem } = new TrustServiceProvider(now).issue();
    expect(problems({ certificatePem, privateKeyPem, now })).toEqual([
      'CERTIFICATE_EXPIRED',
      'CERTIFICATE_IS_QWAC',
      'CERTIFICATE_WITHOUT_ROLE',
      'CERTIFICATE_KEY_MISMATCH',
      'CERTIFICATE_CHAIN_MISMATCH',
    ]);
  });

  test('nothing is wrong with one that is right; a chain that is over is told for each of its certificates', () => {
    const issued = issuer.issue({ expiresAt: new Date(now.getTime() + 9999 * DAY_MS) });
    expect(problems({ ...issued, now })).toEqual([]);
    expect(problems({ ...issued, now: new Date(now.getTime() + 4000 * DAY_MS) })).toEqual(['CERTIFICATE_EXPIRED', 'CERTIFICATE_EXPIRED']);
  });
});

describe('a chain', () => {
  test.each<[string, (leaf: string) => string]>([
    ['behind the certificate', (leaf) => leaf + issuer.intermediatePem + issuer.rootPem],
    ['before it, the root first', (leaf) => issuer.rootPem + issuer.intermediatePem + leaf],
    ['around it', (leaf) => issuer.intermediatePem + leaf + issuer.rootPem],
    ['around it, with the certificate twice', (leaf) => leaf + issuer.rootPem + leaf + issuer.intermediatePem],
  ])('in the same file, %s, is put in order and the certificate taken out', (_what, file) => {
    const { certificatePem } = issuer.issue();
    const checked = checkQsealCertificate({ certificatePem: file(certificatePem), now });
    expect([checked.certificatePem, checked.chainPem]).toEqual([certificatePem, issuer.intermediatePem + issuer.rootPem]);
  });

  test('in which somebody issues who is no authority is refused', () => {
    const issued = new TrustServiceProvider(now, { isAuthority: false }).issue();
    expect(() => checkQsealCertificate({ ...issued, now })).toThrow(
      expect.objectContaining({
        code: 'CERTIFICATE_CHAIN_MISMATCH',
        message: expect.stringMatching(/Seal Trust CA has issued a certificate and is no certificate authority/),
      }),
    );
  });

  test('of many certificates is refused before a way through them is sought', () => {
    const { certificatePem } = issuer.issue();
    const chainPem = Array.from({ length: 21 }, () => issuer.issue().certificatePem).join('');
    expect(() => checkQsealCertificate({ certificatePem, chainPem, now })).toThrow(/holds 21 certificates/);
  });
});
