import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Keeper } from '../../../client/keeper.ts';
import { readClientSettings } from '../../../client/settings.ts';
import { newSealingKeys, SealingKeySet } from '../../../sealing/key-set.ts';
import { temporaryFolder } from '../../support/at-end.ts';
import { type Ended, type KeeperProcess, keeper, startKeeper } from '../../support/process.ts';
import type { TestTemporal } from '../../support/temporal.ts';

/** What a person has before the first command: a folder, sealing keys and settings; and a worker, once it is started. */
export interface Scene {
  readonly folder: string;
  /** The settings, as a shell would export them. */
  readonly env: Readonly<Record<string, string>>;
  readonly environment: string;
  readonly sealingKeysFile: string;
  /** Runs `bunq-keeper` with these settings. */
  run(...args: string[]): Promise<Ended>;
  /** The same, with something on stdin. */
  runWith(stdin: string, ...args: string[]): Promise<Ended>;
  start(...args: string[]): KeeperProcess;
  startWorker(more?: Readonly<Record<string, string>>): Promise<KeeperProcess>;
  /** A worker in whose process, and its threads, that module is run before anything else. */
  startWorkerAfter(module: string): Promise<KeeperProcess>;
  /** The library, on the test's own connection to Temporal. */
  readonly keeper: Keeper;
}

/** @param more settings on top of the bank's, the sealing keys' and Temporal's */
export function scene(
  temporal: Pick<TestTemporal, 'address' | 'client'>,
  bank: { readonly apiUrl: string },
  more: Readonly<Record<string, string>> = {},
): Scene {
  const folder = temporaryFolder();
  const sealingKeysFile = join(folder, 'sealing-keys.json');
  const env = {
    TEMPORAL_ADDRESS: temporal.address,
    BUNQ_API_URL: bank.apiUrl,
    KEEPER_SEALING_KEYS_FILE: sealingKeysFile,
    ...more,
  };
  const text = newSealingKeys(new Date());
  writeFileSync(sealingKeysFile, text, { mode: 0o600 });
  const environment = more.BUNQ_ENVIRONMENT ?? new URL(bank.apiUrl).host;
  const keys = SealingKeySet.parse(text, sealingKeysFile);
  let modules = 0;
  const startWorker: Scene['startWorker'] = async (extra = {}) => {
    const worker = startKeeper(['worker'], { env: { ...env, ...extra } });
    await worker.waitForLine(/worker is ready/);
    return worker;
  };
  return {
    folder,
    env,
    environment,
    sealingKeysFile,
    run: (...args) => keeper(args, { env }),
    runWith: (stdin, ...args) => keeper(args, { env, stdin }),
    start: (...args) => startKeeper(args, { env }),
    startWorker,
    startWorkerAfter: (module) => {
      const file = join(folder, `first-${++modules}.mjs`);
      writeFileSync(file, module);
      return startWorker({ NODE_OPTIONS: `--import ${pathToFileURL(file)}` });
    },
    keeper: new Keeper(temporal.client, readClientSettings(env), () => keys),
  };
}

/** A certificate by the very command of bunq's guide. */
export function certificateOfTheGuide(folder: string): { readonly certificate: string; readonly key: string; readonly signer: string } {
  const command = "openssl req -x509 -newkey rsa:4096 -keyout key.pem -out cert.pem -days 365 -nodes -subj '/CN=My App PISP AISP/C=NL'";
  execFileSync('sh', ['-c', command], { cwd: folder, stdio: 'pipe' });
  const key = join(folder, 'key.pem');
  return { certificate: join(folder, 'cert.pem'), key, signer: `file:${key}` };
}
