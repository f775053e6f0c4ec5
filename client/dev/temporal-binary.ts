import { join, resolve } from 'node:path';
import { execa } from 'execa';
import { intoCache, isExecutable, onPath, type Say } from './temporal-cache.ts';
import { sdkDownload } from './temporal-download.ts';

/** The newest release of the Temporal CLI whose Go module installs with `go install`, so that both ways give the same server. */
export const TEMPORAL_CLI_VERSION = '1.5.1';
/** The server inside it: what a CLI built by `go install`, which does not know its own version, is compared by. */
const TEMPORAL_SERVER_VERSION = '1.29.1';
const GO_MODULE = `github.com/temporalio/cli/cmd/temporal@v${TEMPORAL_CLI_VERSION}`;
/** Five minutes on two cores, cold; three times that for a slower machine. */
const GO_INSTALL_MS = 15 * 60_000;

export interface BinarySearch {
  /** Where downloaded and built programs are kept: `projectCacheDir()`. */
  readonly cacheDir: string;
  /** Told one line about each attempt that takes time or fails. */
  readonly say: Say;
  readonly env: { readonly KEEPER_TEMPORAL_CLI?: string | undefined; readonly PATH?: string | undefined };
}

/**
 * The path of a Temporal CLI that can run a development server: `KEEPER_TEMPORAL_CLI`; the pinned version in the cache; one
 * on PATH at least as new; the SDK's download; or built by Go.
 *
 * @throws Error saying what a person can do, when there is none and none can be had
 */
export async function findTemporalBinary({ cacheDir, say, env }: BinarySearch): Promise<string> {
  if (env.KEEPER_TEMPORAL_CLI) return chosen(resolve(env.KEEPER_TEMPORAL_CLI));
  const pinned = join(cacheDir, `temporal-v${TEMPORAL_CLI_VERSION}`);
  if (isExecutable(pinned)) return pinned;
  const installed = await newEnoughOnPath(env.PATH, say);
  if (installed !== undefined) return installed;
  return intoCache(pinned, say, async (folder) => (await downloaded(folder, say)) ?? built(folder, env.PATH, say));
}

async function chosen(path: string): Promise<string> {
  const version = await versionOf(path);
  if (version === undefined) throw new Error(`KEEPER_TEMPORAL_CLI is ${path}, which is not a Temporal CLI that runs here. ${WHAT_TO_DO}`);
  return path;
}

async function newEnoughOnPath(path: string | undefined, say: Say): Promise<string | undefined> {
  for (const candidate of onPath('temporal', path)) {
    const version = await versionOf(candidate);
    if (version !== undefined && isNewEnough(version)) return candidate;
    const found = version === undefined ? 'does not run or is not the Temporal CLI' : `is ${version.text}`;
    say(`${candidate} ${found}; version ${TEMPORAL_CLI_VERSION} or newer is needed: passed over`);
  }
  return undefined;
}

async function downloaded(folder: string, say: Say): Promise<string | undefined> {
  say(`Downloading Temporal CLI ${TEMPORAL_CLI_VERSION} (about 60 MB) …`);
  try {
    return await sdkDownload('temporal', `v${TEMPORAL_CLI_VERSION}`, folder);
  } catch (error) {
    say(`It could not be downloaded: ${(error as Error).message}`);
    return undefined;
  }
}

async function built(folder: string, path: string | undefined, say: Say): Promise<string> {
  const [go] = onPath('go', path);
  if (go === undefined) throw new Error(`There is no Temporal server, and no Go to build one. ${WHAT_TO_DO}`);
  say(`Building it instead: go install ${GO_MODULE} (up to five minutes the first time, then kept) …`);
  const env = { GOBIN: folder, PATH: path ?? '' };
  const result = await execa(go, ['install', '-ldflags=-s -w', GO_MODULE], {
    cwd: folder,
    env,
    timeout: GO_INSTALL_MS,
    all: true,
    reject: false,
  });
  const binary = join(folder, 'temporal');
  if (!isExecutable(binary)) {
    const reason = result.timedOut ? `not done after ${GO_INSTALL_MS / 60_000} minutes` : result.all?.trim().split('\n').at(-1);
    throw new Error(`go install ${GO_MODULE} failed: ${reason || result.shortMessage}. ${WHAT_TO_DO}`);
  }
  return binary;
}

const WHAT_TO_DO =
  `Install the Temporal CLI ${TEMPORAL_CLI_VERSION} or newer (https://docs.temporal.io/cli#install) so that \`temporal\` is on PATH, ` +
  'or set KEEPER_TEMPORAL_CLI to its path, or install Go (https://go.dev/dl) and try again.';

interface CliVersion {
  /** As the CLI says it: `temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)`. */
  readonly text: string;
  readonly cli: string;
  readonly server: string | undefined;
}

async function versionOf(path: string): Promise<CliVersion | undefined> {
  if (!isExecutable(path)) return undefined;
  const { stdout } = await execa(path, ['--version'], {
    timeout: 10_000,
    reject: false,
    stdin: 'ignore',
    env: { TEMPORAL_CONFIG_FILE: '' },
  });
  return parseCliVersion(String(stdout ?? ''));
}

export function parseCliVersion(output: string): CliVersion | undefined {
  const found = /temporal version (\d+\.\d+\.\d+)\S*(?: \(Server (\d+\.\d+\.\d+))?/.exec(output);
  return found?.[1] === undefined ? undefined : { text: found.input.trim(), cli: found[1], server: found[2] };
}

/** A CLI that `go install` built calls itself 0.0.0-DEV: there the server's version decides. */
export function isNewEnough({ cli, server }: CliVersion): boolean {
  return cli === '0.0.0' ? server !== undefined && !isOlder(server, TEMPORAL_SERVER_VERSION) : !isOlder(cli, TEMPORAL_CLI_VERSION);
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0;
}
