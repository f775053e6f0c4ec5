import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { currentBuild, ROOT } from '../support/build.ts';
import { texts } from '../support/texts.ts';

const THIS = 'test/unit/repository.test.ts';

const files = texts().filter((path) => path !== THIS);

const mentions = (pattern: RegExp) =>
  files.flatMap((path) =>
    readFileSync(join(ROOT, path), 'utf8')
      .split('\n')
      .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 100)}`] : [])),
  );

test('no file names a path of one machine', () => {
  expect(files.length).toBeGreaterThan(150);
  expect(mentions(/(^|[\s'"`(=:])\/(root|work|Users|home\/(?!node\b|temporal\b)\w+)\/\w/)).toEqual([]);
});

test('no file names the host of a package registry: whoever installs has set one', () => {
  expect(
    mentions(/\bregistry\.npmjs\.|\bregistry\.yarnpkg\.|\bpypi\.org\b|\bpythonhosted\.|\bproxy\.golang\.|\brepo1?\.maven\b|artifactory/i),
  ).toEqual([]);
});

test('the project speaks of itself, not of how it is made', () => {
  expect(mentions(/\b(language models?|(coding|AI) assistants?|(issue|ticket) #?\d+)\b/i)).toEqual([]);
});

test('every page that is named is there', () => {
  const pages = new Set(files.filter((path) => path.endsWith('.md')).map((path) => basename(path)));
  const named = files.flatMap((path) =>
    [...readFileSync(join(ROOT, path), 'utf8').matchAll(/[\w-]+\.md\b(?!\.)/g)].map(([page]) => ({ path, page })),
  );
  expect(named.filter(({ page }) => !pages.has(page))).toEqual([]);
});

test('all that package.json promises is built or there', () => {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
    bin: Record<string, string>;
    exports: Record<string, string | { types: string; default: string }>;
    files: string[];
  };
  const { folder } = currentBuild();
  const entries = Object.values(manifest.exports).flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)));
  const places = [
    ...Object.values(manifest.bin),
    ...entries,
    ...manifest.files.filter((name) => !name.startsWith('!')),
    'README.md',
    'LICENSE',
  ];
  const missing = places.filter((place) => !existsSync(place.replace(/^(\.\/)?dist\b/, folder)) && !existsSync(join(ROOT, place)));
  expect(missing).toEqual([]);
  expect(readFileSync(join(folder, 'client/main.js'), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
});
