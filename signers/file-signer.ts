import { createPublicKey } from 'node:crypto';
import { readPrivateKey, signerFromPrivateKey } from '../bunq/qseal.ts';
import { readGuarded, readPassphrase } from './guarded-file.ts';
import type { OfferedSigner, Warn } from './signer.ts';

/** A private key in a PEM file, read for each signature and kept nowhere. */
export function fileSigner(path: string, passphraseFile: string | undefined, warn: Warn): OfferedSigner {
  const read = () => [readGuarded(path, warn), passphraseFile === undefined ? undefined : readPassphrase(passphraseFile, warn)] as const;
  return {
    sign: async (sha256) => signerFromPrivateKey(...read()).sign(sha256),
    publicKey: async () => createPublicKey(readPrivateKey(...read())),
  };
}
