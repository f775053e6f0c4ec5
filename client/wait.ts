import { setTimeout as sleep } from 'node:timers/promises';
import { TemporalUnavailableError } from './connection-workflows.ts';
import { EXIT, KeeperError } from './errors.ts';
import type { Keeper } from './keeper.ts';
import type { KnownStatus } from './known-status.ts';
import { tell } from './output.ts';
import { missingWorker } from './pollers.ts';

const ASK_EVERY_MS = 500;
/** Without progress for so long, the pollers are looked at. */
const LOOK_AFTER_MS = 2000;

export interface Waiting {
  /** True when there is nothing more to wait for. */
  until: (status: KnownStatus) => boolean | Promise<boolean>;
  timeoutMs: number;
  onStatus?: (status: KnownStatus) => void;
}

/**
 * Asks for the status until it is as wished, or a person is needed; says once what is missing when nothing moves. Ctrl-C
 * stops the waiting, never the work.
 * @throws KeeperError with exit code 4 when it is not done in time
 */
export async function waitFor(keeper: Keeper, name: string, { until, timeoutMs, onStatus }: Waiting): Promise<KnownStatus> {
  const startedAt = performance.now();
  const sayOnce = once();
  let movedAt = startedAt;
  let last = '';
  let state = 'not heard of';
  while (performance.now() - startedAt <= timeoutMs) {
    const status = await statusOrWhyNot(keeper, name);
    if (typeof status === 'string') sayOnce(status);
    else {
      onStatus?.(status);
      if (await until(status)) return status;
      state = status.state;
      const shown = JSON.stringify([status.state, status.steps]);
      if (shown !== last) [last, movedAt] = [shown, performance.now()];
      const isStill = performance.now() - movedAt > LOOK_AFTER_MS || status.worker === false;
      sayOnce(isStill ? await whatIsMissing(keeper, status) : '');
    }
    await sleep(ASK_EVERY_MS);
  }
  throw new KeeperError(`${name} is ${state}; not done in time. It goes on by itself: bunq-keeper status ${name}`, EXIT.notDoneInTime);
}

/** A server that is away does not end the waiting. */
async function statusOrWhyNot(keeper: Keeper, name: string): Promise<KnownStatus | string> {
  try {
    return await keeper.status(name);
  } catch (error) {
    if (error instanceof TemporalUnavailableError) return `${error.message}. Waiting for it.`;
    throw error;
  }
}

/** Says a thing once, however long it lasts. */
function once(): (sentences: string) => void {
  let said = '';
  return (sentences) => {
    const kind = sentences.replace(/\d+ s ago|attempt \d+/g, '');
    if (kind !== said && kind !== '') tell(sentences);
    said = kind;
  };
}

async function whatIsMissing(keeper: Keeper, { name, worker }: KnownStatus): Promise<string> {
  const ask = async () => (worker === false ? keeper.whyNoAnswer(name) : (await keeper.missingWorkers(name)).map(missingWorker));
  return (await ask().catch(() => [])).join('\n');
}
