import { createHash } from 'node:crypto';
import type { AnsweredOutcome } from '../workflows/authorization.ts';

/** What an end user reads after the bank sent them back. The texts are fixed: nothing of a request, a link or a connection is in them. */

export type PageName = AnsweredOutcome | `repeated-${AnsweredOutcome}` | 'unknown' | 'later' | 'nothing-here';

interface Page {
  readonly kind: 'good' | 'waiting' | 'refused' | 'bad';
  readonly title: string;
  readonly sentences: readonly string[];
  /** A link to the very address at which the page stands. */
  readonly tryAgain?: boolean;
}

const CLOSE = 'You can close this page.';
const ANOTHER_LINK = 'Ask for a new link where you got this one.';
const USED_BEFORE = 'This link was used before';

const PAGES: Record<PageName, Page> = {
  connected: {
    kind: 'good',
    title: 'Your account is connected',
    sentences: ['The bank has confirmed the access that you gave. There is nothing more to do.', CLOSE],
  },
  pending: {
    kind: 'waiting',
    title: 'Almost done',
    sentences: ['You gave access, and the connection to your account is being finished. There is nothing that you have to do.', CLOSE],
  },
  denied: {
    kind: 'refused',
    title: 'You said no',
    sentences: ['You gave no access, and nothing was connected.', `If you change your mind: ${lower(ANOTHER_LINK)}`],
  },
  failed: {
    kind: 'bad',
    title: 'The connection did not succeed',
    sentences: ['The bank did not confirm it. Nothing was connected, and nothing happened to your account.', ANOTHER_LINK],
  },
  expired: {
    kind: 'bad',
    title: 'This link has expired',
    sentences: ['A link is good for a short time only. Nothing was connected.', ANOTHER_LINK],
  },
  'repeated-connected': {
    kind: 'good',
    title: USED_BEFORE,
    sentences: ['Your account was connected with it. Using it once more changes nothing, and there is nothing more to do.', CLOSE],
  },
  'repeated-pending': {
    kind: 'waiting',
    title: USED_BEFORE,
    sentences: ['You gave access, and the connection to your account is being finished. There is nothing that you have to do.', CLOSE],
  },
  'repeated-denied': {
    kind: 'refused',
    title: USED_BEFORE,
    sentences: ['You said no that time, and nothing was connected.', `If you want to give access now: ${lower(ANOTHER_LINK)}`],
  },
  'repeated-failed': {
    kind: 'bad',
    title: USED_BEFORE,
    sentences: ['The bank did not confirm it that time. Nothing was connected, and nothing happened to your account.', ANOTHER_LINK],
  },
  'repeated-expired': {
    kind: 'bad',
    title: USED_BEFORE,
    sentences: ['It had expired by then, and nothing was connected.', ANOTHER_LINK],
  },
  unknown: {
    kind: 'bad',
    title: 'This link is not known here',
    sentences: [
      'It may be incomplete, too old, or made by somebody else. Nothing was connected.',
      'If you wanted to connect your account: ask for a new link where you got this one.',
    ],
  },
  later: {
    kind: 'waiting',
    title: 'Please try again in a moment',
    sentences: ['The connection could not be finished just now. Nothing is lost: reload this page in a moment, and it goes on.'],
    tryAgain: true,
  },
  'nothing-here': {
    kind: 'bad',
    title: 'There is nothing here',
    sentences: ['Your bank brings you to this address after you gave access to your account. There is nothing else to see.'],
  },
};

export const isPageName = (name: string): name is PageName => Object.hasOwn(PAGES, name);

const SIGNS = { good: '✓', waiting: '⋯', refused: '–', bad: '!' };

const STYLE = `
:root{color-scheme:light dark;--ground:#f3f4f6;--card:#fff;--text:#1b1f24;--quiet:#515a66;--good:#12713c;--waiting:#215ea6;--bad:#8f4700}
@media (prefers-color-scheme:dark){:root{--ground:#14171a;--card:#1f2429;--text:#eef1f4;--quiet:#b3bcc6;--good:#6bd095;--waiting:#8dbcf7;--bad:#f2b06b}}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100svh;display:grid;place-items:center;padding:1.25rem;background:var(--ground);color:var(--text);font:1.0625rem/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",sans-serif}
main{width:100%;max-width:27rem;padding:2rem 1.75rem;background:var(--card);border-radius:1rem;text-align:center;overflow-wrap:break-word}
.sign{display:grid;place-items:center;width:3.5rem;height:3.5rem;margin:0 auto 1.25rem;border:.1875rem solid;border-radius:50%;font-size:1.75rem;font-weight:700;line-height:1}
.good{color:var(--good)}.waiting{color:var(--waiting)}.refused{color:var(--quiet)}.bad{color:var(--bad)}
h1{margin:0 0 .75rem;font-size:1.5rem;line-height:1.25}
p{margin:.75rem 0 0;color:var(--quiet)}
a{display:inline-block;margin-top:1.5rem;padding:.75rem 1.75rem;border-radius:.5rem;background:var(--waiting);color:var(--card);font-weight:600;text-decoration:none}
a:focus-visible{outline:.1875rem solid var(--text);outline-offset:.1875rem}
`;

/** Nothing but this page's own style: no script, no picture, no frame, nothing of another host. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Complete in itself: it needs no script and no second request. */
export function renderPage(name: PageName): string {
  const { kind, title, sentences, tryAgain } = PAGES[name];
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<div class="sign ${kind}" aria-hidden="true">${SIGNS[kind]}</div>
<h1>${title}</h1>
${sentences.map((sentence) => `<p>${sentence}</p>`).join('\n')}
${tryAgain ? '<a href="">Try again</a>\n' : ''}</main>
</body>
</html>
`;
}

function lower(sentence: string): string {
  return `${sentence[0]!.toLowerCase()}${sentence.slice(1)}`;
}
