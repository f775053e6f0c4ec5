import { measureCli } from './cli.mjs';
import { eventList } from './event-list.mjs';
import { measureFetch } from './fetch.mjs';
import { measureFleet } from './fleet.mjs';
import { fleetRows } from './fleet-rows.mjs';
import { measureHistories } from './histories.mjs';
import { measureListing } from './listing.mjs';
import { measureOnboarding } from './onboarding.mjs';
import { atLeast, row } from './rows.mjs';
import { measureScrape } from './scrape.mjs';
import { measureSimulator } from './simulator.mjs';
import { measureTakeover } from './takeover.mjs';

/** What is measured, each giving rows: what, its aim, what was measured. */
export const PARTS = {
  async onboarding(build) {
    const results = await measureOnboarding(build, [0, 100]);
    return results.flatMap(({ bankMs, keeper, bare }) => [
      row(`onboarding, bank at ${bankMs} ms: through Temporal (${keeper.calls} calls)`, null, keeper.ms, ' ms'),
      row(`onboarding, bank at ${bankMs} ms: bare script (${bare.calls} calls)`, null, bare.ms, ' ms'),
      row(`onboarding, bank at ${bankMs} ms: ratio`, bankMs === 0 ? 3 : 1.25, keeper.ms / bare.ms),
    ]);
  },

  async takeover(build) {
    const { medianMs, measured } = await measureTakeover(build);
    return [row(`worker killed in a step: done again by another (of ${measured.length})`, 10, medianMs / 1000, ' s')];
  },

  async histories(build, { listEvents }) {
    const { onboarding, connection, gate, connectionEvents, gateEvents } = await measureHistories(build);
    if (listEvents) {
      console.log(`\nOne renewal, the connection:\n${eventList(connectionEvents)}`);
      console.log(`\nOne slot, the gate:\n${eventList(gateEvents)}\n`);
    }
    return [
      row('onboarding: events', null, onboarding.events),
      row('onboarding: bytes', null, onboarding.bytes),
      row('renewal: events', 36, connection.events),
      row('renewal: bytes', 9 * 1024, connection.bytes),
      row('slot of the gate: events', 20, gate.events),
      row('slot of the gate: bytes', 2.5 * 1024, gate.bytes),
    ];
  },

  async fetch(build) {
    const { latencyMs, perSecond } = await measureFetch(build);
    return [
      row('keeper.fetch: latency', null, latencyMs.keeper, ' ms'),
      row('bare undici call: latency', null, latencyMs.bare, ' ms'),
      row('keeper.fetch / bare: latency', null, latencyMs.keeper / latencyMs.bare),
      row('keeper.fetch, 20 at once', null, perSecond.keeper, '/s'),
      row('bare undici call, 20 at once', null, perSecond.bare, '/s'),
      row('bare / keeper.fetch: throughput', null, perSecond.bare / perSecond.keeper),
    ];
  },

  async cli(build) {
    const { status, help, node, client } = await measureCli(build);
    return [
      row('bunq-keeper status NAME', 1000, status, ' ms'),
      row('bunq-keeper --help', null, help, ' ms'),
      row('node -e 0', null, node, ' ms'),
      row('node, loading @temporalio/client', null, client, ' ms'),
      row('status / node -e 0: ratio', null, status / node),
      row('status / loading @temporalio/client: ratio', 2, status / client),
    ];
  },

  async scrape(build) {
    const { bounded, all } = await measureScrape(build);
    return Object.entries({ bounded, 'all shown': all }).flatMap(([which, { series, bytes, gzipped, ms }]) => [
      row(`scrape, 20,000 end users, ${which}: series`, null, series),
      row(`scrape, 20,000 end users, ${which}: bytes`, null, bytes),
      row(`scrape, 20,000 end users, ${which}: gzipped`, null, gzipped),
      row(`scrape, 20,000 end users, ${which}: time`, null, ms, ' ms'),
    ]);
  },

  async listing(build) {
    const { sdk, all, scrape, wire } = await measureListing(build);
    return [
      row("listing, 20,000 end users, by the SDK's list: a connection", null, sdk, ' ms'),
      row('listing, 20,000 end users, all of each status: a connection', null, all, ' ms'),
      row('listing, 20,000 end users, for a scrape: a connection', null, scrape, ' ms'),
      row('listing, 20,000 end users, of which protobuf: a connection', null, wire, ' ms'),
      atLeast('listing: SDK / all of each status', 5, sdk / all),
      atLeast('listing: SDK / for a scrape', 5, sdk / scrape),
    ];
  },

  async simulator(build) {
    const { one, many, sessions } = await measureSimulator(build);
    const some = `${sessions.toLocaleString('en')} sessions`;
    const rows = Object.entries({ memory: 'in memory', stateFile: 'state file' }).flatMap(([kind, where]) => [
      row(`simulator, ${where}: GET /user, 1 session`, null, one.calls[kind], '/s'),
      row(`simulator, ${where}: GET /user, ${some}`, null, many.calls[kind], '/s'),
      row(`simulator, ${where}: share of the signatures of one core, 1 session`, null, one.ratio[kind]),
      atLeast(`simulator, ${where}: share of the signatures of one core, ${some}`, 0.6, many.ratio[kind]),
      atLeast(`simulator, ${where}: ${some} / 1 session`, 0.9, many.ratio[kind] / one.ratio[kind]),
    ]);
    return [row('RSA-2048 signatures of one core', null, many.signatures, '/s'), ...rows];
  },

  async fleet(build, { fleet }) {
    const measured = await measureFleet(build, fleet);
    if (measured.failed.length > 0) process.exitCode = 1;
    return fleetRows(measured);
  },
};

/** Is measured only where it is named: it takes more than ten minutes. */
export const NAMED_ONLY = ['fleet'];

export function show(rows) {
  const text = (value, unit) => (value === null ? '' : `${Number.isInteger(value) ? value : value.toFixed(2)}${unit}`);
  const table = [
    ['', 'aim', 'measured', ''],
    ...rows.map(({ what, aim, measured, unit, isLeast = false }) => [
      what,
      aim === null ? '' : `${isLeast ? '≥' : '≤'} ${text(aim, unit)}`,
      text(measured, unit),
      aim === null ? '' : (isLeast ? measured >= aim : measured <= aim) ? 'met' : 'MISSED',
    ]),
  ];
  const widths = [0, 1, 2].map((column) => Math.max(...table.map((line) => line[column].length)));
  for (const [what, aim, measured, verdict] of table)
    console.log(`${what.padEnd(widths[0])}  ${aim.padStart(widths[1])}  ${measured.padStart(widths[2])}  ${verdict}`.trimEnd());
}
