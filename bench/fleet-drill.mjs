/**
 * The bank ends all sessions at once. Nobody tells a keeper: callers whose calls are refused do, each fifth user's here (`keeper.fetch`),
 * and an operator has all others renewed (`renew --all`). How long until each has a new session, and in which order.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { atOnce, patiently } from './at-once.mjs';
import { openFleet } from './fleet-stage.mjs';
import { userMaker } from './fleet-users.mjs';
import { waitFor } from './stage.mjs';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const CALLER_EVERY = 5;
/** The gate's queue holds 500: who drops out of it asks again after a quarter of an hour, which is not shortened with the gap. */
const MOST_WAITING = 400;
/** Asked at once. */
const AT_ONCE = 8;
/** Somebody more urgent who asked so short before a session was opened came too late for that slot. */
const TOO_LATE_MS = 5000;
const ACCOUNTS = '/user/{userId}/monetary-account';
/** Renewed before, so that the keeper has seen what a slot takes. */
const SEEN = 40;
/** Beyond what is foretold, before it is given up. */
const PATIENCE = 3;

/** @param startMs what it takes to start a user */
export async function measureDrill(build, users, { gapMs, startMs }) {
  const stage = await openFleet(build, gapMs);
  try {
    const { bank, keeper, log } = stage;
    const keep = await userMaker(stage);
    const untilOverMs = Date.now() + users * (2 * startMs + PATIENCE * (gapMs + 1000));
    const kept = await keep(Array.from({ length: users }, (_, index) => untilOverMs + index * gapMs)); // none is due before the drill is over
    await bank.changeSettings({ userSessionLifetimeMs: DAY_MS });
    await renewSome(stage, kept.slice(0, SEEN));
    const { reopenDays } = (await keeper.addressUses()).find(({ egress }) => egress === keeper.egress);
    const forecastMs = reopenDays * DAY_MS;
    const present = new Map(kept.map((user) => [user, log.served.get(user.name).at(-1)]));
    await atOnce(AT_ONCE, present.values(), ({ sessionId }) => bank.revokeSession(sessionId));
    const endedMs = Date.now();
    const isReopened = ({ name }) => log.servedAfter(name, endedMs) !== null;
    const reopened = () => kept.filter(isReopened).length;
    const callers = kept.filter((_, index) => index % CALLER_EVERY === 0);
    const deadlineMs = endedMs + PATIENCE * forecastMs + MINUTE_MS;
    const answers = await tellAll(stage, inNoOrder(kept), new Set(callers), reopened, deadlineMs);
    const isOver = () => reopened() === users || Date.now() > deadlineMs;
    await waitFor('the drill is over', isOver, 500, Number.POSITIVE_INFINITY);
    if (reopened() < users) throw new Error(`${reopened()} of ${users} have a new session after ${(Date.now() - endedMs) / 1000} s`);
    const openings = kept.map((user) => ({
      rank: callers.includes(user) ? 0 : 1,
      expiresAtMs: present.get(user).expiresAtMs,
      askedMs: log.renewing.get(user.name),
      atMs: log.servedAfter(user.name, endedMs).atMs,
    }));
    const lastMs = Math.max(...openings.map(({ atMs }) => atMs));
    return { users, gapMs, callers: callers.length, answers, forecastMs, tookMs: lastMs - endedMs, passedOver: passedOver(openings) };
  } finally {
    await stage.close();
  }
}

async function renewSome({ keeper, log }, users) {
  const fromMs = Date.now();
  await atOnce(AT_ONCE, users, ({ name }) => patiently(() => keeper.renew(name, { bulk: true })));
  for (const { name } of users) await log.untilServed(name, fromMs);
}

/** A stride through all of them, so that who asks first is not who is most urgent. */
function inNoOrder(users) {
  const stride = [7, 11, 13, 17].find((prime) => users.length % prime !== 0) ?? 1;
  return users.map((_, index) => users[(index * stride) % users.length]);
}

/**
 * Tells all keepers, no more at a time than the gate has room for.
 * @returns how many calls of callers were answered with which status, or with none
 */
async function tellAll({ keeper }, users, callers, reopened, deadlineMs) {
  const answers = {};
  const calls = [];
  const call = async ({ name }) => {
    const status = await patiently(async () => (await keeper.fetch(name, ACCOUNTS)).status).catch(() => 'none');
    answers[status] = (answers[status] ?? 0) + 1;
  };
  await atOnce(AT_ONCE, users, async (user, index) => {
    while (index - reopened() > MOST_WAITING && Date.now() < deadlineMs) await sleep(100);
    if (callers.has(user)) calls.push(call(user));
    else await patiently(() => keeper.renew(user.name, { bulk: true }));
  });
  await Promise.all(calls);
  return answers;
}

/** How many sessions were opened while somebody more urgent waited: of a more urgent class, or of the same with a session that ended sooner. */
export function passedOver(openings) {
  const inOrder = openings.toSorted((one, other) => one.atMs - other.atMs);
  const isMoreUrgent = (one, other) => one.rank < other.rank || (one.rank === other.rank && one.expiresAtMs < other.expiresAtMs);
  return inOrder.filter((opening, index) =>
    inOrder.slice(index + 1).some((later) => later.askedMs + TOO_LATE_MS < opening.atMs && isMoreUrgent(later, opening)),
  ).length;
}
