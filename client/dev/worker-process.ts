import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { exited, spawnTied } from './spawn-tied.ts';

export interface WorkerProcess {
  stop(): Promise<void>;
}

const STOP_WITHIN_MS = 15_000;
const AGAIN_AFTER_MS = 1000;

/** A worker in a process of its own, started again when it ends; its warnings are passed on. */
export function keepWorker(env: NodeJS.ProcessEnv, say: (line: string) => void): WorkerProcess {
  let child: ChildProcess;
  let stopping = false;
  const main = fileURLToPath(new URL('../main.js', import.meta.url));
  const start = () => {
    child = spawnTied(process.execPath, [main, 'worker'], { env, stdout: 'ignore', stderr: 'pipe' });
    say(`Worker: pid ${child.pid} (kill -9 it: it is started again, and the work goes on)`);
    createInterface({ input: child.stderr! }).on('line', (line) => passOn(line, say));
    void exited(child).then(({ code, signal }) => {
      if (stopping) return;
      say(`The worker ended (${signal ?? `exit code ${code}`}); starting another.`);
      setTimeout(() => !stopping && start(), AGAIN_AFTER_MS);
    });
  };
  start();
  return {
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

const PINO_WARN = 40;

/** The worker's log is JSON; what is below a warning is not for this terminal. */
function passOn(line: string, say: (line: string) => void): void {
  try {
    const { level, msg } = JSON.parse(line) as { level: number; msg: string };
    if (level >= PINO_WARN) say(`worker: ${msg}`);
  } catch {
    say(`worker: ${line}`);
  }
}
