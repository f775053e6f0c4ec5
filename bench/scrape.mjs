/** What a scrape of a worker with 20,000 end users costs, but for Temporal's listing of them: made up statuses, and real metrics. */
import { gzipSync } from 'node:zlib';
import { median } from './stage.mjs';

const END_USERS = 20_000;
const ROUNDS = 7;
const DAY_MS = 24 * 60 * 60_000;

/** @returns of the setting's default, and of a limit that shows all: series, bytes, gzipped bytes, milliseconds */
export async function measureScrape(build) {
  const { figuresOf, showConnections } = await import(`${build}/worker/monitoring/connections.js`);
  const { createMetrics } = await import(`${build}/worker/monitoring/metrics.js`);
  const nowMs = Date.now();
  const statuses = Array.from({ length: END_USERS }, (_, index) => endUser(index, nowMs));
  const scrape = async (mostEndUsers) => {
    const metrics = createMetrics('production');
    const spent = [];
    let text = '';
    for (let round = 0; round < ROUNDS; round++) {
      const startMs = performance.now();
      showConnections(metrics, figuresOf(statuses, [], mostEndUsers, nowMs));
      text = await metrics.registry.metrics();
      spent.push(performance.now() - startMs);
    }
    const series = text.split('\n').filter((line) => line && !line.startsWith('#')).length;
    return { series, bytes: text.length, gzipped: gzipSync(text).length, ms: median(spent) };
  };
  return { bounded: await scrape(1000), all: await scrape(END_USERS) };
}

/** Every two hundredth is in trouble, so that the bound is reached. */
function endUser(index, nowMs) {
  const openedAtMs = nowMs - (index % 60) * DAY_MS;
  const at = (ms) => new Date(ms).toISOString();
  return {
    name: `acme/user-${index}`,
    state: index % 200 === 0 ? 'DEGRADED' : 'ACTIVE',
    session: { openedAt: at(openedAtMs), renewAt: at(openedAtMs + 60 * DAY_MS), expiresAt: at(openedAtMs + 90 * DAY_MS), userId: index },
    certificate: null,
    action: null,
  };
}
