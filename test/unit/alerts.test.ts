import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMetrics } from '../../worker/monitoring/metrics.ts';
import { ROOT } from '../support/build.ts';

/** Rules, runbook and metrics belong together; whether the rules fire is told by promtool (test/end-to-end/alerts.test.ts). */

const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const rules = read('alerts/bunq-keeper.rules.yml');
const ruleTests = read('alerts/bunq-keeper.rules.test.yml');

const all = (text: string, pattern: RegExp) => [...new Set([...text.matchAll(pattern)].map(([, found]) => found!))].sort();

const alerts = all(rules, /^ +- alert: (\w+)$/gm);
const metrics = createMetrics('sandbox').registry.getMetricsAsArray();
const metricNames = metrics.map(({ name }) => name).sort();

test('every alert has a page in the runbook, and every such page an alert', () => {
  const pages = readdirSync(join(ROOT, 'docs/runbook')).filter((name) => name.startsWith('BunqKeeper'));
  expect(alerts.length).toBeGreaterThan(10);
  expect(pages.sort()).toEqual(alerts.map((alert) => `${alert}.md`));
});

test('every alert links to its page, and says how bad it is and what it is', () => {
  const blocks = rules.split(/^ +- (?=alert: )/m).slice(1);
  for (const block of blocks) {
    const alert = /^alert: (\w+)/.exec(block)![1]!;
    expect(block).toMatch(/severity: (info|warning|critical)/);
    if (block.includes('annotations: *certificate')) continue; // those of the first of its name
    expect(block).toContain(`runbook_url: docs/runbook/${alert}.md`);
    expect(block).toMatch(/^ +summary: /m);
  }
});

test('every page says what an alert means, how to look and what to do', () => {
  for (const alert of alerts) {
    const headings = all(read(`docs/runbook/${alert}.md`), /^#+ (.+)$/gm);
    expect(headings).toEqual([alert, 'How to look', 'What it means', 'What to do'].sort());
  }
});

test('every metric in a rule is one that a worker has', () => {
  const used = all(rules.replace(/^ *#.*$/gm, ''), /\b(bunq_keeper_\w+)/g);
  expect(used.length).toBeGreaterThan(10);
  expect(used.filter((name) => !metricNames.includes(name))).toEqual([]);
});

test('every alert is tested to fire', () => {
  const silent = alerts.filter((alert) => !new RegExp(`alertname: ${alert}\\n +exp_alerts:\\n +- exp_labels`).test(ruleTests));
  expect(silent).toEqual([]);
});

test('docs/metrics.md has a row for every metric, and for no other, with its type and labels', () => {
  const rows = [...read('docs/metrics.md').matchAll(/^\| `(bunq_keeper_\w+)` \| (\w+) \| (.*?) \|/gm)].map(([, name, type, labels]) => ({
    name: name!,
    type: type!,
    labels: [...labels!.matchAll(/`(\w+)`/g)].map(([, label]) => label!),
  }));
  const known = metrics.map((metric) => {
    const { name, type, labelNames } = metric as unknown as { name: string; type: string; labelNames: string[] };
    return { name, type, labels: labelNames };
  });
  const byName = (one: { name: string }, other: { name: string }) => (one.name < other.name ? -1 : 1);
  expect(rows.sort(byName)).toEqual(known.sort(byName));
});
