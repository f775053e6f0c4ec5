/** Calls `GET /user` on keep-alive connections, each time on another of the sessions, so often, and prints how many seconds it took. What to do comes as JSON on stdin. */
import { text } from 'node:stream/consumers';
import { Agent, request } from 'undici';

const { apiUrl, tokens, signature, calls, atOnce } = JSON.parse(await text(process.stdin));
const url = new URL('user', apiUrl);
const dispatcher = new Agent({ connections: atOnce });
const run = Math.random().toString(36).slice(2);
let made = 0;

async function call() {
  const headers = {
    'X-Bunq-Client-Authentication': tokens[made % tokens.length],
    'X-Bunq-Client-Request-Id': `${run}-${made++}`,
    'X-Bunq-Client-Signature': signature,
    'Cache-Control': 'no-cache',
    'User-Agent': 'bench',
  };
  const { statusCode, body } = await request(url, { dispatcher, headers });
  const answer = await body.text();
  if (statusCode !== 200) throw new Error(`GET /user: ${statusCode} ${answer}`);
}

const startMs = performance.now();
await Promise.all(
  Array.from({ length: atOnce }, async () => {
    while (made < calls) await call();
  }),
);
console.log(JSON.stringify({ seconds: (performance.now() - startMs) / 1000 }));
process.exit();
