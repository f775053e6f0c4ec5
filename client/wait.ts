import { setTimeout as sleep } from 'node:timers/promises';
import { EXIT, KeeperError } from './errors.ts';
import type { Keeper, KnownStatus } from './keeper.ts';
import { tell } from './output.ts';
import { missingWorker } from './pollers.ts';

const ASK_EVERY_MS = 500;
/** Without progress for so long, the pollers are looked at. */
const LOOK_AFTER_MS = 2000;

export interface Waiting {
  /** True when there is nothing more to wait for. */
  until: (status: KnownStatus) => boolean;
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
  let movedAt = startedAt;
  let last = '';
  let said = '';
  for (;;) {
    const status = await keeper.status(name);
    onStatus?.(status);
    if (until(status)) return status;
    const shown = JSON.stringify([status.state, status.steps]);
    if (shown !== last) [last, movedAt] = [shown, performance.now()];
    if (performance.now() - movedAt > LOOK_AFTER_MS || status.worker === false) {
      const why = await whatIsMissing(keeper, status);
      if (kindOf(why) !== said && why !== '') tell(why);
      said = kindOf(why);
    }
    if (performance.now() - startedAt > timeoutMs) {
      throw new KeeperError(
        `${name} is ${status.state}; not done in time. It goes on by itself: bunq-keeper status ${name}`,
        EXIT.notDoneInTime,
      );
    }
    await sleep(ASK_EVERY_MS);
  }
}

async function whatIsMissing(keeper: Keeper, { name, worker }: KnownStatus): Promise<string> {
  const ask = async () => (worker === false ? keeper.whyNoAnswer(name) : (await keeper.missingWorkers(name)).map(missingWorker));
  return (await ask().catch(() => [])).join('\n');
}

/** The same thing is said once, however long it lasts. */
const kindOf = (sentences: string) => sentences.replace(/\d+ s ago/g, '');

/** The exit code that a state at the end of waiting means. */
export const exitCodeFor = (status: KnownStatus): number => (status.state === 'ACTION_REQUIRED' ? EXIT.waitsForPerson : EXIT.done);
