/**
 * Measures what the keeper costs: `npm run bench`. By hand, on a quiet machine: what counts are the ratios, measured side by side.
 *
 *     node scripts/bench.mjs            everything but the fleet; ten minutes
 *     node scripts/bench.mjs histories  one of: onboarding, takeover, histories, fetch, cli, scrape, listing, simulator, fleet
 *     node scripts/bench.mjs histories --events    and each event of one renewal with its size
 *     node scripts/bench.mjs --fleet    thousands of kept users; an hour. It says first how long each number of them takes
 *         --users 1000,5000,20000    how many, each on a stage of its own
 *         --drill 600                how many there are when the bank ends all sessions at once; 0: no drill
 *         --gap 200ms                between two sessions
 *         --window 4m                how long the renewals of each number of users are watched
 */
import { parseArgs } from 'node:util';
import { build } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

installDependencies();
const { PARTS, NAMED_ONLY, show } = await import('../bench/report.mjs');
const { names, options } = understood(process.argv.slice(2));
const folder = build();
const rows = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (names.length > 0 ? !names.includes(name) : NAMED_ONLY.includes(name)) continue;
  console.error(`bench: ${name} …`);
  rows.push(...(await measure(folder, options)));
}
show(rows);

function understood(args) {
  try {
    const { values, positionals } = parseArgs({ args, allowPositionals: true, options: knownOptions() });
    const unknown = positionals.filter((name) => !(name in PARTS));
    if (unknown.length > 0) throw new Error(`there is no ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
    const { events, users, drill, gap, window } = values;
    const fleet = {
      users: users.split(',').map((number) => wholeNumber('--users', number, 1, 100_000)),
      drill: wholeNumber('--drill', drill, 0, 100_000),
      gapMs: milliseconds('--gap', gap),
      windowMs: milliseconds('--window', window),
    };
    return { names: [...positionals, ...(values.fleet ? ['fleet'] : [])], options: { listEvents: events, fleet } };
  } catch (error) {
    console.error(`bench: ${error.message}`);
    process.exit(2);
  }
}

function knownOptions() {
  const text = (of) => ({ type: 'string', default: of });
  const flag = { type: 'boolean', default: false };
  return { events: flag, fleet: flag, users: text('1000,5000,20000'), drill: text('600'), gap: text('200ms'), window: text('4m') };
}

function wholeNumber(option, text, least, most) {
  if (/^\d{1,6}$/.test(text) && Number(text) >= least && Number(text) <= most) return Number(text);
  throw new Error(`${option} takes whole numbers from ${least} to ${most}, not ${text}`);
}

function milliseconds(option, text) {
  const match = /^([1-9]\d{0,4})(ms|s|m)$/.exec(text);
  if (match) return Number(match[1]) * { ms: 1, s: 1000, m: 60_000 }[match[2]];
  throw new Error(`${option} takes a duration, as 200ms, 30s or 4m, not ${text}`);
}
