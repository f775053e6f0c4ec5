import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { TREATMENT } from '../../workflows/blame.ts';
import { ACTION_CODES } from '../../workflows/codes.ts';
import { currentBuild, ROOT } from '../support/build.ts';

const NOT_OURS = new Set(['.git', '.build', '.bunq-keeper', '.cache', 'coverage', 'dist', 'node_modules']);
const TEXT = /\.(ts|mjs|js|json|md|py|sh|ya?ml|toml|cnf|sql)$|\/(Dockerfile|LICENSE|run|\.[a-z]+)$/;
const THIS = 'test/unit/repository.test.ts';

const files = texts('');

function texts(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return NOT_OURS.has(entry.name) ? [] : texts(path);
    return TEXT.test(`/${path}`) && path !== THIS ? [path] : [];
  });
}

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

test('docs/errors.md has a heading for every code that a connection reports, and for no other', () => {
  const page = readFileSync(join(ROOT, 'docs/errors.md'), 'utf8');
  const headings = [...page.matchAll(/^### (.+)$/gm)].map(([, heading]) => heading!);
  const codes = new Set([...ACTION_CODES, ...Object.keys(TREATMENT)]);
  expect([...headings].sort()).toEqual([...codes].sort());
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
