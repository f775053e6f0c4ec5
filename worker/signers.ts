import { readFileSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { z } from 'zod';
import { SignerError, type Signers } from '../activities/dependencies.ts';
import { type QsealSigner, signerFromPrivateKey } from '../bunq/qseal.ts';
import { NAME_PATTERN } from '../workflows/names.ts';

/** One entry of the file that `KEEPER_QSEAL_SIGNERS` names. */
export interface NamedSigner {
  readonly signer: string;
  readonly environment: string;
  /** The connections that it signs for. */
  readonly connections: readonly string[];
}

const signersSchema = z.record(
  z.string().regex(NAME_PATTERN),
  z.strictObject({
    signer: z.string().startsWith('file:', { error: 'is file:/abs/key.pem' }),
    environment: z.string().min(1),
    connections: z.array(z.string().regex(NAME_PATTERN)),
  }),
);

/** The named signers of a file's text, or what is wrong with it. */
export function parseSigners(text: string, file: string): ReadonlyMap<string, NamedSigner> | string {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return `KEEPER_QSEAL_SIGNERS ${file} is not JSON`;
  }
  const parsed = signersSchema.safeParse(json);
  if (parsed.success) return new Map(Object.entries(parsed.data));
  const problem = parsed.error.issues[0]!;
  return `KEEPER_QSEAL_SIGNERS ${file}: ${problem.path.join('.')} ${problem.message}; expected {"acme-hsm":{"signer":"file:/abs/key.pem","environment":"sandbox","connections":["acme"]}}`;
}

/**
 * The signers of one worker. With production it takes names only: whoever can start a workflow must not choose files on
 * the worker.
 */
export function createSigners(environment: string, named: ReadonlyMap<string, NamedSigner>): Signers {
  return {
    find(signer, connection) {
      if (signer.startsWith('file:')) {
        if (environment === 'production')
          throw refused(`${signer} was given directly: with production a worker takes signers by name only (KEEPER_QSEAL_SIGNERS).`);
        return fileSigner(signer);
      }
      const entry = named.get(signer);
      if (!entry) throw refused(`This worker has no signer named ${signer} (KEEPER_QSEAL_SIGNERS).`);
      if (entry.environment !== environment) throw refused(`Signer ${signer} serves ${entry.environment}, not ${environment}.`);
      if (!entry.connections.includes(connection))
        throw refused(
          `Signer ${signer} does not serve ${connection}: its settings list ${entry.connections.join(', ') || 'no connection'}.`,
        );
      return fileSigner(entry.signer);
    },
  };
}

/** A private key in a PEM file, read for each signature and kept nowhere. */
function fileSigner(signer: string): QsealSigner {
  const path = signer.slice('file:'.length);
  if (!isAbsolute(path)) throw refused(`${signer}: the path has to be absolute, as the worker and not the client reads it.`);
  return signerFromPrivateKey(readPrivateKey(path));
}

function readPrivateKey(path: string): string {
  try {
    if (statSync(path).mode & 0o022) throw refused(`${path} can be changed by others than its owner: chmod go-w ${path}`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof SignerError) throw error;
    throw new SignerError(
      'SIGNER_UNAVAILABLE',
      `${path} cannot be read on the worker (${(error as NodeJS.ErrnoException).code ?? 'unknown error'}).`,
    );
  }
}

const refused = (message: string) => new SignerError('SIGNER_REFUSED', message);
