import { createPrivateKey } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { SignerError } from '../../../bunq/qseal.ts';
import { httpsSigner } from '../../../signers/https-signer.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { ROOT } from '../../support/build.ts';
import { newAuthority } from '../../support/mutual-tls.ts';
import { startSignerServer, type Trouble } from '../../support/qseal-signer-server.ts';
import { DIGEST, isSignature, vectorPath } from '../../support/signing.ts';

const authority = newAuthority();
const keeper = authority.issueFiles('keeper');
const server = await startSignerServer({
  server: authority.issue('signer'),
  authorityPem: authority.certificatePem,
  keys: { 'acme/2026': { privateKeyPem: readFileSync(vectorPath('pseudo-key.pem'), 'utf8'), clients: ['keeper'] } },
});

const LONG_MS = 10_000;
const DOWN: Trouble = { status: 503, answer: { message: 'The HSM is locked.' } };

const signer = (other: object = {}, warn: (line: string) => void = () => {}) =>
  httpsSigner({ url: server.url, keyId: 'acme/2026', timeLimitMs: LONG_MS, ...keeper, ...other }, warn);

const failureOf = async (attempt: Promise<unknown>): Promise<SignerError> => {
  const error = await attempt.then(
    () => new Error('it did not fail'),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(SignerError);
  return error as SignerError;
};

afterEach(() => {
  server.troubles.splice(0);
});

test('it signs a digest, and tells its public key', async () => {
  expect(isSignature(await signer().sign(DIGEST))).toBe(true);
  expect((await signer().publicKey()).asymmetricKeyDetails?.modulusLength).toBe(4096);
});

test('what is asked and answered is what docs/qseal-signer.openapi.json says', async () => {
  const api = JSON.parse(readFileSync(join(ROOT, 'docs/qseal-signer.openapi.json'), 'utf8'));
  const schemas = api.components.schemas as Record<string, object>;
  const fits = (name: string, value: unknown) => z.fromJSONSchema(schemas[name] as never).safeParse(value).success;
  const from = server.exchanges.length;
  server.troubles.push(DOWN);
  await signer().sign(DIGEST);
  await signer().publicKey();
  const [down, sign, tell] = server.exchanges.slice(from);
  const path = `/v1/keys/${encodeURIComponent('acme/2026')}`;
  expect([sign, tell]).toEqual([
    expect.objectContaining({ method: 'POST', path: `${path}/signatures`, status: 200 }),
    expect.objectContaining({ method: 'GET', path, body: null, status: 200 }),
  ]);
  expect(Object.keys(api.paths)).toEqual(['/keys/{keyId}', '/keys/{keyId}/signatures']);
  expect([fits('SignatureRequest', sign!.body), fits('Signature', sign!.answer), fits('PublicKey', tell!.answer)]).toEqual([
    true,
    true,
    true,
  ]);
  expect([fits('Problem', down!.answer), fits('SignatureRequest', { ...(sign!.body as object), text: 'more' })]).toEqual([true, false]);
  expect(sign!.body).toEqual({ algorithm: 'RSASSA-PKCS1-v1_5-SHA256', digest: DIGEST.toString('base64') });
});

test('it is asked again while it is down, under the same request id; another question has another', async () => {
  const from = server.exchanges.length;
  server.troubles.push(DOWN, 'cut', { status: 429, answer: { message: 'Slowly.' } });
  expect(isSignature(await signer().sign(DIGEST))).toBe(true);
  await signer().sign(DIGEST);
  const ids = server.exchanges.slice(from).map(({ requestId }) => requestId);
  expect(ids).toEqual([expect.stringMatching(/^[0-9a-f-]{36}$/), ids[0], ids[0], expect.not.stringContaining(ids[0]!)]);
});

test('one that does not answer is given up within its time limit', async () => {
  server.troubles.push('silence', 'silence', 'silence', 'silence');
  const beganAtMs = performance.now();
  const error = await failureOf(signer({ timeLimitMs: 700 }).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining('no answer in time') });
  expect(performance.now() - beganAtMs).toBeLessThan(LONG_MS);
});

test('one that stays down is unavailable, with what it said', async () => {
  server.troubles.push(...Array.from({ length: 20 }, () => DOWN));
  const error = await failureOf(signer({ timeLimitMs: 700 }).sign(DIGEST));
  expect(error.code).toBe('SIGNER_UNAVAILABLE');
  expect(error.message).toMatch(/\/v1 \(key acme\/2026\): it answered 503: The HSM is locked\., \d times \(request [0-9a-f-]{36}\)\.$/);
});

test('one that nobody listens at is unavailable', async () => {
  const error = await failureOf(signer({ url: 'https://127.0.0.1:1/v1', timeLimitMs: 300 }).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringContaining('cannot be reached (ECONNREFUSED)') });
});

test.each<[string, object, string]>([
  ['a key that it has not', { keyId: 'other' }, 'refuses with 404: There is no such key.'],
  ['a client that may not use the key', authority.issueFiles('stranger'), 'refuses with 403: stranger may not use this key.'],
])('%s is refused at once', async (_what, other, why) => {
  const from = server.exchanges.length;
  const error = await failureOf(signer(other).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_REFUSED', message: expect.stringContaining(why) });
  expect(server.exchanges.length).toBe(from + 1);
});

test.each<[string, unknown, string]>([
  ['no JSON', '<html>', 'something else than a JSON object'],
  ['nothing', '', 'something else than a JSON object'],
  ['JSON without a signature', {}, 'without "signature"'],
  ['a signature that is none', { signature: 'signed!' }, 'something else than a signature in base64'],
])('an answer that is %s is refused', async (_what, answer, why) => {
  server.troubles.push({ status: 200, answer });
  expect(await failureOf(signer().sign(DIGEST))).toMatchObject({ code: 'SIGNER_REFUSED', message: expect.stringContaining(why) });
});

test('a redirect is not followed', async () => {
  server.troubles.push({ status: 307, answer: {} });
  expect((await failureOf(signer().sign(DIGEST))).message).toContain('refuses with 307');
});

test('an endless answer is not read to its end', async () => {
  server.troubles.push(...Array.from({ length: 20 }, () => ({ status: 200, answer: { signature: 'A'.repeat(100_000) } })));
  expect((await failureOf(signer({ timeLimitMs: 700 }).sign(DIGEST))).code).toBe('SIGNER_UNAVAILABLE');
});

test('a signer whose certificate another authority issued is sent nothing', async () => {
  const from = server.exchanges.length;
  const { caFile } = newAuthority().issueFiles('keeper');
  const error = await failureOf(signer({ caFile, timeLimitMs: 300 }).sign(DIGEST));
  expect(error).toMatchObject({ code: 'SIGNER_UNAVAILABLE', message: expect.stringMatching(/cannot be reached \(\w*(CERT|SIGN)\w*\)/) });
  expect(server.exchanges.length).toBe(from);
});

test('a client of another authority is not spoken to', async () => {
  const { certificateFile, keyFile } = newAuthority().issueFiles('keeper');
  expect((await failureOf(signer({ certificateFile, keyFile, timeLimitMs: 300 }).sign(DIGEST))).code).toBe('SIGNER_UNAVAILABLE');
});

test("the worker's own key may be encrypted; readable by everybody it is warned of, changeable by others it is not used", async () => {
  const folder = temporaryFolder();
  const [keyFile, passphraseFile] = [join(folder, 'key.pem'), join(folder, 'passphrase')];
  const encrypted = createPrivateKey(readFileSync(keeper.keyFile)).export({
    type: 'pkcs8',
    format: 'pem',
    cipher: 'aes-256-cbc',
    passphrase: 'geheim',
  });
  writeFileSync(keyFile, encrypted, { mode: 0o600 });
  writeFileSync(passphraseFile, 'geheim\n', { mode: 0o600 });
  const warnings: string[] = [];
  const sign = () => signer({ keyFile, passphraseFile }, (line) => warnings.push(line)).sign(DIGEST);
  expect(isSignature(await sign())).toBe(true);
  expect(warnings).toEqual([]);
  chmodSync(keyFile, 0o644);
  await sign();
  expect(warnings).toEqual([expect.stringContaining(`chmod o-r ${keyFile}`)]);
  chmodSync(keyFile, 0o666);
  expect(await failureOf(sign())).toMatchObject({ code: 'SIGNER_REFUSED', message: expect.stringContaining(`chmod go-w ${keyFile}`) });
  writeFileSync(passphraseFile, 'geheimer\n');
  chmodSync(keyFile, 0o600);
  const wrong = await failureOf(sign());
  expect(wrong.code).toBe('SIGNER_REFUSED');
  expect(wrong.message).not.toContain('geheim');
});
