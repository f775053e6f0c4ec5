import { readFileSync } from 'node:fs';
import { isEncryptedKey } from '../bunq/qseal.ts';
import { UsageError } from './errors.ts';
import { readInput } from './input.ts';

/** The options that say who a connection is of, and what it is to have. */
export interface CredentialOptions {
  certificate?: string;
  chain?: string;
  signer?: string;
  apiKeyFile?: string;
  sandboxUser?: boolean;
}

export interface ReachOptions {
  callbackUrl?: string[];
  permittedIp?: string[];
}

/** The text of a file that was given, or why there is none. */
export type GivenFile = { readonly file: string } & ({ readonly text: string } | { readonly problem: string });

/** What was given, with its files read; nothing of it is judged yet. */
export interface Given {
  readonly certificate?: GivenFile | undefined;
  readonly chain?: GivenFile | undefined;
  readonly apiKey?: GivenFile | undefined;
  readonly sandboxUser: boolean;
  readonly signer?: string | undefined;
  /** Of a signer that is a file here too. */
  readonly privateKeyPem?: string | undefined;
  readonly callbackUrls: readonly string[];
  readonly permittedIps: readonly string[];
}

export function readGiven(options: CredentialOptions & ReachOptions): Given {
  const read = fileReader();
  return {
    certificate: read(options.certificate, '--certificate'),
    chain: read(options.chain, '--chain'),
    apiKey: read(options.apiKeyFile, '--api-key-file'),
    sandboxUser: options.sandboxUser === true,
    signer: options.signer,
    privateKeyPem: options.signer === undefined ? undefined : privateKeyOf(options.signer),
    callbackUrls: [...new Set(options.callbackUrl ?? [])],
    permittedIps: [...new Set(options.permittedIp ?? [])],
  };
}

/** There is one stdin: a second file cannot be it. */
function fileReader() {
  let onStdin: string | null = null;
  return (file: string | undefined, option: string): GivenFile | undefined => {
    if (file === undefined) return undefined;
    if (file === '-' && onStdin !== null)
      return { file, problem: `${option} and ${onStdin} cannot both be stdin: give one of them as a file.` };
    if (file === '-') onStdin = option;
    try {
      return { file, text: readInput(file, option) };
    } catch (error) {
      if (error instanceof UsageError) return { file, problem: error.message };
      throw error;
    }
  };
}

/** Whether it fits is seen before anything is sent. The worker's file need not be here, and the worker has the passphrase of one that is encrypted. */
function privateKeyOf(signer: string): string | undefined {
  if (!signer.startsWith('file:/')) return undefined;
  try {
    const pem = readFileSync(signer.slice('file:'.length), 'utf8');
    return isEncryptedKey(pem) ? undefined : pem;
  } catch {
    return undefined;
  }
}
