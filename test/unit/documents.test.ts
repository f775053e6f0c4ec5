import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { SealingErrorCode } from '../../sealing/errors.ts';
import { remedyFor } from '../../workflows/actions.ts';
import { TREATMENT } from '../../workflows/blame.ts';
import { ACTION_CODES } from '../../workflows/codes.ts';
import { ROOT } from '../support/build.ts';
import { anchorsOf, headingsOf, linksOf, resolveLink } from '../support/markdown.ts';
import { readText, texts } from '../support/texts.ts';

/** What the pages say of each other: links, anchors, and a page for each code. */

const pages = texts().filter((path) => path.endsWith('.md'));
const links = pages.flatMap((page) => linksOf(readText(page)).map((link) => ({ page, ...link })));
const isExternal = (target: string) => /^[a-z][a-z+.-]*:/i.test(target);
const internal = links.filter(({ target }) => !isExternal(target)).map((link) => ({ ...link, ...resolveLink(link.page, link.target) }));
const where = ({ page, line, target }: { page: string; line: number; target: string }) => `${page}:${line}: ${target}`;

test('every relative link leads to a file or folder of the project', () => {
  expect(internal.length).toBeGreaterThan(100);
  expect(internal.filter(({ path }) => path.startsWith('..') || !existsSync(join(ROOT, path))).map(where)).toEqual([]);
});

test('every anchor that is linked is there', () => {
  const anchored = internal.filter(({ path, anchor }) => anchor !== null && path.endsWith('.md') && existsSync(join(ROOT, path)));
  expect(anchored.length).toBeGreaterThan(10);
  expect(anchored.filter(({ path, anchor }) => !anchorsOf(readText(path)).has(anchor!)).map(where)).toEqual([]);
});

test('every other link is a well-formed URL', () => {
  const isWellFormed = (target: string) => URL.canParse(target) && /^(https?|mailto):$/.test(new URL(target).protocol);
  expect(links.filter(({ target }) => isExternal(target) && !isWellFormed(target)).map(where)).toEqual([]);
});

test('every page is found from the README, link by link', () => {
  const found = new Set(['README.md']);
  for (const page of found)
    for (const { page: from, path } of internal) {
      if (from !== page) continue;
      const isFolder = !path.endsWith('.md');
      for (const other of pages) if (other === path || (isFolder && other.startsWith(`${path}/`))) found.add(other);
    }
  expect(pages.filter((page) => !found.has(page))).toEqual([]);
});

const SEALING_CODES: Record<SealingErrorCode, true> = {
  SEALING_KEY_MISSING: true,
  SEALED_VALUE_REJECTED: true,
  SEALING_KEYS_INVALID: true,
};
const codes = [...new Set([...ACTION_CODES, ...Object.keys(TREATMENT), ...Object.keys(SEALING_CODES)])].sort();

test('docs/runbook has a page for every code that is reported, and of codes no other', () => {
  const names = readdirSync(join(ROOT, 'docs/runbook')).map((name) => name.replace(/\.md$/, ''));
  expect(names.filter((name) => /^[A-Z_]+$/.test(name)).sort()).toEqual(codes); // an alert's page is named as the alert is
});

test('the index of codes has each of them once, under its own anchor', () => {
  const index = readText('docs/errors.md');
  const rows = [...index.matchAll(/^\| <a id="(\w+)"><\/a>\[(\w+)\]\(runbook\/(\w+)\.md\) \| /gm)];
  expect(rows.map(([, , code]) => code).sort()).toEqual(codes);
  for (const [, anchor, code, file] of rows) expect([anchor, file]).toEqual([code!.toLowerCase(), code]);
});

test('every page of a code says what it means, what goes on, how to look, what to do, when it is over, and when to call bunq', () => {
  const HEADINGS = [
    'What it means',
    'What goes on by itself',
    'How to look',
    'What to do',
    'How to see that it is over',
    'When to call bunq',
  ];
  for (const code of codes) {
    const page = readText(`docs/runbook/${code}.md`);
    expect(headingsOf(page)).toEqual([code, ...HEADINGS]);
    expect(page).toMatch(/^\*\*Now:\*\* \S/m);
  }
});

const ANYBODY = { name: 'NAME', permittedIps: [] };

test('the page of a code that waits for a person has each command of its remedy', () => {
  const commandsOf = (remedy: string) => [...remedy.matchAll(/bunq-keeper ([a-z-]+(?: inspect)?)([^;.()]*)/g)];
  const missing = ACTION_CODES.flatMap((code) => {
    const page = readText(`docs/runbook/${code}.md`);
    return commandsOf(remedyFor(code, { ...ANYBODY, credential: 'qseal' })).flatMap(([, command, rest]) =>
      [`bunq-keeper ${command}`, ...rest!.matchAll(/--[a-z-]+/g)]
        .map(String)
        .filter((part) => !page.includes(part))
        .map((part) => `${code}: ${part}`),
    );
  });
  expect(missing).toEqual([]);
});
