import { beforeAll, describe, expect, test } from '@jest/globals';
import { callbackUrlFindings } from '../../../client/callback-url-findings.ts';
import { hasProblem, refusal } from '../../../client/finding.ts';
import type { Given, GivenFile } from '../../../client/given.ts';
import { credentialFindings, credentialOf, onboardingFindings, type Purpose } from '../../../client/preflight.ts';
import type { NamedSigner } from '../../../signers/settings.ts';
import { TrustServiceProvider } from '../../support/qualified-certificates.ts';
import { vector } from '../bunq/support.ts';

const now = new Date('2026-12-01T10:00:00.000Z');
const text = (content: string, file = 'given.pem'): GivenFile => ({ file, text: content });
const unread = (problem: string): GivenFile => ({ file: 'none.pem', problem });
const nothing: Given = { sandboxUser: false, callbackUrls: [], permittedIps: [] };
const purpose: Purpose = { connection: 'acme', environment: 'sandbox', signers: null, now };
const hsm: NamedSigner = { signer: 'file:/k.pem', environment: 'sandbox', connections: ['acme'] };

let provider: Given;
beforeAll(() => {
  const { certificatePem, chainPem, privateKeyPem } = new TrustServiceProvider(now).issue();
  provider = {
    ...nothing,
    certificate: text(certificatePem),
    chain: text(chainPem!),
    privateKeyPem,
    signer: 'acme-hsm',
    callbackUrls: ['https://acme.example/callback'],
    permittedIps: ['203.0.113.7'],
  };
});

const said = (given: Given, more: Partial<Purpose> = {}) =>
  onboardingFindings(given, { ...purpose, ...more }).map(({ check, ok, found }) => `${ok ? '✔' : '✖'} ${check}: ${found}`);
const wrongs = (given: Given, more: Partial<Purpose> = {}) => said(given, more).filter((line) => line.startsWith('✖'));

test('of a provider with which nothing is wrong everything that was looked at is listed', () => {
  expect(said(provider)).toEqual([
    expect.stringMatching(/^✔ certificate: .*, QSEAL, /),
    '✔ private key: belongs to the certificate',
    expect.stringMatching(/^✔ chain: 2 up to /),
    expect.stringMatching(/^✔ permits: /),
    '✔ signer: acme-hsm, by its name',
    '✔ callback URLs: https://acme.example/callback',
    '✔ permitted addresses: 203.0.113.7',
  ]);
  expect(credentialOf(provider, now)).toMatchObject({ type: 'qseal', signer: 'acme-hsm', roles: ['PISP', 'AISP'] });
});

test('everything that is wrong stands there at once, each with its remedy', () => {
  const findings = onboardingFindings(
    {
      certificate: text(vector('qwac-cert.pem')),
      chain: unread('--chain none.pem cannot be read (ENOENT).'),
      apiKey: text('', 'key'),
      privateKeyPem: vector('other-key.pem'),
      sandboxUser: true,
      signer: 'file:key.pem',
      callbackUrls: ['acme.example', 'https://acme.example/', 'https://ada:geheim@acme.example/'],
      permittedIps: ['::1', 'any', 'localhost'],
    },
    { ...purpose, environment: 'production' },
  );
  expect(findings.filter(({ ok }) => !ok).map(({ check }) => check)).toEqual([
    'credential',
    ...['certificate', 'private key', 'chain', 'signer', 'API key', 'credential'],
    ...['callback URL', 'callback URL', 'permitted address', 'permitted address'],
  ]);
  const { message, exitCode } = refusal(findings);
  expect([message.split('\n').length, exitCode]).toEqual([11, 2]);
  expect(message).not.toMatch(/geheim|No chain is given/);
});

test('nobody is asked who it is; an import may be of nobody', () => {
  expect(wrongs(nothing)).toEqual([expect.stringMatching(/Say who is onboarded: --certificate F --signer S/)]);
  expect(credentialFindings(nothing, purpose)).toEqual([]);
  expect(credentialOf(nothing, now)).toBeNull();
});

test.each([
  ['a signer', { signer: 'acme-hsm' }],
  ['a chain', { chain: text('x') }],
])('%s alone is of no certificate', (_what, given) => {
  expect(wrongs({ ...nothing, ...given })).toEqual([expect.stringContaining('belong to --certificate: give that too')]);
});

describe('the signer', () => {
  const of = (signer: string | undefined, more: Partial<Purpose> = {}) =>
    said({ ...provider, signer }, more).find((line) => line.includes(' signer: '));
  const listed = (entry: Partial<NamedSigner>) => ({ signers: new Map([['acme-hsm', { ...hsm, ...entry }]]) });

  test.each<[string, string | undefined, Partial<Purpose>, RegExp]>([
    ['by a name that is listed here', 'acme-hsm', listed({}), /^✔.*which KEEPER_QSEAL_SIGNERS lists for acme$/],
    ['by a name that is listed elsewhere, perhaps', 'acme-hsm', { signers: new Map() }, /^✔ signer: acme-hsm, by its name$/],
    ['that is a file on the worker', 'file:/k.pem', {}, /^✔ signer: file:\/k\.pem, on the worker$/],
    ['that is not given', undefined, {}, /^✖.*--certificate needs --signer/],
    ['that is no name', 'Acme HSM', {}, /^✖.*"Acme HSM" is no signer: give file:/],
    ['that is an address', 'https://signer.example/v1', {}, /^✖.*is no signer: .*where an https: one stands/],
    ['that is a relative path', 'exec:seal', {}, /^✖.*is no signer: .*an absolute path on the worker/],
    ['listed for another environment', 'acme-hsm', listed({ environment: 'production' }), /^✖.*serves production, not sandbox\. Correct/],
    ['listed for others', 'acme-hsm', listed({ connections: ['other'] }), /^✖.*does not serve acme: its settings list other\. Correct/],
    ['that is a file, with production', 'file:/k.pem', { environment: 'production' }, /^✖.*by name only.*give its name: --signer NAME/],
    ['that is a file, by settings that cannot be read', 'file:/k.pem', { environment: null }, /^✔/],
  ])('%s', (_what, signer, more, line) => {
    expect(of(signer, more)).toMatch(line);
  });
});

describe('the file with the API key', () => {
  const key = '0123456789abcdef0123456789abcdef';

  test('is told by its name, never by what it holds', () => {
    const given = { ...nothing, apiKey: text(` ${key}\n`, 'key.txt') };
    expect(said(given)).toEqual(['✔ API key: key.txt holds one']);
    const credential = credentialOf(given, now);
    expect(credential?.type === 'api-key' && credential.apiKey.text()).toBe(key);
  });

  test.each([
    ['', 'key.txt is empty and does not hold'],
    ['\n\n', 'key.txt is empty and does not hold'],
    [`"${key}"\n`, 'key.txt has quotes around it and does not hold'],
    [`'${key}'`, 'key.txt has quotes around it and does not hold'],
    [`${key} ${key}`, 'key.txt does not hold'],
    [`${key}!`, 'key.txt does not hold'],
  ])('%j is none', (content, why) => {
    const found = wrongs({ ...nothing, apiKey: text(content, 'key.txt') });
    expect(found).toEqual([expect.stringContaining(`--api-key-file ${why} a bunq API key: letters and digits, alone in the file.`)]);
    expect(found.join()).not.toContain(key);
  });
});

test('production makes no users', () => {
  expect(wrongs({ ...nothing, sandboxUser: true })).toEqual([]);
  expect(wrongs({ ...nothing, sandboxUser: true }, { environment: 'production' })).toEqual([expect.stringContaining('is for the sandbox')]);
});

test('only a provider needs a callback URL', () => {
  expect(wrongs({ ...nothing, sandboxUser: true })).toEqual([]);
  expect(wrongs({ ...provider, callbackUrls: [] })).toEqual([expect.stringContaining('at least one --callback-url')]);
});

describe('the callback URLs that the bank has, against those that were asked for', () => {
  const [one, other] = ['https://acme.example/1', 'https://acme.example/2'];
  const acme = (...callbackUrls: string[]) => ({ name: 'acme', oauthClient: { id: 1, clientId: 'c', callbackUrls } });

  test.each([
    ['the same', acme(one, other), [other, one], true, /the 2 that were asked for/],
    ['one that it does not have', acme(one), [one, other], false, /does not have https:\/\/acme\.example\/2 yet.*bunq-keeper status acme/],
    ['one that nobody asked for', acme(one, other), [one], true, /has https:\/\/acme\.example\/2 too.*callback-urls acme remove/],
  ])('%s', (_what, status, wanted, ok, found) => {
    const findings = callbackUrlFindings(status, wanted);
    expect(findings).toEqual([{ check: 'callback URLs of acme', ok, found: expect.stringMatching(found) }]);
    expect(hasProblem(findings)).toBe(!ok);
  });

  test('nothing is said without an OAuth client, or where nobody answered', () => {
    expect(callbackUrlFindings({ name: 'ada', oauthClient: null }, [])).toEqual([]);
    expect(callbackUrlFindings(acme(one), null)).toEqual([]);
  });
});
