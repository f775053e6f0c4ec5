import { readdirSync, readFileSync } from 'node:fs';
import type { KeeperProcess } from '../../support/process.ts';
import type { Scene } from './scene.ts';
import { TemporalProxy } from './temporal-proxy.ts';

export const ASKED = 'it has asked Temporal whether it may send, and not yet heard the answer';
export const HANDED_OUT = 'it has got the task, and not yet asked Temporal';

export interface FreezeAt {
  readonly activity: string;
  readonly when: typeof ASKED | typeof HANDED_OUT;
}

/** Stops a process by SIGSTOP; when this returns, none of its threads runs. SIGCONT lets it go on where it was. */
export function freeze(pid: number): void {
  process.kill(pid, 'SIGSTOP');
  while (!isFrozen(pid));
}

/** `T` in `/proc/PID/task/TID/stat`, after the program's name in parentheses. */
const isFrozen = (pid: number) =>
  readdirSync(`/proc/${pid}/task`).every((thread) => /\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'latin1')));

/** The first of the workers that comes to the moment is frozen at it: before an answer of Temporal's reaches it. */
export async function startWorkerWithTrap(here: Scene, { activity, when }: FreezeAt, frozen: KeeperProcess[]): Promise<KeeperProcess> {
  const proxy = await TemporalProxy.start(here.env.TEMPORAL_ADDRESS!);
  const worker = await here.startWorker({ TEMPORAL_ADDRESS: proxy.address });
  proxy.beforeAnswer = ({ method, message }, answer) => {
    const isIt =
      when === ASKED
        ? method === 'RecordActivityTaskHeartbeat' && message.includes(activity) // its name stands in the task token
        : method === 'PollActivityTaskQueue' && answer.includes(activity);
    if (!isIt || frozen.length > 0) return;
    freeze(worker.pid);
    frozen.push(worker);
  };
  return worker;
}
