import { type Simulator, startSimulator } from '../../../simulator/index.ts';
import type { KeeperProcess } from '../../support/process.ts';
import { temporalServer } from '../../support/temporal.ts';
import { type Scene, scene } from './scene.ts';

/** The bank's distance between two sessions of one address, shortened. */
const GAP_MS = 100;

/** A bank with room for many users at one address, and a worker: nobody is onboarded yet. */
export async function sceneForMany(
  more: Readonly<Record<string, string>> = {},
): Promise<{ bank: Simulator; here: Scene; worker: KeeperProcess }> {
  const [temporal, bank] = await Promise.all([
    temporalServer({ registered: true }),
    startSimulator({ callRateLimits: false, sessionGapMs: GAP_MS }),
  ]);
  const here = scene(temporal, bank, { KEEPER_SESSION_GAP: `${GAP_MS}ms`, KEEPER_CALL_LIMITS: 'off', ...more });
  return { bank, here, worker: await here.startWorker() };
}
