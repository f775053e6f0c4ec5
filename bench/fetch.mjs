/** `keeper.fetch` against a bare undici call of the same request: no signature is checked there, no session kept. In turns. */
import { Agent, request } from 'undici';
import { median, openStage, providerCredential, waitFor } from './stage.mjs';

const CALLS = 300;
const ROUNDS = 7;
const AT_ONCE = 20;
const PATH = '/user/{userId}/monetary-account';

/** @returns medians: milliseconds a call, one after the other; and calls a second, 20 at once */
export async function measureFetch(build) {
  const stage = await openStage(build, ['--no-rate-limits']);
  const agent = new Agent();
  try {
    const { keeper } = stage;
    await stage.startWorker();
    const { credential } = await providerCredential(stage, 'Fetch');
    await keeper.onboard('acme', { credential, callbackUrls: [], permittedIps: [] });
    await waitFor('acme is ACTIVE', async () => (await keeper.status('acme')).state === 'ACTIVE', 200);
    const { token, user } = await keeper.revealSession('acme');
    const url = new URL(PATH.replace('/', '').replace('{userId}', String(user.id)), stage.apiUrl);
    const ways = {
      keeper: async () => (await keeper.fetch('acme', PATH)).json(),
      bare: async () => {
        const { body } = await request(url, { dispatcher: agent, headers: headersOf(token.text()) });
        return body.json();
      },
    };
    for (const way of Object.values(ways)) {
      const { Response, Error: refusal } = await way();
      if (!Response) throw new Error(`the bank refused: ${JSON.stringify(refusal)}`);
    }
    const latency = { keeper: [], bare: [] };
    const throughput = { keeper: [], bare: [] };
    for (let round = 0; round <= ROUNDS; round++)
      for (const [name, way] of Object.entries(ways)) {
        const one = await spentMs(way, 1);
        const many = await spentMs(way, AT_ONCE);
        if (round === 0) continue; // warms up
        latency[name].push(one / CALLS);
        throughput[name].push((CALLS / many) * 1000);
      }
    return {
      latencyMs: { keeper: median(latency.keeper), bare: median(latency.bare) },
      perSecond: { keeper: median(throughput.keeper), bare: median(throughput.bare) },
    };
  } finally {
    await agent.close();
    await stage.close();
  }
}

/** All calls, so many at once. */
async function spentMs(call, atOnce) {
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let made = 0; made < CALLS / atOnce; made++) await call();
    }),
  );
  return performance.now() - startMs;
}

let requestId = 0;

const headersOf = (token) => ({
  'Cache-Control': 'no-cache',
  'User-Agent': 'bench',
  'X-Bunq-Client-Authentication': token,
  'X-Bunq-Client-Request-Id': `bench-${process.pid}-${++requestId}`,
  'X-Bunq-Geolocation': '0 0 0 0 000',
  'X-Bunq-Language': 'en_US',
  'X-Bunq-Region': 'nl_NL',
});
