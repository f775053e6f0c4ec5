import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { atEnd } from '../support/at-end.ts';
import { currentBuild } from '../support/build.ts';
import { cleanEnvironment } from '../support/process.ts';
import { send } from './client.ts';

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** `bunq-keeper simulator` as a process of its own, on free ports. */
export interface BankProcess {
  readonly apiUrl: string;
  readonly manageUrl: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  look(path: string): Promise<any>;
  kill(): void;
  readonly ended: Promise<Ended>;
}

let main: string | undefined;

/** @param fileKiB how large a file it may write, in KiB or half of them, as the shell has it */
export function spawnBank(args: readonly string[], fileKiB?: number): { child: ChildProcess; ended: Promise<Ended> } {
  main ??= join(currentBuild().folder, 'client/main.js');
  const limited = `${fileKiB === undefined ? '' : `ulimit -f ${fileKiB}; `}exec "$@"`;
  const child = spawn('sh', ['-c', limited, 'sh', process.execPath, main, 'simulator', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  atEnd(() => child.kill('SIGKILL'));
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stderr }) as Ended);
  return { child, ended };
}

/** @throws Error with what it said when it ends instead */
export async function startBank(args: readonly string[], fileKiB?: number): Promise<BankProcess> {
  const { child, ended } = spawnBank(['--json', '--port', '0', '--manage-port', '0', ...args], fileKiB);
  const line = once(createInterface(child.stdout!), 'line') as Promise<[string]>;
  const first = await Promise.race([line, ended]);
  if (!Array.isArray(first)) throw new Error(`the bank ended (${first.code ?? first.signal}): ${first.stderr}`);
  const { apiUrl, manageUrl } = JSON.parse(first[0]) as { apiUrl: string; manageUrl: string };
  return { apiUrl, manageUrl, look: async (path) => (await send(manageUrl, 'GET', path)).json, kill: () => child.kill('SIGKILL'), ended };
}
