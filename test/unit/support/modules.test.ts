import { readModule } from '../../support/modules.ts';

const imports = (source: string) => readModule('client/dev/it.ts', source).imports.map(({ kind, target }) => `${kind} ${target}`);
const globals = (source: string) => [...readModule('client/it.ts', source).globals];

test('every way to import is seen, with what is left of it after compilation', () => {
  expect(imports("import { a } from '../a.ts'; import 'node:fs'; export * from './b.ts'; export { c } from 'c';")).toEqual([
    'static client/a.ts',
    'static node:fs',
    'static client/dev/b.ts',
    'static c',
  ]);
  expect(imports("import type { A } from '../../bunq/a.ts'; export type * from './b.ts'; type C = import('./c.ts').C;")).toEqual([
    'type bunq/a.ts',
    'type client/dev/b.ts',
    'type client/dev/c.ts',
  ]);
  expect(imports("import { type A } from './a.ts';")).toEqual(['static client/dev/a.ts']);
  expect(imports("const load = () => import('./a.ts'); const any = (name: string) => import(name);")).toEqual([
    'dynamic client/dev/a.ts',
    'dynamic a computed name',
  ]);
});

test('globals are seen where they are used, and not where a word only looks like one', () => {
  expect(globals('const a = Date.now(); const b = new Date(); const c = new Date(1);')).toEqual(
    expect.arrayContaining(['Date.now', 'new Date()']),
  );
  expect(globals('const { env } = process; const later = setTimeout;')).toEqual(expect.arrayContaining(['process', 'setTimeout']));
  expect(globals('const c = new Date(1); const clock = { now: () => 1 }; clock.now(); // Date.now()')).toEqual(['Date']);
  expect(globals("import { setTimeout } from 'node:timers/promises'; await setTimeout(1); const url = new URL('a:b');")).toEqual(['URL']);
});
