import { createHash, createPrivateKey, createPublicKey } from 'node:crypto';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SignerError } from '../../../bunq/qseal.ts';
import type { NamedSigner } from '../../../signers/settings.ts';
import { createSigners } from '../../../signers/signers.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { copyOf, DIGEST, isSignature, vectorPath } from '../../support/signing.ts';

const key = copyOf('pseudo-key.pem');
const hsm: NamedSigner = { signer: `file:${key}`, environment: 'production', connections: ['acme'] };

function signersOf(environment: string, named: Record<string, NamedSigner> = {}, passphraseFile: string | null = null) {
  const warnings: string[] = [];
  const signers = createSigners(environment, { signers: new Map(Object.entries(named)), passphraseFile }, (line) => warnings.push(line));
  return { signers, warnings };
}

const sign = (environment: string, signer: string, connection = 'acme', named: Record<string, NamedSigner> = { 'acme-hsm': hsm }) =>
  (async () => signersOf(environment, named).signers.find(signer, connection).sign(DIGEST))();

test('a file signs a digest as its certificate verifies it, and nothing is warned of', async () => {
  const { signers, warnings } = signersOf('sandbox');
  expect(isSignature(await signers.find(`file:${key}`, 'acme').sign(DIGEST))).toBe(true);
  expect(warnings).toEqual([]);
});

test.each([
  ['with production a file that is given directly', 'production', `file:${key}`, 'acme', 'by name only'],
  ['with production a program that is given directly', 'production', 'exec:/bin/cat', 'acme', 'by name only'],
  ['an address that is given directly', 'sandbox', 'https://signer.example/v1', 'acme', 'by its name'],
  ['a name that the worker has not', 'production', 'other', 'acme', 'no signer named other'],
  ['a name for another environment', 'sandbox', 'acme-hsm', 'acme', 'serves production'],
  ['a name for another connection', 'production', 'acme-hsm', 'globex', 'does not serve globex'],
  ['a relative path', 'sandbox', 'file:key.pem', 'acme', 'has to be absolute'],
  ['a program without a path', 'sandbox', 'exec:cat', 'acme', 'has to be absolute'],
])('%s is refused', async (_what, environment, signer, connection, why) => {
  const error = await sign(environment, signer, connection).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(SignerError);
  expect(error).toMatchObject({ code: 'SIGNER_REFUSED', message: expect.stringContaining(why) });
});

test('a named signer signs for the connections that it lists', async () => {
  expect(isSignature(await sign('production', 'acme-hsm'))).toBe(true);
});

test('a key that others can change is refused, and one that is not there is unavailable', async () => {
  const open = copyOf('pseudo-key.pem', 0o622);
  await expect(sign('sandbox', `file:${open}`)).rejects.toMatchObject({
    code: 'SIGNER_REFUSED',
    message: expect.stringContaining(`chmod go-w ${open}`),
  });
  await expect(sign('sandbox', 'file:/none.pem')).rejects.toMatchObject({ code: 'SIGNER_UNAVAILABLE' });
});

test('a key that everybody can read signs, and is warned of once, with the command that mends it', async () => {
  const mounted = copyOf('pseudo-key.pem', 0o644);
  const { signers, warnings } = signersOf('sandbox');
  for (let i = 0; i < 3; i++) expect(isSignature(await signers.find(`file:${mounted}`, 'acme').sign(DIGEST))).toBe(true);
  expect(warnings).toEqual([expect.stringContaining(`chmod o-r ${mounted} (a secret that Kubernetes mounts: "defaultMode: 0400"`)]);
});

describe('an encrypted key', () => {
  const encrypted = copyOf('encrypted-key.pem');
  const passphrase = (text: string, mode = 0o600) => {
    const file = join(temporaryFolder(), 'passphrase');
    writeFileSync(file, text);
    chmodSync(file, mode);
    return file;
  };
  const named = (passphraseFile: string): Record<string, NamedSigner> => ({
    'acme-hsm': { ...hsm, signer: `file:${encrypted}`, passphraseFile },
  });

  test.each(['vector', 'vector\n', 'vector\r\n# made on Monday\n'])('signs with the passphrase in its file, %j', async (text) => {
    expect(isSignature(await sign('production', 'acme-hsm', 'acme', named(passphrase(text))))).toBe(true);
  });

  test('of the older form of PEM signs too', async () => {
    const older = join(temporaryFolder(), 'key.pem');
    const made = createPrivateKey(readFileSync(vectorPath('pseudo-key.pem'))).export({
      type: 'pkcs1',
      format: 'pem',
      cipher: 'aes-256-cbc',
      passphrase: 'vector',
    });
    writeFileSync(older, made, { mode: 0o600 });
    const { signers } = signersOf('sandbox', {}, passphrase('vector'));
    expect(isSignature(await signers.find(`file:${older}`, 'acme').sign(DIGEST))).toBe(true);
  });

  test('that is given directly signs with the passphrase of KEEPER_QSEAL_PASSPHRASE_FILE', async () => {
    const { signers } = signersOf('sandbox', {}, passphrase('vector'));
    expect(isSignature(await signers.find(`file:${encrypted}`, 'acme').sign(DIGEST))).toBe(true);
  });

  test.each([
    ['another passphrase', () => passphrase('geheim-geheim'), 'does not open with its passphrase'],
    ['an empty one', () => passphrase('\n'), 'its first line is empty'],
    ['a passphrase that others can change', () => passphrase('vector', 0o666), 'chmod go-w'],
  ])('does not sign with %s, which is not quoted', async (_what, file, why) => {
    const error = (await sign('production', 'acme-hsm', 'acme', named(file())).catch((error: unknown) => error)) as Error;
    expect(error.message).toContain(why);
    expect(error.message).not.toMatch(/geheim/);
  });

  test('does not sign without a passphrase, and says where to name it', async () => {
    await expect(sign('sandbox', `file:${encrypted}`)).rejects.toThrow(
      'passphraseFile in the settings of the signer, or KEEPER_QSEAL_PASSPHRASE_FILE',
    );
  });
});

test('each named signer of the environment is looked at: it tells its key, or what is wrong with it', async () => {
  const { signers } = signersOf('production', {
    'acme-hsm': hsm,
    gone: { ...hsm, signer: 'file:/none.pem' },
    wrong: { ...hsm, signer: `file:${copyOf('ec-key.pem')}` },
    elsewhere: { ...hsm, environment: 'sandbox' },
  });
  const spki = createPublicKey(readFileSync(key)).export({ type: 'spki', format: 'der' });
  expect(await signers.look()).toEqual([
    {
      name: 'acme-hsm',
      ok: true,
      found: `it is there: RSA 4096, SHA-256 of its public key ${createHash('sha256').update(spki).digest('hex')}`,
      publicKey: expect.objectContaining({ asymmetricKeyType: 'rsa' }),
    },
    { name: 'gone', ok: false, found: expect.stringContaining('/none.pem cannot be read'), publicKey: null },
    { name: 'wrong', ok: false, found: expect.stringContaining('RSA keys only'), publicKey: null },
  ]);
});
