/**
 * Kills containers of the compose stack at random and shows that nothing was lost: `npm run test:compose`. Docker with Compose and Node
 * are all that it needs. The stack is one of its own, beside any that runs, and goes with its volumes at the end, also after Ctrl-C.
 *
 *     node scripts/compose-kill-test.mjs                          ten minutes, and some to come up and to look
 *     node scripts/compose-kill-test.mjs --minutes 60 --seed 7    for an hour, by other dice
 *
 * Exit code 0: nothing was lost; 1: something was, or the stack did not come up; 2: bad usage; 130: interrupted.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { CONNECTIONS, LATE, onboard, shortenSessions } from '../test/compose/connections.mjs';
import { examine, untilActive } from '../test/compose/examination.mjs';
import { plan } from '../test/compose/plan.mjs';
import { composeVersion, down, FAULTS, interruptCommands, logsOf, unpause, untilHealthy, up } from '../test/compose/stack.mjs';

const SERVICES = ['postgresql', 'temporal', 'worker-1', 'worker-2'];
const BACK_WITHIN_MS = 3 * 60_000;
const ACTIVE_WITHIN_MS = 5 * 60_000;

const { minutes, seed } = options();
const startMs = Date.now();
let interrupted = false;
const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupt);

process.exitCode = await run();

async function run() {
  try {
    say(`docker compose ${await composeVersion()}; ${minutes} minutes, seed ${seed}`);
  } catch (error) {
    say(`FAILED: Docker with Compose is needed, 2.24 or newer: ${error.message}`);
    return 1;
  }
  try {
    await down(); // of a run that was killed itself
    say('bringing the stack up …');
    await up();
    return (await killAndExamine()) ? 0 : 1;
  } catch (error) {
    if (interrupted) return 130;
    say(`FAILED: ${error.message}`);
    console.error(await logsOf(SERVICES).catch(() => ''));
    return 1;
  } finally {
    say('taking the stack down …');
    await unpause();
    await down().catch((error) => say(`it is left there: ${error.message}`));
  }
}

/** @returns whether nothing was lost */
async function killAndExamine() {
  say('up and healthy; onboarding …');
  await shortenSessions();
  const early = CONNECTIONS.filter((connection) => connection !== LATE);
  for (const connection of early) await onboard(connection);
  const before = await untilActive(early, ACTIVE_WITHIN_MS);
  say(`${early.map(({ name }) => name).join(', ')} ACTIVE`);

  const endMs = Date.now() + minutes * 60_000;
  const late = sleep((minutes * 60_000) / 3, null, { signal: stop.signal })
    .then(() => onboard(LATE, { untilMs: endMs + ACTIVE_WITHIN_MS, signal: stop.signal, say }))
    .catch((error) => error);
  const outages = await killUntil(endMs);
  say('no more kills; everything is brought back');
  await untilHealthy(SERVICES, BACK_WITHIN_MS);
  const backMs = Date.now();
  const failed = await late;
  if (failed instanceof Error) throw failed;
  const after = await untilActive(CONNECTIONS, ACTIVE_WITHIN_MS);
  return summarise(await examine({ before, after, outages, backMs, activeMs: Date.now() }), outages);
}

/** @returns when what was down */
async function killUntil(endMs) {
  const outages = [];
  for (const { services, kind, downMs, calmMs } of plan(seed)) {
    if (Date.now() >= endMs) return outages;
    const fromMs = Date.now();
    await FAULTS[kind].begin(services);
    if (kind !== 'crash') await sleep(downMs, null, { signal: stop.signal });
    await FAULTS[kind].end(services);
    await untilHealthy(services, BACK_WITHIN_MS);
    outages.push({ kind, services, fromMs, untilMs: Date.now() });
    say(`${kind} ${services.join(' and ')}: healthy again after ${seconds(Date.now() - fromMs)} s`);
    await sleep(calmMs, null, { signal: stop.signal });
  }
}

function summarise({ problems, figures }, outages) {
  const count = (kind) => outages.filter((outage) => outage.kind === kind).length;
  const down = outages.reduce((sum, { fromMs, untilMs }) => sum + untilMs - fromMs, 0);
  say(
    `${outages.length} faults: ${count('kill')} kills, ${count('crash')} crashes, ${count('pause')} pauses; something was down for ${seconds(down)} s`,
  );
  for (const figure of figures) say(figure);
  for (const problem of problems) say(`PROBLEM: ${problem}`);
  say(problems.length === 0 ? 'PASSED: nothing was lost' : `FAILED: ${problems.length} problems; again with --seed ${seed}`);
  return problems.length === 0;
}

function interrupt() {
  if (interrupted) return;
  interrupted = true;
  say('interrupted');
  stop.abort(new Error('interrupted'));
  interruptCommands();
}

function options() {
  try {
    const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string', default: '1' } } });
    const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
    if (!(minutes > 0 && minutes <= 24 * 60)) throw new Error(`--minutes ${values.minutes}: it is a number of minutes, at most a day`);
    if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32)
      throw new Error(`--seed ${values.seed}: it is a whole number from 0 to 2^32 - 1`);
    return { minutes, seed };
  } catch (error) {
    console.error(`compose-kill-test: ${error.message}`);
    process.exit(2);
  }
}

function say(line) {
  const at = Math.floor((Date.now() - startMs) / 1000);
  console.log(`${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')} ${line}`);
}

function seconds(ms) {
  return Math.round(ms / 1000);
}
