import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSigners } from '../../signers/settings.ts';
import { createSigners } from '../../signers/signers.ts';
import { temporaryFolder } from '../support/at-end.ts';
import { ROOT } from '../support/build.ts';
import { copyOf, DIGEST, isSignature, vectorPath } from '../support/signing.ts';
import { findSoftHsm, newToken } from '../support/softhsm.ts';
import { temporalServer } from '../support/temporal.ts';
import { BankProcess } from './support/bank-process.ts';
import { scene } from './support/scene.ts';

/** The recipe of docs/signers.md for an HSM, on SoftHSM2. */

const softHsm = findSoftHsm();
const testWithHsm = softHsm ? test : test.skip;

/** A checkout's mode is whatever the umask was. */
const recipe = join(temporaryFolder(), 'pkcs11-tool.sh');
copyFileSync(join(ROOT, 'docs/signers/pkcs11-tool.sh'), recipe);
chmodSync(recipe, 0o700);

const entry = {
  signer: `exec:${recipe}`,
  environment: 'production',
  connections: ['acme'],
  passEnvironment: ['PATH', 'SOFTHSM2_CONF', 'PKCS11_MODULE', 'PKCS11_TOKEN', 'PKCS11_KEY', 'PKCS11_PIN_FILE'],
};

const signersOf = (env: Record<string, string | undefined>) => {
  const { signers, problems } = parseSigners(JSON.stringify({ hsm: entry }), 'signers.json', env);
  if (problems.length > 0) throw new Error(problems.join('\n'));
  return createSigners('production', { signers, passphraseFile: null }, () => {});
};

testWithHsm('a key in an HSM signs what its certificate verifies, and its public key is told without its PIN', async () => {
  const token = newToken(softHsm!, copyOf('pseudo-key.pem'));
  const signers = signersOf({ PATH: process.env.PATH, ...token });
  expect(await signers.look()).toMatchObject([{ name: 'hsm', ok: true, found: expect.stringContaining('it is there: RSA 4096') }]);
  expect(isSignature(await signers.find('hsm', 'acme').sign(DIGEST))).toBe(true);
});

testWithHsm('the digest is signed whole, however slow the programs around the HSM are', async () => {
  const slow = temporaryFolder();
  for (const program of ['openssl', 'dd']) {
    const real = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
    writeFileSync(join(slow, program), `#!/bin/sh\nsleep 0.2\nexec ${real} "$@"\n`, { mode: 0o700 });
  }
  const signers = signersOf({ PATH: `${slow}:${process.env.PATH}`, ...newToken(softHsm!, copyOf('pseudo-key.pem')) });
  expect(isSignature(await signers.find('hsm', 'acme').sign(DIGEST))).toBe(true);
});

testWithHsm('what is no digest is not signed', async () => {
  const signers = signersOf({ PATH: process.env.PATH, ...newToken(softHsm!, copyOf('pseudo-key.pem')) });
  await expect(signers.find('hsm', 'acme').sign(DIGEST.subarray(1))).rejects.toMatchObject({
    code: 'SIGNER_UNAVAILABLE',
    message: expect.stringMatching(/no SHA-256 digest/),
  });
});

testWithHsm('an HSM that refuses the PIN is unavailable, and the PIN is not shown', async () => {
  const token = newToken(softHsm!, copyOf('pseudo-key.pem'));
  writeFileSync(token.PKCS11_PIN_FILE, '4711-9999\n', { mode: 0o600 });
  const signed = signersOf({ PATH: process.env.PATH, ...token })
    .find('hsm', 'acme')
    .sign(DIGEST);
  await expect(signed).rejects.toMatchObject({
    code: 'SIGNER_UNAVAILABLE',
    message: expect.stringMatching(/CKR_PIN_INCORRECT/),
  });
  await expect(signed).rejects.not.toThrow('4711');
});

testWithHsm('a provider is onboarded with its key in the HSM', async () => {
  const token = newToken(softHsm!, copyOf('pseudo-key.pem'));
  const [temporal, bank] = [await temporalServer(), await BankProcess.start()];
  const file = join(temporaryFolder(), 'signers.json');
  const here = scene(temporal, bank, { KEEPER_QSEAL_SIGNERS: file, ...token });
  writeFileSync(file, JSON.stringify({ hsm: { ...entry, environment: here.environment } }));
  await here.startWorker();
  const certificate = ['--certificate', vectorPath('pseudo-cert.pem'), '--signer', 'hsm', '--callback-url', 'https://acme.example/'];
  const { code, stdout } = await here.run('onboard', 'acme', ...certificate, '--json');
  expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ state: 'ACTIVE' })]);
});
