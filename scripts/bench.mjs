/**
 * Measures what the keeper costs: `npm run bench`. By hand, on a quiet machine: what counts are the ratios, measured side by side.
 *
 *     node scripts/bench.mjs            everything; ten minutes
 *     node scripts/bench.mjs histories  one of: onboarding, takeover, histories, fetch, cli, scrape, listing, simulator
 *     node scripts/bench.mjs histories --events    and each event of one renewal with its size
 */
import { build } from './build.mjs';
import { installDependencies } from './dependencies.mjs';

installDependencies();
const { PARTS, show } = await import('../bench/report.mjs');
const names = process.argv.slice(2).filter((argument) => !argument.startsWith('-'));
const unknown = names.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`bench: there is no ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}`);
  process.exit(2);
}
const folder = build();
const rows = [];
for (const [name, measure] of Object.entries(PARTS)) {
  if (names.length > 0 && !names.includes(name)) continue;
  console.error(`bench: ${name} …`);
  rows.push(...(await measure(folder, { listEvents: process.argv.includes('--events') })));
}
show(rows);
