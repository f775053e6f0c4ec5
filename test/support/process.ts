import type { ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { exited, spawnTied } from '../../client/dev/spawn-tied.ts';
import { atEnd } from './at-end.ts';
import { ROOT } from './build.ts';
import { HANGS_AFTER_MS, until } from './until.ts';

export interface KeeperOptions {
  /** On top of a clean environment, in which no TEMPORAL_, BUNQ_ or KEEPER_ variable of the shell is left. */
  readonly env?: Readonly<Record<string, string>>;
  /** Written to stdin, which is then closed; without it stdin is empty. */
  readonly stdin?: string;
  readonly cwd?: string;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A running `bunq-keeper`. It is killed at the end of the test file if it still runs then. */
export class KeeperProcess {
  readonly pid: number;
  /** Lines of stdout and stderr in the order in which they came. */
  readonly lines: string[] = [];
  stdout = '';
  stderr = '';
  readonly #child: ChildProcess;
  readonly #command: string;

  constructor(child: ChildProcess, command: string) {
    if (child.pid === undefined) throw new Error(`${command} could not be started`);
    this.pid = child.pid;
    this.#child = child;
    this.#command = command;
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (this.stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.stderr += text));
    for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', (line) => this.lines.push(line));
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The first line, from now or before, that matches; fails as soon as the process ends without one. */
  async waitForLine(pattern: RegExp): Promise<RegExpExecArray> {
    const found = await until(
      `${this.#command} prints ${pattern}`,
      () => {
        for (const line of this.lines) {
          const match = pattern.exec(line);
          if (match) return match;
        }
        return this.running || !this.#outputRead() ? undefined : 'ended';
      },
      { everyMs: 20, seen: () => this.#output() },
    );
    if (found === 'ended')
      throw new Error(
        `${this.#command} ended (${this.#child.exitCode ?? this.#child.signalCode}) without printing ${pattern}:\n${this.#output()}`,
      );
    return found;
  }

  /** Waits for the end; a process that does not end is killed, and that is an error. */
  async ended(): Promise<Ended> {
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), HANGS_AFTER_MS);
    const startedMs = Date.now();
    const end = await exited(this.#child);
    clearTimeout(timer);
    await until('its output is read', () => this.#outputRead(), { everyMs: 5 });
    if (end.signal === 'SIGKILL' && Date.now() - startedMs >= HANGS_AFTER_MS)
      throw new Error(`${this.#command} did not end within ${HANGS_AFTER_MS / 1000} s:\n${this.#output()}`);
    return { ...end, stdout: this.stdout, stderr: this.stderr };
  }

  /** SIGKILL, SIGSTOP, SIGCONT, SIGTERM, SIGINT: to this process alone. */
  signal(signal: NodeJS.Signals): void {
    process.kill(this.pid, signal);
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await exited(this.#child);
  }

  #outputRead(): boolean {
    return [this.#child.stdout, this.#child.stderr].every((stream) => stream?.readableEnded ?? true);
  }

  #output(): string {
    return this.lines.slice(-40).join('\n');
  }
}

/** Starts `bunq-keeper` from the checkout: `startKeeper(['worker'], { env })`. */
export function startKeeper(args: readonly string[], options: KeeperOptions = {}): KeeperProcess {
  const child = spawnTied(process.execPath, [join(ROOT, 'scripts/keeper.mjs'), ...args], {
    cwd: options.cwd ?? ROOT,
    env: { ...cleanEnvironment(), ...options.env },
    stdin: options.stdin === undefined ? 'ignore' : 'pipe',
  });
  child.stdin?.on('error', () => {}); // it ended without reading
  child.stdin?.end(options.stdin);
  const keeper = new KeeperProcess(child, `bunq-keeper ${args.join(' ')}`);
  atEnd(() => keeper.kill());
  return keeper;
}

/** Runs `bunq-keeper` to its end. */
export function keeper(args: readonly string[], options: KeeperOptions = {}): Promise<Ended> {
  return startKeeper(args, options).ended();
}

/**
 * This process's environment without what points a Temporal client, the bank or the keeper anywhere (also a profile file in
 * the home folder), and without the test runner's own settings.
 */
export function cleanEnvironment(): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    ([name, value]) => value !== undefined && (name === 'KEEPER_TEMPORAL_CLI' || !UNWANTED.test(name)),
  );
  return { ...(Object.fromEntries(kept) as Record<string, string>), TEMPORAL_CONFIG_FILE: '/nonexistent/temporal.toml' };
}

const UNWANTED = /^(TEMPORAL_|BUNQ_|KEEPER_|JEST_|npm_|NODE_OPTIONS$|NODE_ENV$|FORCE_COLOR$|(http|https|all|no)_proxy$)/i;
