import { X509Certificate } from 'node:crypto';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CertificateError, examineQsealCertificate, readCertificateChain } from '../../../bunq/certificates.ts';
import { certificatePem, pemBlocks } from '../../../bunq/pem.ts';
import { readQcStatements, StatementsError } from '../../../bunq/qc-statements.ts';
import { der, ETSI_ROLES, QC_TYPES, qcStatements, TrustServiceProvider } from '../../support/qualified-certificates.ts';
import { dice, seed } from '../../support/seed.ts';
import { vector } from './support.ts';

/** Whatever a file holds, there is an answer: facts, or an error with a name and a remedy. `CERTIFICATES_SEED` gives other cases. */

const now = new Date('2026-12-01T10:00:00.000Z');
const SEED = Math.floor(dice(seed('CERTIFICATES_SEED')).roll() * 2 ** 31);
const RUNS = { damagedDer: 2500, damagedPem: 2000, statements: 3000, damagedStatements: 2000, signed: 600, files: 600 };
const issuer = new TrustServiceProvider(now);
const issued = issuer.issue();
const certificates = [
  issued.certificatePem,
  issuer.intermediatePem,
  issuer.rootPem,
  ...['pseudo', 'qseal', 'qwac', 'bank', 'ec', 'small-key', 'root', 'intermediate', 'impostor'].map((name) => vector(`${name}-cert.pem`)),
];
const derOf = (pem: string) => new X509Certificate(pem).raw;

const counted: Record<string, number> = {};

/** Runs it on so many cases, and says how they ended. */
function assertAll<Case>(numRuns: number, cases: fc.Arbitrary<Case>, ends: (one: Case) => string): Record<string, number> {
  const tally: Record<string, number> = {};
  fc.assert(
    fc.property(cases, (one) => {
      const end = ends(one);
      tally[end] = (tally[end] ?? 0) + 1;
      counted[end] = (counted[end] ?? 0) + 1;
    }),
    { numRuns, seed: SEED },
  );
  return tally;
}

/** How an examination ended; anything but facts or a named error with a remedy is thrown on, as a failure. */
function endOf(look: () => unknown): string {
  try {
    look();
    return 'read';
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    expect(error.code).toMatch(/^(CERTIFICATE|PRIVATE_KEY)_[A-Z_]+$/);
    expect(error.message).toMatch(/\. (Give|Fetch|Wait|Use|They are not as|Take)/);
    return error.code;
  }
}

/** All that is done with what a person gives: each problem is an error with a name too. */
function examined(given: Parameters<typeof examineQsealCertificate>[0]): string {
  const { problems, facts } = examineQsealCertificate(given);
  for (const problem of problems) expect(problem).toBeInstanceOf(CertificateError);
  expect(Date.parse(facts.expiresAt)).not.toBeNaN();
  return facts.subject;
}

/** Something that happens to bytes. */
const damage = fc.oneof(
  fc.record({ kind: fc.constant('flip'), at: fc.nat(), bits: fc.integer({ min: 1, max: 255 }) }),
  fc.record({ kind: fc.constant('cut'), at: fc.nat(), bits: fc.nat(64) }),
  fc.record({ kind: fc.constant('double'), at: fc.nat(), bits: fc.nat(64) }),
  fc.record({ kind: fc.constant('end'), at: fc.nat(), bits: fc.constant(0) }),
);

function damaged(bytes: Uint8Array, damages: readonly { kind: string; at: number; bits: number }[]): Buffer {
  let result = Buffer.from(bytes);
  for (const { kind, at: anywhere, bits } of damages) {
    const at = anywhere % Math.max(1, result.length);
    if (kind === 'flip' && result.length > 0) result[at]! ^= bits;
    if (kind === 'cut') result = Buffer.concat([result.subarray(0, at), result.subarray(at + bits)]);
    if (kind === 'double') result = Buffer.concat([result.subarray(0, at + bits), result.subarray(at)]);
    if (kind === 'end') result = result.subarray(0, at);
  }
  return result;
}

const damages = fc.array(damage, { minLength: 1, maxLength: 4 });
const anyCertificate = fc.constantFrom(...certificates);

test('a certificate of which bytes are wrong, missing or there twice', () => {
  const cases = fc.record({ pem: anyCertificate, damages });
  const ends = assertAll(RUNS.damagedDer, cases, (one) =>
    endOf(() => examined({ certificatePem: certificatePem(damaged(derOf(one.pem), one.damages)), now })),
  );
  expect(ends).toMatchObject({ read: expect.any(Number), CERTIFICATE_UNREADABLE: expect.any(Number) });
});

test('a text of which characters are wrong, missing or there twice, as certificate, chain and key', () => {
  const cases = fc.record({ pem: anyCertificate, damages, as: fc.constantFrom('certificate', 'chain', 'key') });
  assertAll(RUNS.damagedPem, cases, ({ pem, damages: some, as }) => {
    const { certificatePem: good, privateKeyPem } = issued;
    const text = damaged(Buffer.from(as === 'key' ? privateKeyPem : pem), some).toString('latin1');
    if (as === 'chain') return endOf(() => examined({ certificatePem: good, chainPem: text, now }));
    if (as === 'key') return endOf(() => examined({ certificatePem: good, privateKeyPem: text, now }));
    return endOf(() => examined({ certificatePem: text, now }));
  });
});

/** A tree of DER, with the identifiers that count more often than chance has them. */
const { value: anyDer } = fc.letrec<{ value: ReturnType<typeof der.oid>; leaf: ReturnType<typeof der.oid> }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    tie('leaf'),
    fc.array(tie('value'), { maxLength: 4 }).map((values) => der.sequence(...values)),
  ),
  leaf: fc.oneof(
    fc
      .constantFrom('0.4.0.19495.2', '0.4.0.1862.1.1', '0.4.0.1862.1.6', ...Object.values(ETSI_ROLES), ...Object.values(QC_TYPES))
      .map(der.oid),
    fc.string({ unit: 'binary', maxLength: 12 }).map(der.utf8),
    fc.nat().map(der.integer),
  ),
}));

/** Statements that begin as they have to: with the identifier of a kind that is looked into. */
const anyStatements = fc
  .array(
    fc.oneof(
      anyDer,
      fc
        .tuple(fc.constantFrom('0.4.0.19495.2', '0.4.0.1862.1.6'), fc.array(anyDer, { maxLength: 3 }))
        .map(([oid, rest]) => der.sequence(der.oid(oid), ...rest)),
    ),
    { maxLength: 4 },
  )
  .map((statements) => der.bytes(der.sequence(...statements)));

const goodStatements = fc
  .record({
    roles: fc.uniqueArray(fc.constantFrom('PSP_AS', 'PSP_PI', 'PSP_AI', 'PSP_IC')),
    authority: fc.record({ name: fc.string({ unit: 'grapheme', maxLength: 40 }), id: fc.string({ maxLength: 12 }) }),
    types: fc.uniqueArray(fc.constantFrom('esign', 'eseal', 'web')),
    compliance: fc.boolean(),
    sscd: fc.boolean(),
  })
  .map((input) => ({ input, bytes: der.bytes(qcStatements(input as Parameters<typeof qcStatements>[0])) }));

function endOfStatements(bytes: Uint8Array): string {
  try {
    const { psd2 } = readQcStatements(bytes);
    return psd2 ? 'PSD2 statement read' : 'no PSD2 statement';
  } catch (error) {
    if (!(error instanceof StatementsError)) throw error;
    return error.message.replaceAll(/[\d.]{3,}/g, '…');
  }
}

test('qcStatements of any shape are read, or said to be unreadable and why', () => {
  const ends = assertAll(RUNS.statements, anyStatements, endOfStatements);
  expect(Object.keys(ends).length).toBeGreaterThan(5);
});

test('qcStatements that are as they have to be are read for what they are, and when damaged read or said to be unreadable', () => {
  const ends = assertAll(RUNS.damagedStatements, fc.tuple(goodStatements, damages), ([{ input, bytes }, some]) => {
    const { psd2, types, compliance, sscd } = readQcStatements(bytes);
    expect([psd2!.roles.map(({ name }) => name), compliance, sscd]).toEqual([input.roles, input.compliance, input.sscd]);
    expect(types).toEqual(input.types.map((type) => QC_TYPES[type as keyof typeof QC_TYPES]));
    return endOfStatements(damaged(bytes, some));
  });
  expect(ends).toMatchObject({ 'they are no DER': expect.any(Number), 'PSD2 statement read': expect.any(Number) });
});

test('a certificate that its issuer has signed with whatever statements and names', () => {
  const statements = fc.oneof(
    anyStatements,
    goodStatements.map(({ bytes }) => bytes),
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(goodStatements, damages).map(([{ bytes }, some]) => new Uint8Array(damaged(bytes, some))),
  );
  const cases = fc.record({
    statements,
    commonName: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }),
    organizationIdentifier: fc.option(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 })),
  });
  const ends = assertAll(RUNS.signed, cases, (one) => endOf(() => examined({ ...issuer.issue(one), now })));
  expect(ends).toMatchObject({ read: expect.any(Number), CERTIFICATE_STATEMENTS_UNREADABLE: expect.any(Number) });
});

test('files of any pieces in any order: certificates, keys, halves of them, and text that looks like PEM', () => {
  const piece = fc.oneof(
    anyCertificate,
    anyCertificate.map((pem) => pem.slice(0, pem.length / 2)),
    anyCertificate.map((pem) => pem.replaceAll('\n', '\r\n')),
    fc.constantFrom(
      issued.privateKeyPem,
      '-----BEGIN CERTIFICATE-----',
      '-----END CERTIFICATE-----',
      '-----BEGIN -----BEGIN CERTIFICATE-----',
      '-----BEGIN CERTIFICATE-----\n\n-----END CERTIFICATE-----\n',
      '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    ),
    fc.string({ maxLength: 40 }),
  );
  const file = fc.array(piece, { maxLength: 6 }).map((pieces) => pieces.join(''));
  assertAll(RUNS.files, fc.tuple(file, file), ([certificate, chain]) => {
    endOf(() => readCertificateChain(chain));
    return endOf(() => examined({ certificatePem: certificate, chainPem: chain, privateKeyPem: chain, now }));
  });
});

test.each([
  ['beginnings', '-----BEGIN CERTIFICATE-----'],
  ['beginnings without an end', '-----BEGIN '],
  ['dashes', '-'],
  ['blank lines', '\n'],
  ['blanks behind a beginning', `-----BEGIN CERTIFICATE-----${' \n'.repeat(1000)}`],
  ['base64 behind a beginning', `-----BEGIN A-----${'A'.repeat(1000)}`],
])('a megabyte of %s is read to its end', (_what, text) => {
  expect(endOf(() => readCertificateChain(text.repeat(Math.floor(999_999 / text.length))))).not.toBe('read');
  expect(endOf(() => readCertificateChain(text.repeat(Math.ceil(1_000_001 / text.length))))).toBe('CERTIFICATE_NOT_PEM');
});

test('what is written as PEM is read again as it was, also with CRLF or without line breaks', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 1, maxLength: 300 }), (bytes) => {
      const pem = certificatePem(bytes);
      const [begin, ...rest] = pem.trimEnd().split('\n');
      const forms = [pem, pem.replaceAll('\n', '\r\n'), `${begin}${rest.slice(0, -1).join('')}${rest.at(-1)}`];
      for (const form of forms) expect(pemBlocks(form)).toEqual([{ label: 'CERTIFICATE', der: Buffer.from(bytes) }]);
    }),
    { seed: SEED },
  );
});

test('these were ten thousand and more', () => {
  process.stderr.write(`malformed certificates: seed ${SEED}, ${JSON.stringify(counted)}\n`);
  expect(Object.values(counted).reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(10_000);
});
