import { existsSync, readFileSync } from 'node:fs';
import { parseSync } from '@swc/core';
import { type Settings, settingsSchema } from '../../simulator/settings.ts';

/** simulator/CONFORMANCE.md names tests and settings: they are there. */

const list = readFileSync(new URL('../../simulator/CONFORMANCE.md', import.meta.url), 'utf8');
const rows = list
  .split('\n')
  .filter((line) => /^\| (?!point |---)/.test(line))
  .map((line) => {
    const [point = '', shownBy = '', settings = ''] = line.slice(2).split(' |');
    return { point, tests: shownBy.trim().split('<br>'), settings: [...settings.matchAll(/`(\w+)`: `([^`]+)`/g)] };
  });

/** What the tests of a file and their groups are called. */
function namesIn(file: string): Set<string> {
  const path = new URL(`${file}.test.ts`, import.meta.url);
  if (!existsSync(path)) return new Set();
  const names = new Set<string>();
  // biome-ignore lint/suspicious/noExplicitAny: a syntax tree has a hundred kinds of nodes
  const visit = (node: any): void => {
    if (typeof node !== 'object' || node === null) return;
    const [first] = node.type === 'CallExpression' ? node.arguments : [];
    if (first?.expression.type === 'StringLiteral' && /^(test|describe)$/.test(rootOf(node.callee))) names.add(first.expression.value);
    Object.values(node).forEach(visit);
  };
  visit(parseSync(readFileSync(path, 'utf8'), { syntax: 'typescript', target: 'es2022' }));
  return names;
}

/** `test` of `test.each([…])`. */
// biome-ignore lint/suspicious/noExplicitAny: a syntax tree has a hundred kinds of nodes
const rootOf = (node: any): string =>
  node.type === 'Identifier' ? node.value : rootOf(node.callee ?? node.object ?? { type: 'Identifier', value: '' });

test('every point is shown by a test that is there, under the name that it has', () => {
  expect(rows.length).toBeGreaterThan(60);
  const missing = rows.flatMap(({ point, tests }) =>
    tests.flatMap((text) => {
      const [, file = '', name = ''] = /^`([\w-]+)`: (.+)$/.exec(text) ?? [];
      return namesIn(file).has(name.replaceAll('\\\\', '\\')) ? [] : [`${point}: ${text}`];
    }),
  );
  expect(missing).toEqual([]);
});

test('every setting that is named is one, with that default', () => {
  const defaults = settingsSchema.parse({});
  const named = rows.flatMap(({ settings }) => settings.map(([, name, value]) => [name!, value!] as const));
  expect(named.length).toBeGreaterThan(30);
  expect(named.filter(([name, value]) => String(defaults[name as keyof Settings]) !== value)).toEqual([]);
});

test('every setting that says how the bank may be otherwise is named', () => {
  const named = new Set(rows.flatMap(({ settings }) => settings.map(([, name]) => name!)));
  const KNOBS = ['callerAddress', 'callerAddresses', 'hostile', 'hostileRates', 'limits']; // make the bank no other, or have no default
  const ways = Object.keys(settingsSchema.shape).filter((name) => !named.has(name) && !KNOBS.includes(name));
  expect(ways).toEqual([]);
});
