/** How fast this machine is: what it takes to start a user, and from one session to the next where many wait. */
import { atOnce, patiently } from './at-once.mjs';
import { openFleet, sessionCalls } from './fleet-stage.mjs';
import { userMaker } from './fleet-users.mjs';
import { median, waitFor } from './stage.mjs';

const USERS = 60;
const AT_ONCE = 8;
const HOUR_MS = 60 * 60_000;
const PATIENCE_MS = 10 * 60_000;

/** @returns milliseconds: of a slot with the gap, and of starting a user */
export async function measurePace(build, gapMs) {
  const stage = await openFleet(build, gapMs);
  try {
    const { bank, keeper, log } = stage;
    const keep = await userMaker(stage);
    const startMs = Date.now();
    const users = await keep(Array.from({ length: USERS }, () => startMs + HOUR_MS));
    const startedMs = Date.now();
    await atOnce(AT_ONCE, users, ({ name }) => patiently(() => keeper.renew(name, { bulk: true })));
    const askedMs = Date.now();
    const isRenewed = ({ name }) => log.servedAfter(name, startedMs) !== null;
    await waitFor('all are renewed', () => users.every(isRenewed), 100, PATIENCE_MS);
    const { distancesMs } = sessionCalls((await bank.requests()).filter(({ at }) => at >= askedMs));
    return { cycleMs: median(distancesMs), startMs: (startedMs - startMs) / USERS };
  } finally {
    await stage.close();
  }
}
