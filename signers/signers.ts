import { createHash, type KeyObject } from 'node:crypto';
import type { Signers } from '../activities/dependencies.ts';
import { CertificateError } from '../bunq/certificate-error.ts';
import { SignerError } from '../bunq/qseal.ts';
import { isNamedSigner } from '../workflows/names.ts';
import { execSigner } from './exec-signer.ts';
import { fileSigner } from './file-signer.ts';
import { httpsSigner } from './https-signer.ts';
import { type NamedSigner, type SignerSettings, TIME_LIMIT_MS } from './settings.ts';
import { type OfferedSigner, refused, type Warn } from './signer.ts';

/** What became of looking at a named signer. */
export interface SeenSigner {
  readonly name: string;
  readonly ok: boolean;
  /** Its key; or why it does not tell it, with the remedy. */
  readonly found: string;
  /** Null where it does not tell it. */
  readonly publicKey: KeyObject | null;
}

/** The signers of one worker. */
export interface OfferedSigners extends Signers {
  /** Asks each named signer of this environment for its public key; nothing is signed. Never throws. */
  look(): Promise<SeenSigner[]>;
}

/**
 * The signers that the settings tell of. With production it takes names only: whoever can start a workflow must not choose files
 * or programs on the worker.
 * @param warn gets each warning once
 */
export function createSigners(environment: string, { signers: named, passphraseFile }: SignerSettings, warn: Warn): OfferedSigners {
  const warnOnce = once(warn);
  const direct = (signer: string) => {
    if (environment === 'production')
      throw refused(`${signer} was given directly: with production a worker takes signers by name only (KEEPER_QSEAL_SIGNERS).`);
    if (signer.startsWith('https:'))
      throw refused(
        `${signer} was given directly: its certificate and key stand in KEEPER_QSEAL_SIGNERS, so it is given by its name there.`,
      );
    return offer({ signer, environment, connections: [], passphraseFile: passphraseFile ?? undefined }, warnOnce);
  };
  return {
    find(signer, connection) {
      if (!isNamedSigner(signer)) return direct(signer);
      const entry = named.get(signer);
      if (!entry) throw refused(`This worker has no signer named ${signer} (KEEPER_QSEAL_SIGNERS).`);
      if (entry.environment !== environment) throw refused(`Signer ${signer} serves ${entry.environment}, not ${environment}.`);
      if (!entry.connections.includes(connection))
        throw refused(
          `Signer ${signer} does not serve ${connection}: its settings list ${entry.connections.join(', ') || 'no connection'}.`,
        );
      return offer(entry, warnOnce);
    },
    look: () =>
      Promise.all([...named].filter(([, entry]) => entry.environment === environment).map(([name, entry]) => look(name, entry, warnOnce))),
  };
}

function offer(entry: NamedSigner, warn: Warn): OfferedSigner {
  const { signer, passphraseFile, variables = {}, timeLimitMs = TIME_LIMIT_MS, https } = entry;
  const path = signer.slice(signer.indexOf(':') + 1);
  if (signer.startsWith('exec:')) return execSigner({ program: path, variables, timeLimitMs });
  if (!https) return fileSigner(path, passphraseFile, warn);
  return httpsSigner({ url: signer, ...https, passphraseFile, timeLimitMs }, warn);
}

async function look(name: string, entry: NamedSigner, warn: Warn): Promise<SeenSigner> {
  try {
    const publicKey = await offer(entry, warn).publicKey();
    return { name, ok: true, found: `it is there: ${describe(publicKey)}`, publicKey };
  } catch (error) {
    const isKnown = error instanceof SignerError || error instanceof CertificateError;
    const found = isKnown ? error.message : `it cannot be looked at (${(error as Error).name})`;
    return { name, ok: false, found, publicKey: null };
  }
}

/** As openssl pkey -pubin -outform DER | sha256sum says it. */
const describe = (key: KeyObject) =>
  `RSA ${key.asymmetricKeyDetails?.modulusLength}, SHA-256 of its public key ${createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')}`;

function once(warn: Warn): Warn {
  const said = new Set<string>();
  return (line) => {
    if (said.has(line)) return;
    said.add(line);
    warn(line);
  };
}
