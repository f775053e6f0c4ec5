import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { AREAS } from './cases/index.ts';
import { SANDBOX } from './target.ts';

export const USAGE = `Usage: npm run contract -- [--sandbox | --api-url URL] [--api-key-file F] [--access-token-file F] [--only AREA]...

Without --sandbox and --api-url: against a simulator of its own, by a clock of its own: seconds.

  --sandbox               against bunq's sandbox: ${SANDBOX.apiUrl}. Some ten minutes: it keeps bunq's limits
  --api-url URL           against a bank on this machine: http://127.0.0.1:PORT/v1/
  --api-key-file F        a sandbox person's API key; otherwise such a user is made
  --access-token-file F   of an end user's consent: without it those cases are not tried
  --only AREA             of these only: ${Object.keys(AREAS).join(', ')}

Ends with 0 when nothing is different, 1 when something is, the bank cannot be reached or it was interrupted, 2 for bad arguments.
`;

/** What was asked for cannot be done: exit code 2. */
export class BadArguments extends Error {}

export interface Asked {
  readonly help: boolean;
  readonly sandbox: boolean;
  /** With `/v1/`; null: not given. */
  readonly apiUrl: string | null;
  readonly apiKey: string | null;
  readonly accessToken: string | null;
  readonly areas: typeof AREAS;
}

/** @throws BadArguments */
export function readArguments(args: readonly string[]): Asked {
  const { help = false, sandbox = false, only = [], ...values } = parse(args);
  const apiUrl = values['api-url'] === undefined ? null : loopbackUrl(values['api-url']);
  if (sandbox && apiUrl !== null) throw new BadArguments('--sandbox and --api-url: give one of them.');
  for (const option of ['api-key-file', 'access-token-file'] as const)
    if (values[option] !== undefined && !sandbox && apiUrl === null)
      throw new BadArguments(`--${option} goes with --sandbox or --api-url: a simulator of its own has no such key.`);
  const unknown = only.find((area) => !(area in AREAS));
  if (unknown !== undefined)
    throw new BadArguments(`--only ${unknown}: there is no such area; there are ${Object.keys(AREAS).join(', ')}.`);
  const areas = only.length === 0 ? AREAS : Object.fromEntries(Object.entries(AREAS).filter(([area]) => only.includes(area)));
  return { help, sandbox, apiUrl, apiKey: secretIn(values['api-key-file']), accessToken: secretIn(values['access-token-file']), areas };
}

function parse(args: readonly string[]) {
  try {
    const text = { type: 'string' } as const;
    return parseArgs({
      args: [...args],
      options: {
        help: { type: 'boolean' },
        sandbox: { type: 'boolean' },
        'api-url': text,
        'api-key-file': text,
        'access-token-file': text,
        only: { ...text, multiple: true },
      },
    }).values;
  } catch (error) {
    throw new BadArguments((error as Error).message);
  }
}

/** The cases make users and keys, and go beyond limits: neither production nor a stranger's bank is to be had for it. */
function loopbackUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || !/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname) || !/^https?:$/.test(url.protocol))
    throw new BadArguments(`--api-url ${text}: is no address on this machine, as http://127.0.0.1:8081/v1/ is.`);
  if (!/^\/v1\/?$/.test(url.pathname)) throw new BadArguments(`--api-url ${text}: does not end in /v1/.`);
  return `${url.origin}/v1/`;
}

function secretIn(file: string | undefined): string | null {
  if (file === undefined) return null;
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new BadArguments(`${file}: cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
  if (!/^\S+$/.test(text)) throw new BadArguments(`${file}: holds no key, which is one word.`);
  return text;
}
