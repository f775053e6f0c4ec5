/**
 * Thousands of kept users on one machine, their sessions shortened with the gap between two of them: each number of users on a stage of
 * its own, one after the other, and then the loss of every session. It says first how long it takes, and ends by itself.
 */
import { measureDrill } from './fleet-drill.mjs';
import { measurePace } from './fleet-pace.mjs';
import { measureSteady, planOf } from './fleet-steady.mjs';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
/** A stage's servers, its rest before the window, and what is counted at the end. */
const AROUND_MS = 90 * SECOND_MS;
/** Of the drill: so long that what a slot takes beyond it is little, as it is of bunq's 30 s. */
const DRILL_GAP_FACTOR = 5;

/**
 * @param options `users`: how many, each; `drill`: how many of the drill, 0 for none; `gapMs`; `windowMs`: how long renewals are watched
 * @returns what the pace is, the numbers of users that were measured, the drill, and what failed
 */
export async function measureFleet(build, { users, drill, gapMs, windowMs }) {
  if (process.platform !== 'linux') throw new Error('what processes take is read in /proc: --fleet runs on Linux only');
  const failed = [];
  const say = (line) => console.error(`bench: fleet: ${line}`);
  say('how fast this machine is: a few minutes at most …');
  const pace = await measurePace(build, gapMs);
  sayPlan(say, { users, drill, gapMs, windowMs }, pace);
  const attempt = async (what, measure) => {
    say(`${what} …`);
    return measure().catch((error) => {
      say(`${what}: ${error.message}${error.cause ? `: ${error.cause.message}` : ''}`);
      failed.push(what);
      return null;
    });
  };
  const sizes = [];
  const sayMeasured = ({ users: number, lapses, refused, renewals, perSecond, memory }) => {
    const mebibytes = Math.round(memory.rest.memory.worker.now / 1024 ** 2);
    say(
      `${number} users: ${lapses} lapses, ${refused} refused, ${renewals} renewals (${perSecond.toFixed(2)}/s), worker at rest ${mebibytes} MiB`,
    );
  };
  for (const number of users) {
    const measured = await attempt(`${number} users`, () => measureSteady(build, number, { gapMs, windowMs, ...pace }));
    if (!measured) continue;
    sayMeasured(measured);
    sizes.push(measured);
  }
  const drilled =
    drill > 0 &&
    (await attempt(`drill of ${drill} users`, () =>
      measureDrill(build, drill, { gapMs: gapMs * DRILL_GAP_FACTOR, startMs: pace.startMs }),
    ));
  return { gapMs, pace, sizes, drilled: drilled || null, failed };
}

function sayPlan(say, { users, drill, gapMs, windowMs }, { cycleMs, startMs }) {
  const minutes = (ms) => `${Math.ceil(ms / MINUTE_MS)} min`;
  say(
    `a slot takes ${Math.round(cycleMs)} ms, of which the gap is ${gapMs}; ${Math.round(SECOND_MS / startMs)} users are started a second`,
  );
  let totalMs = 0;
  for (const number of users) {
    const { lifeMs, stepMs } = planOf(number, cycleMs);
    const tookMs = number * startMs + Math.min(number, windowMs / stepMs) * startMs + windowMs + AROUND_MS;
    totalMs += tookMs;
    const renewals = Math.round(windowMs / stepMs);
    say(
      `${number} users, sessions of ${minutes(lifeMs)}: about ${minutes(tookMs)}, of which ${minutes(windowMs)} with ${renewals} renewals are watched`,
    );
  }
  if (drill > 0) {
    const tookMs = drill * (startMs + gapMs * DRILL_GAP_FACTOR + cycleMs - gapMs) + AROUND_MS;
    totalMs += tookMs;
    say(`drill of ${drill} users: about ${minutes(tookMs)}`);
  }
  say(`together about ${minutes(totalMs)}`);
}
