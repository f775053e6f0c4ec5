import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { KeeperError } from '../errors.ts';
import { exited, spawnTied } from './spawn-tied.ts';

export interface WorkerProcess {
  /** Resolves when the first one takes tasks. */
  readonly ready: Promise<void>;
  /** Rejects when it ends by itself again and again. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 15_000;
const AGAIN_AFTER_MS = 1000;
/** One that ends with an exit code so soon after its start did not come up: its settings or this machine are at fault. */
const COMES_UP_WITHIN_MS = 10_000;
const MOST_FAILED_STARTS = 3;

/** A worker in a process of its own, started again when it ends; its warnings are passed on. */
export function keepWorker(env: NodeJS.ProcessEnv, say: (line: string) => void): WorkerProcess {
  let child: ChildProcess;
  let stopping = false;
  let failedStarts = 0;
  let fail: (error: Error) => void;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => {}); // whoever waits for it hears of it
  let isReady: () => void;
  const ready = new Promise<void>((resolve) => {
    isReady = resolve;
  });
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const start = () => {
    const startedAt = performance.now();
    child = spawnTied(process.execPath, [main, 'worker'], { env, stdout: 'ignore', stderr: 'pipe' });
    say(`Worker: pid ${child.pid} (kill -9 it: it is started again, and the work goes on)`);
    createInterface({ input: child.stderr! }).on('line', (line) => {
      const { level, msg } = messageOf(line);
      if (msg === WORKER_READY) isReady();
      else if (level >= PINO_WARN) say(`worker: ${msg}`);
    });
    void exited(child).then(({ code, signal }) => {
      if (stopping) return;
      failedStarts = code !== null && performance.now() - startedAt < COMES_UP_WITHIN_MS ? failedStarts + 1 : 0;
      if (failedStarts >= MOST_FAILED_STARTS) return fail(new KeeperError('The worker does not come up: its last words stand above.'));
      say(`The worker ended (${signal ?? `exit code ${code}`}); starting another.`);
      setTimeout(() => !stopping && start(), AGAIN_AFTER_MS);
    });
  };
  start();
  return {
    ready,
    failed,
    async stop() {
      stopping = true;
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = exited(child);
      child.kill('SIGTERM');
      const hurry = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
      await ended;
      clearTimeout(hurry);
    },
  };
}

/** The worker's log is JSON; what is below a warning is not for this terminal. */
const PINO_WARN = 40;

/** What a worker logs when it takes tasks (worker/run.ts). */
const WORKER_READY = 'worker is ready';

/** What is no line of its log is said by Node itself, and worth hearing. */
function messageOf(line: string): { level: number; msg: string } {
  try {
    return JSON.parse(line) as { level: number; msg: string };
  } catch {
    return { level: Number.POSITIVE_INFINITY, msg: line };
  }
}
