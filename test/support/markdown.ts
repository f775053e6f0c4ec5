import { dirname, join, normalize } from 'node:path';

/** A page as the tests of the documents read it: no more of Markdown than these pages use. */

export interface Link {
  readonly target: string;
  readonly line: number;
}

interface Line {
  readonly text: string;
  readonly number: number;
  /** The language of the fenced block that it stands in, `''` for one without, null outside. */
  readonly fence: string | null;
}

function linesOf(page: string): Line[] {
  let fence: string | null = null;
  return page.split('\n').flatMap((text, index) => {
    const mark = /^\s*```(\w*)/.exec(text);
    if (!mark) return [{ text, number: index + 1, fence }];
    fence = fence === null ? mark[1]! : null;
    return [];
  });
}

/** Code is no link. */
const withoutCode = (text: string) => text.replace(/(`+)[^`].*?\1/g, (code) => ' '.repeat(code.length));

export const linksOf = (page: string): Link[] =>
  linesOf(page).flatMap(({ text, number, fence }) =>
    fence === null ? [...withoutCode(text).matchAll(/\]\(([^()]*)\)/g)].map(([, target]) => ({ target: target!, line: number })) : [],
  );

export const headingsOf = (page: string): string[] =>
  linesOf(page).flatMap(({ text, fence }) => (fence === null ? (/^#{1,6}\s+(.+?)\s*#*$/.exec(text)?.[1] ?? []) : []));

/** Those that a page sets, and those that GitHub gives its headings: lower case, spaces as dashes, no punctuation, a number where one is there already. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set([...page.matchAll(/<a id="([^"]+)"><\/a>/g)].map(([, id]) => id!));
  for (const heading of headingsOf(page)) {
    const plain = heading.replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = plain.replace(/[^\p{L}\p{M}\p{N}\p{Pc}\- ]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count++) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Where a relative link leads: a path from the checkout, and an anchor where it has one. */
export function resolveLink(from: string, target: string): { path: string; anchor: string | null } {
  const [file, anchor] = decodeURIComponent(target).split('#') as [string, string?];
  return { path: file === '' ? from : normalize(join(dirname(from), file)).replace(/\/$/, ''), anchor: anchor ?? null };
}

/** Lines of shell in a page's blocks, fenced as `sh` or indented, each with its continuations. */
export function shellLinesOf(page: string): Link[] {
  const lines: { target: string; line: number }[] = [];
  let isContinued = false;
  for (const { text, number, fence } of linesOf(page)) {
    if (fence !== 'sh' && !(fence === null && /^ {4}/.test(text))) continue;
    const part = text.trim().replace(/\\$/, '');
    if (isContinued) lines.at(-1)!.target += part;
    else lines.push({ target: part, line: number });
    isContinued = text.endsWith('\\');
  }
  return lines;
}

/** What stands between back ticks outside of blocks. */
export const inlineCodeOf = (page: string): Link[] =>
  linesOf(page).flatMap(({ text, number, fence }) =>
    fence === null ? [...text.matchAll(/`([^`]+)`/g)].map(([, target]) => ({ target: target!, line: number })) : [],
  );
