import { checkWriters } from './guarded-file.ts';
import { runProgram } from './run-program.ts';
import { type OfferedSigner, publicKeyOf, signatureOf } from './signer.ts';

export interface ExecSignerSettings {
  readonly program: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly timeLimitMs: number;
}

/**
 * A program. `PROGRAM sign` gets the digest in base64 on stdin and prints the signature in base64; `PROGRAM public-key` prints
 * the public key as PEM.
 */
export function execSigner({ program, variables, timeLimitMs }: ExecSignerSettings): OfferedSigner {
  const run = async (argument: 'sign' | 'public-key', input: string) => {
    checkWriters(program);
    return runProgram({ program, argument, input, variables, timeLimitMs });
  };
  return {
    sign: async (sha256) => signatureOf(await run('sign', `${Buffer.from(sha256).toString('base64')}\n`), `${program} sign`),
    publicKey: async () => publicKeyOf(await run('public-key', ''), `${program} public-key`),
  };
}
