import { createHash } from 'node:crypto';
import type { Context } from 'hono';
import { html, raw } from 'hono/html';
import type { StatusCode } from 'hono/utils/http-status';

export type Html = ReturnType<typeof html>;

const STYLE = `
:root { color-scheme: light dark; --ink: #14201c; --paper: #fff; --line: #c8d2cd; --act: #0a6b4a; --soft: #eef4f1; }
@media (prefers-color-scheme: dark) { :root { --ink: #e9f1ed; --paper: #121a17; --line: #3c4a44; --act: #14875f; --soft: #1c2723; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--soft); color: var(--ink); font: 1.0625rem/1.5 system-ui, sans-serif; }
main { max-width: 32rem; margin: 0 auto; min-height: 100vh; padding: 1.25rem; background: var(--paper); }
.bank { margin: 0 0 1.5rem; padding-bottom: .75rem; border-bottom: 1px solid var(--line); }
.note { font-size: .9rem; opacity: .8; }
h1 { font-size: 1.4rem; line-height: 1.25; margin: 0 0 1rem; overflow-wrap: anywhere; }
h2, legend { font-size: 1.05rem; font-weight: 600; margin: 1.25rem 0 .5rem; padding: 0; }
ul { margin: 0; padding-left: 1.25rem; }
fieldset { border: 0; margin: 0; padding: 0; }
.user { display: flex; gap: .75rem; align-items: center; min-height: 3rem; padding: .5rem .75rem; margin-bottom: .5rem; border: 1px solid var(--line); border-radius: .5rem; }
.user input { width: 1.25rem; height: 1.25rem; flex: none; }
.user span { overflow-wrap: anywhere; }
button { display: block; width: 100%; min-height: 3rem; margin-top: .75rem; border: 2px solid var(--act); border-radius: .5rem; font: inherit; font-weight: 600; background: none; color: inherit; cursor: pointer; }
button.yes { background: var(--act); color: #fff; }
dl { margin: 0; overflow-wrap: anywhere; }
dt { font-size: .9rem; opacity: .8; }
dd { margin: 0 0 .5rem; }
`;

const STYLE_HASH = createHash('sha256').update(STYLE).digest('base64');

/** `form-action` also rules where a form's answer redirects to, and the provider's page may lead on to another: any web address. */
const HEADERS = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': `default-src 'none'; style-src 'sha256-${STYLE_HASH}'; form-action http: https:; base-uri 'none'; frame-ancestors 'none'`,
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
};

/** Addresses and pages hold codes and states: nobody keeps them or is told of them. */
export function setHeaders({ header }: Pick<Context, 'header'>): void {
  for (const [name, value] of Object.entries(HEADERS)) header(name, value);
}

export function page(context: Context, { title, body, status = 200 }: { title: string; body: Html; status?: StatusCode }) {
  context.status(status);
  return context.html(html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${raw(STYLE)}</style>
</head>
<body><main>
${body}
</main></body>
</html>
`);
}

/** Whose page it is, on all but the one that says only what it says. */
export const bankName = html`<p class="bank"><strong>bunq</strong> <span class="note">simulated: no real bank, no real accounts</span></p>`;
