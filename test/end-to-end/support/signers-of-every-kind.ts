import { createPrivateKey } from 'node:crypto';
import { chmodSync, copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileWith, temporaryFolder } from '../../support/at-end.ts';
import { ROOT } from '../../support/build.ts';
import { newAuthority } from '../../support/mutual-tls.ts';
import { startSignerServer } from '../../support/qseal-signer-server.ts';
import type { Secret } from '../../support/secret-search.ts';
import { findSoftHsm, newToken } from '../../support/softhsm.ts';

/** Every kind of signer, each as docs/signers.md has it. */

const PASSPHRASE = 'the passphrase of a rehearsal';

const softHsm = findSoftHsm();
/** `hsm` where this machine has one in software; that there is one on CI is seen by the test of its recipe. */
export const SIGNER_KINDS = ['file', 'exec', 'https', ...(softHsm ? ['hsm' as const] : [])] as const;
export type SignerKind = (typeof SIGNER_KINDS)[number];

export const passphraseSecret: Secret = { label: 'passphrase', value: PASSPHRASE };

interface SignerKey {
  readonly name: string;
  readonly kind: SignerKind;
  readonly privateKeyPem: string;
}

/** What a worker's `KEEPER_QSEAL_SIGNERS` says of signers with these keys, each under its name; without whom it serves. */
export async function signerEntries(keys: readonly SignerKey[]): Promise<Record<string, object>> {
  const authority = newAuthority();
  const atServer = keys.filter(({ kind }) => kind === 'https');
  const server = await startSignerServer({
    server: authority.issue('signer'),
    authorityPem: authority.certificatePem,
    keys: Object.fromEntries(atServer.map(({ name, privateKeyPem }) => [name, { privateKeyPem, clients: ['keeper'] }])),
  });
  const entry = ({ name, kind, privateKeyPem }: SignerKey) => {
    if (kind === 'https') return { signer: server.url, keyId: name, ...authority.issueFiles('keeper') };
    if (kind === 'file')
      return { signer: `file:${encryptedFile(privateKeyPem)}`, passphraseFile: fileWith('passphrase', `${PASSPHRASE}\n`) };
    return { signer: `exec:${kind === 'hsm' ? hsmProgram(privateKeyPem) : opensslProgram(privateKeyPem)}`, passEnvironment: ['PATH'] };
  };
  return Object.fromEntries(keys.map((key) => [key.name, entry(key)]));
}

const encryptedFile = (privateKeyPem: string) =>
  fileWith(
    'key.pem',
    createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: PASSPHRASE }).toString(),
  );

function opensslProgram(privateKeyPem: string): string {
  const key = fileWith('key.pem', privateKeyPem);
  const lines = [
    '#!/bin/sh',
    'case $1 in',
    `  sign) openssl base64 -d -A | openssl pkeyutl -sign -inkey ${key} -pkeyopt digest:sha256 | openssl base64 -A ;;`,
    `  public-key) openssl pkey -in ${key} -pubout ;;`,
    'esac',
  ];
  return fileWith('seal', `${lines.join('\n')}\n`, 0o700);
}

/** The recipe on a token of its own: what it wants of its environment it has from a program around it. */
function hsmProgram(privateKeyPem: string): string {
  const recipe = join(temporaryFolder(), 'pkcs11-tool.sh');
  copyFileSync(join(ROOT, 'docs/signers/pkcs11-tool.sh'), recipe);
  chmodSync(recipe, 0o700);
  const token = Object.entries(newToken(softHsm!, fileWith('key.pem', privateKeyPem)));
  const exported = token.map(([name, value]) => `export ${name}='${value}'`);
  return fileWith('seal', `#!/bin/sh\n${exported.join('\n')}\nexec ${recipe} "$@"\n`, 0o700);
}
