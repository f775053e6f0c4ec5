import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { choosePort } from './temporal-ports.ts';

/** Where the worker of `dev` takes the end users that the bank sends back. */
export interface DevCallback {
  /** For KEEPER_CALLBACK_ADDRESS. */
  readonly address: string;
  /** As it is registered at the bank: the same at each run, while its port is free. */
  readonly url: string;
}

const PREFERRED_PORT = 8091;

/** @param file what keeps the port for the next run */
export async function devCallback(file: string, say: (line: string) => void): Promise<DevCallback> {
  const kept = existsSync(file) ? Number(readFileSync(file, 'utf8')) : Number.NaN;
  const port = await choosePort(Number.isInteger(kept) && kept > 0 ? kept : PREFERRED_PORT, 'the callback server', say);
  writeFileSync(file, `${port}\n`);
  return { address: `127.0.0.1:${port}`, url: `http://localhost:${port}/callback` };
}
