import { beforeAll, describe, expect, test } from '@jest/globals';
import { type CheckInput, examineQsealCertificate, readCertificateChain } from '../../../bunq/certificates.ts';
import { certificateFindings, onboardedCertificateFindings } from '../../../client/certificate-findings.ts';
import { describe as describeFile, inspection } from '../../../client/commands/certificate.ts';
import { certificateRemarks } from '../../../client/describe-certificate.ts';
import { der, qcStatements, type StatementsInput, TrustServiceProvider } from '../../support/qualified-certificates.ts';
import { vector } from '../bunq/support.ts';

const now = new Date('2026-12-01T10:00:00.000Z');
const DAY_MS = 86_400_000;
const inDays = (days: number) => new Date(now.getTime() + days * DAY_MS);
let issuer: TrustServiceProvider;
beforeAll(() => {
  issuer = new TrustServiceProvider(now);
});

const statements = (input: StatementsInput) => der.bytes(qcStatements(input));
const shown = (given: Omit<CheckInput, 'now'>) =>
  describeFile(examineQsealCertificate({ ...given, now }), readCertificateChain(given.certificatePem), now);

describe('certificate inspect', () => {
  test('tells a person all that stands in a QSEAL, what it allows, and that it is right', () => {
    const text = shown(issuer.issue());
    for (const line of [
      /^certificate +\/C=NL\/O=Betaalhulp Café B\.V\.\/organizationIdentifier=PSDNL-DNB-12345678\/CN=Betaalhulp$/m,
      /^issued by +\/C=NL\/O=Seal Trust B\.V\.\/CN=Seal Trust CA$/m,
      /^authorization +PSDNL-DNB-12345678: number 12345678 at DNB in NL$/m,
      /^competent authority +De Nederlandsche Bank \(NL-DNB\)$/m,
      /^roles +PISP, payment initiation \(PSP_PI\); by its PSD2 statement\n +AISP, account information \(PSP_AI\)$/m,
      /^type +QSEAL, a seal: what bunq wants; qualified$/m,
      /^valid +2026-11-30T10:00:00\.000Z to 2028-11-30T10:00:00\.000Z, 730 days left$/m,
      /^key +RSA, 2048 bits, in a qualified device$/m,
      /^signed with +sha256WithRSAEncryption$/m,
      /^chain +1\. \/C=NL\/O=Seal Trust B\.V\.\/CN=Seal Trust CA\n +2\. .*CN=Seal Trust Root\n +up to the root$/m,
      /^at bunq +PISP may read name and IBAN.*make draft payments.*\n +AISP may read name and IBAN.*read transactions.*$/m,
      /^✔ bunq can be given it\.$/m,
    ])
      expect(text).toMatch(line);
    expect(text).not.toMatch(/[✖•]/);
  });

  test('tells everything that is wrong, each with its name', () => {
    const { certificatePem } = issuer.issue({ statements: statements({ roles: ['PSP_AI'], types: ['web'] }), expiresAt: inDays(-0.5) });
    const text = shown({ certificatePem });
    expect(text.match(/✖ [A-Z_]+/g)).toEqual(['✖ CERTIFICATE_EXPIRED', '✖ CERTIFICATE_IS_QWAC', '✖ CERTIFICATE_CHAIN_MISMATCH']);
    expect(text).toMatch(/^valid .*, expired$/m);
    expect(text).toMatch(/^chain +none that leads from it$/m);
    expect(text).not.toContain('✔');
  });

  test('of a pseudo certificate says that it is one for the sandbox', () => {
    const text = shown({ certificatePem: vector('pseudo-cert.pem') });
    expect(text).toMatch(/^issued by +itself$/m);
    expect(text).toMatch(/^roles +PISP, .*; by the words of its common name, as the sandbox reads it$/m);
    expect(text).toMatch(/^✔ bunq can be given it\.\n• It has no PSD2 statement: a certificate for the sandbox\./m);
  });

  test('shows a file of authorities alone for what it is, with no verdict', () => {
    const text = shown({ certificatePem: issuer.rootPem + issuer.intermediatePem });
    expect(text).toMatch(/^certificate +.*CN=Seal Trust Root$[\s\S]+^certificate +.*CN=Seal Trust CA$/m);
    expect(text).toMatch(/^type +it may issue certificates$/m);
    expect(text).not.toMatch(/✔|✖|at bunq/);
  });

  test('as JSON: all certificates of the file, and of the provider days, chain, permits with sources, problems and remarks', () => {
    const { certificatePem, chainPem } = issuer.issue({ expiresAt: inDays(29.5) });
    const file = issuer.rootPem + certificatePem + issuer.intermediatePem;
    const certificates = readCertificateChain(file);
    const json = inspection(examineQsealCertificate({ certificatePem: file, now }), certificates, now);
    const [intermediate, root] = readCertificateChain(chainPem);
    expect(json).toEqual(JSON.parse(JSON.stringify(json)));
    expect(json).toMatchObject({
      schema: 1,
      certificates,
      provider: {
        fingerprintSha256: certificates[1]!.fingerprintSha256,
        daysLeft: 30,
        chain: [intermediate!.fingerprintSha256, root!.fingerprintSha256],
        permits: expect.arrayContaining([expect.objectContaining({ what: 'read transactions', sources: expect.any(Array) })]),
        problems: [],
        remarks: ['It expires in 30 days: have the next one issued.'],
      },
    });
    expect(inspection(examineQsealCertificate({ certificatePem: issuer.rootPem, now }), [], now).provider).toBeNull();
  });
});

describe('what is not wrong, and well to be known', () => {
  const remarksOn = (input: Parameters<TrustServiceProvider['issue']>[0]) =>
    certificateRemarks(readCertificateChain(issuer.issue(input).certificatePem)[0]!, now);

  test.each<[string, Parameters<TrustServiceProvider['issue']>[0], RegExp[]]>([
    ['nothing, when all is as it should be', {}, []],
    ['that it does not say what it is for', { statements: statements({ roles: ['PSP_AI'] }) }, [/QcType/]],
    ['that it is not qualified', { statements: statements({ roles: ['PSP_AI'], types: ['eseal'], compliance: false }) }, [/QcCompliance/]],
    ['that it has no authorization number', { organizationIdentifier: null }, [/authorization number is missing/]],
    ['that its number is another kind of number', { organizationIdentifier: 'VATNL-1' }, [/VATNL-1 is no authorization number/]],
    ['that it names two authorities', { organizationIdentifier: 'PSDDE-BAFIN-1' }, [/NL-DNB, and .* another one: PSDDE-BAFIN-1/]],
    ['that it ends soon', { expiresAt: inDays(0.5) }, [/expires in 1 day: have the next one issued/]],
  ])('%s', (_what, input, says) => {
    const remarks = remarksOn(input);
    expect(remarks).toHaveLength(says.length);
    for (const [index, words] of says.entries()) expect(remarks[index]).toMatch(words);
  });
});

describe('the certificate among what doctor and onboard --check look at', () => {
  test('nothing wrong: certificate, key, chain, and what it allows', () => {
    expect(certificateFindings({ ...issuer.issue(), now })).toEqual([
      { check: 'certificate', ok: true, found: expect.stringMatching(/CN=Betaalhulp, QSEAL, 730 days left\.$/) },
      { check: 'private key', ok: true, found: 'belongs to the certificate' },
      { check: 'chain', ok: true, found: '2 up to /C=NL/O=Seal Trust B.V./CN=Seal Trust Root' },
      { check: 'permits', ok: true, found: expect.stringMatching(/^PISP may .*\. AISP may .*\.$/) },
    ]);
  });

  test('everything that is wrong, all at once', () => {
    const { certificatePem } = issuer.issue({ statements: statements({ roles: ['PSP_AS'], types: ['web'] }), expiresAt: inDays(-0.5) });
    const findings = certificateFindings({ certificatePem, privateKeyPem: vector('other-key.pem'), chainPem: vector('chain.pem'), now });
    expect(findings.map(({ check, ok }) => [check, ok])).toEqual([
      ['certificate', false],
      ['certificate', false],
      ['certificate', false],
      ['private key', false],
      ['chain', false],
    ]);
  });

  test('one that cannot be read at all', () => {
    expect(certificateFindings({ certificatePem: 'hello', now })).toEqual([
      { check: 'certificate', ok: false, found: expect.stringMatching(/^The certificate is not PEM\. Give it as PEM/) },
    ]);
  });

  const onboarded = (expiresAt: Date) => ({
    name: 'acme',
    certificate: { subject: '/CN=Acme', authorizationNumber: null, roles: ['AISP'], expiresAt: expiresAt.toISOString() },
  });

  test('that of a connection: until when it is good and what it allows, or the command that gives a new one', () => {
    expect(onboardedCertificateFindings(onboarded(inDays(10)), now)).toEqual([
      { check: 'certificate of acme', ok: true, found: expect.stringMatching(/^\/CN=Acme, expires .*, 10 days left\. AISP may .*\.$/) },
    ]);
    expect(onboardedCertificateFindings(onboarded(now), now)).toEqual([
      {
        check: 'certificate of acme',
        ok: false,
        found: expect.stringMatching(/expired on .*: bunq-keeper resume acme --certificate F --chain F/),
      },
    ]);
    expect(onboardedCertificateFindings({ name: 'ada', certificate: null }, now)).toEqual([]);
  });
});
