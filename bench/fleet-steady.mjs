/**
 * So many kept users with sessions so short that their renewals take most of an address's slots; a window of that is watched, in which
 * new users are connected too.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectMade, makeLinks } from './fleet-consents.mjs';
import { countLapses, openFleet, sessionCalls } from './fleet-stage.mjs';
import { userMaker } from './fleet-users.mjs';
import { median } from './stage.mjs';

/** The share of the slots that the renewals are to take. */
export const LOAD = 0.9;
/** From the last user's start to the first renewal: what they leave behind is cleared away meanwhile. */
const REST_MS = 30_000;
/** Renewals go on so long after the window as if it went on. */
const TAIL_MS = 15_000;
/** Of them histories are weighed. */
const SAMPLE = 20;
const NEW_USERS = 10;

/** From one renewal to the next, so that renewals take the load's share of the slots; the interval of each user's; its sessions' life. */
export function planOf(users, cycleMs) {
  const stepMs = cycleMs / LOAD;
  return { stepMs, intervalMs: users * stepMs, lifeMs: Math.ceil((2 * users * stepMs) / 1000) * 1000 };
}

/**
 * @param users how many
 * @param pace `cycleMs`: from one session to the next where many wait; `startMs`: what it takes to start a user
 */
export async function measureSteady(build, users, { gapMs, windowMs, cycleMs, startMs }) {
  const { stepMs, lifeMs } = planOf(users, cycleMs);
  const stage = await openFleet(build, gapMs);
  try {
    const { bank, figures, keeper } = stage;
    const links = await makeLinks(stage, NEW_USERS);
    const keep = await userMaker(stage);
    const empty = figures();
    const loadingMs = Date.now();
    const inWindow = Math.min(users, Math.ceil((windowMs + TAIL_MS) / stepMs));
    const othersFromMs = Date.now() + 2 * users * startMs + REST_MS + inWindow * stepMs;
    const times = (number, fromMs) => Array.from({ length: number }, (_, index) => Math.round(fromMs + index * stepMs));
    const others = await keep(times(users - inWindow, othersFromMs));
    const fromMs = Date.now() + 2 * inWindow * startMs + REST_MS;
    const soon = await keep(times(inWindow, fromMs));
    const loadedMs = Date.now();
    if (loadedMs > fromMs - REST_MS / 3) throw new Error(`${users} users could not be started in time: this machine is too busy`);
    if (others.length > 0 && others[0].dueMs < fromMs + windowMs) throw new Error('the renewals of the others came too early');
    await bank.changeSettings({ userSessionLifetimeMs: lifeMs });
    await sleep(fromMs - 5000 - Date.now());
    const rest = figures();
    const sample = soon.slice(0, SAMPLE).map(({ name }) => name);
    const before = await sizesOf(stage, sample);
    await bank.resetRequests();
    await sleep(fromMs - Date.now());
    const start = figures();
    const consents = await connectMade(stage, links, windowMs);
    const untilMs = fromMs + windowMs;
    await sleep(untilMs - Date.now());
    const end = figures();
    const { calls, distancesMs, refused } = sessionCalls((await bank.requests()).filter(({ at }) => at >= fromMs && at < untilMs));
    const after = await sizesOf(stage, sample);
    const lapses = await countLapses(stage, untilMs);
    const listMs = await timed(() => keeper.list({}));
    return {
      users,
      gapMs,
      lifeMs,
      startedPerSecond: users / ((loadedMs - loadingMs) / 1000),
      lapses,
      refused,
      renewals: calls.length - consents.length,
      perSecond: (calls.length - consents.length) / (windowMs / 1000),
      slotUse: calls.length / (windowMs / cycleMs),
      leastDistanceMs: Math.min(...distancesMs),
      waitsMs: waitsOf(stage, soon, untilMs),
      consentsMs: consents,
      memory: { empty, rest, end },
      database: { perUser: (rest.database - empty.database) / users, perSession: (end.database - start.database) / calls.length },
      processorMs: processorPerSession(start, end, calls.length),
      history: perRenewal(stage, sample, before, after),
      listMs,
    };
  } finally {
    await stage.close();
  }
}

/** From each session's time to be renewed until its successor was served; whoever has none yet waits still. */
function waitsOf({ log }, users, untilMs) {
  const due = users.filter(({ dueMs }) => dueMs < untilMs);
  const waits = due.map(({ name, dueMs }) => (log.servedAfter(name, dueMs)?.atMs ?? untilMs) - dueMs);
  return { median: median(waits), most: Math.max(...waits) };
}

function processorPerSession(start, end, sessions) {
  const of = (name) => ((end.processor[name] - start.processor[name]) * 1000) / sessions;
  return { worker: of('worker'), server: of('server') };
}

const sizesOf = ({ client, keeper }, names) =>
  Promise.all(
    names.map(async (name) => {
      const { historyLength, historySize, runId } = await client.workflow.getHandle(`provider.${keeper.environment}.${name}`).describe();
      return { events: historyLength, bytes: historySize, runId };
    }),
  );

/** Of those that were renewed, and did not go on in a new run meanwhile. */
function perRenewal({ log }, names, before, after) {
  const renewed = names.flatMap((name, index) => {
    const renewals = log.served.get(name).length - 1;
    const [one, other] = [before[index], after[index]];
    if (renewals === 0 || one.runId !== other.runId) return [];
    return [{ events: (other.events - one.events) / renewals, bytes: (other.bytes - one.bytes) / renewals }];
  });
  return { events: median(renewed.map(({ events }) => events)), bytes: median(renewed.map(({ bytes }) => bytes)) };
}

async function timed(work) {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
}
