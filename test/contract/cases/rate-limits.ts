import { newKeyPair, type Received, signatureOf } from '../../simulator/client.ts';
import { type Case, say } from '../case.ts';
import { oauthClient, user } from '../parties.ts';

const limited = (calls: number, seconds: number) =>
  `429 Too many requests. You can do a maximum of ${calls} calls per ${seconds} second to this endpoint.`;

/** `3 × 200, 1 × 429 Too many requests. …`: which of them were first is nobody's business. */
function count(received: readonly Received[]): string {
  const seen = received.map((one) => (one.status === 200 ? '200' : say(one))).sort();
  return [...new Set(seen)].map((text) => `${seen.filter((other) => other === text).length} × ${text}`).join(', ');
}

const settings = ['rateLimitStatus', 'rateLimits', 'callRateLimits'];

/** Last of all: who has gone beyond a limit may be a while in coming back. */
export const rateLimits: readonly Case[] = [
  {
    name: 'GET: 3 in 3 seconds',
    expected: `3 × 200, 1 × ${limited(3, 3)}`,
    settings,
    see: async (bank) => count(await bank.burst(4, 'GET', '/user', { token: (await user(bank)).session.token })),
  },
  {
    name: 'POST: 5 in 3 seconds',
    expected: `5 × 200, 1 × ${limited(5, 3)}`,
    settings,
    see: async (bank) => count(await bank.burst(6, 'POST', '/installation', { body: { client_public_key: newKeyPair().publicKeyPem } })),
  },
  {
    name: 'PUT: 2 in 3 seconds',
    expected: `2 × 200, 1 × ${limited(2, 3)}`,
    settings,
    see: async (bank) => {
      const { provider, path } = await oauthClient(bank);
      const { token, installed } = provider.session;
      return count(await bank.burst(3, 'PUT', path, { token, key: installed.keys.privateKey, body: { status: 'ACTIVE' } }));
    },
  },
  {
    name: 'POST /session-server: 1 in 30 seconds, and no Retry-After',
    expected: `1 × 200, 1 × ${limited(1, 30)}; no Retry-After`,
    settings: [...settings, 'sessionGapMs'],
    see: async (bank) => {
      const { installed, apiKey } = await user(bank);
      const body = JSON.stringify({ secret: apiKey });
      const headers = { 'X-Bunq-Client-Signature': signatureOf(body, installed.keys.privateKey) };
      const received = await bank.burst(2, 'POST', '/session-server', { token: installed.token, body, headers });
      const isTold = received.some(({ headers: answered }) => 'retry-after' in answered);
      return `${count(received)}; ${isTold ? 'Retry-After' : 'no Retry-After'}`;
    },
  },
];
