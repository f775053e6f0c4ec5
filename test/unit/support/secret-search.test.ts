import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from '../../support/at-end.ts';
import { privateKeySecrets, type Secret, searchForSecrets } from '../../support/secret-search.ts';

const token = randomBytes(32).toString('hex');
const awkward = `${randomBytes(12).toString('base64')}/"ä\\ ${randomBytes(18).toString('base64')}`;
const secrets: Secret[] = [
  { label: 'token', value: token },
  { label: 'awkward', value: awkward },
  { label: 'short', value: 'q7#Zp2/x9!w' },
];

const formsIn = (bytes: string | Uint8Array) => [
  ...new Set(searchForSecrets(secrets, [{ name: 'x', bytes }]).map(({ label, form }) => `${label}: ${form}`)),
];

const around = (text: string) => `${randomBytes(40).toString('hex')} ${text} ${randomBytes(40).toString('hex')}`;

test.each([
  ['raw', token, 'token: raw'],
  ['hex', Buffer.from(token).toString('hex'), 'token: hex'],
  ['upper-case hex', Buffer.from(awkward).toString('hex').toUpperCase(), 'awkward: HEX'],
  ['URL-encoded', encodeURIComponent(awkward), 'awkward: URL-encoded'],
  [
    'URL-encoded in lower case',
    encodeURIComponent(awkward).replace(/%../g, (octet) => octet.toLowerCase()),
    'awkward: URL-encoded, lower case',
  ],
  ['JSON-escaped', JSON.stringify({ a: awkward }), 'awkward: JSON-escaped'],
  ['JSON in JSON', JSON.stringify(JSON.stringify({ a: awkward })), 'awkward: JSON-escaped twice'],
  ['JSON with escaped slashes', JSON.stringify({ a: awkward }).replaceAll('/', '\\/'), 'awkward: JSON-escaped with \\/'],
  ['a JSON byte array', JSON.stringify([...Buffer.from(token)]), 'token: list of numbers'],
  ['short, raw', 'q7#Zp2/x9!w', 'short: raw'],
  ['short, in base64', Buffer.from('q7#Zp2/x9!w').toString('base64'), 'short: base64 at offset 0'],
])('a secret written %s is found', (_, text, expected) => {
  expect(formsIn(around(text))).toContain(expected);
});

describe.each(['base64', 'base64url'] as const)('in %s', (encoding) => {
  test.each([0, 1, 2])('a secret is found at offset %i', (offset) => {
    const text = Buffer.concat([randomBytes(30 + offset), Buffer.from(token), randomBytes(5)]).toString(encoding);
    // where no character tells the two alphabets apart, the first of them names the finding
    expect(formsIn(around(text)).some((found) => found.startsWith('token: base64') && found.endsWith(`at offset ${offset}`))).toBe(true);
  });

  test.each([0, 1, 2])('a piece of 24 characters is found at offset %i', (offset) => {
    const text = Buffer.concat([randomBytes(offset), Buffer.from(token.slice(17, 41)), randomBytes(5)]).toString(encoding);
    expect(formsIn(text)).not.toEqual([]);
  });
});

test('any 24 characters in a row are found, and 23 are not', () => {
  for (let at = 0; at + 24 <= token.length; at++) expect(formsIn(`<${token.slice(at, at + 24)}>`)).toEqual(['token: raw']);
  expect(formsIn(`<${token.slice(9, 32)}>`)).toEqual([]);
});

test('a whole secret is one finding, with its place and length and without the secret', () => {
  const findings = searchForSecrets(secrets, [{ name: 'log', bytes: `ab ${token} cd` }]);
  expect(findings).toEqual([{ label: 'token', form: 'raw', haystack: 'log', offset: 3, length: token.length }]);
});

test('nothing is found in 100 MB of random bytes', () => {
  const megabyte = () => randomBytes(2 ** 20);
  for (let i = 0; i < 10; i++)
    expect(searchForSecrets(secrets, [{ name: 'noise', bytes: Buffer.concat(Array.from({ length: 10 }, megabyte)) }])).toEqual([]);
});

test('of a private key its public half is no finding, and each secret part is one', () => {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  for (const type of ['pkcs8', 'pkcs1'] as const) {
    const pem = privateKey.export({ type, format: 'pem' }).toString();
    const parts = privateKeySecrets('key', pem);
    const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
    const publicJwk = JSON.stringify(publicKey.export({ format: 'jwk' }));
    expect(
      searchForSecrets(parts, [
        { name: 'public', bytes: publicPem + publicJwk + publicKey.export({ type: 'spki', format: 'der' }).toString('hex') },
      ]),
    ).toEqual([]);

    const labelsIn = (bytes: string | Uint8Array) => new Set(searchForSecrets(parts, [{ name: 'x', bytes }]).map(({ label }) => label));
    const der = privateKey.export({ type, format: 'der' });
    expect(labelsIn(der)).toEqual(new Set(['d', 'p', 'q', 'dp', 'dq', 'qi'].map((part) => `key: ${part}`)));
    expect(labelsIn(JSON.stringify(privateKey.export({ format: 'jwk' }))).size).toBeGreaterThanOrEqual(6);
    expect(labelsIn(JSON.stringify({ pem })).size).toBeGreaterThanOrEqual(6);
    expect(labelsIn(Buffer.from(pem).toString('base64')).size).toBeGreaterThanOrEqual(1);
  }
});

test('a folder is searched with all in it, and a database with its -wal and -shm', () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'inner'));
  for (const name of ['temporal.db', 'temporal.db-wal', 'temporal.db-shm', 'inner/worker.log'])
    writeFileSync(join(folder, name), `${name} ${token}`);
  const places = (path: string) => searchForSecrets(secrets, [{ path }]).map(({ haystack }) => haystack.slice(folder.length + 1));
  expect(places(folder).sort()).toEqual(['inner/worker.log', 'temporal.db', 'temporal.db-shm', 'temporal.db-wal']);
  expect(places(join(folder, 'temporal.db'))).toEqual(['temporal.db', 'temporal.db-wal', 'temporal.db-shm']);
});

test('the arguments of a process are searched', () => {
  const [argument] = process.argv.toSorted((one, other) => other.length - one.length);
  const findings = searchForSecrets([{ label: 'argument', value: argument! }], [{ pid: process.pid }]);
  expect(findings.map(({ haystack }) => haystack)).toContain(`arguments of process ${process.pid}`);
});

test('a secret too short to be told from chance is refused', () => {
  expect(() => searchForSecrets([{ label: 'pin', value: '1234' }], [])).toThrow('The secret "pin" has 4 characters');
});
