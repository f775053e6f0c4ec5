import type { Received, Send, Sent } from '../simulator/client.ts';

/** What bunq has no call to remove. */
const STAYS: readonly [RegExp, string][] = [
  [/^\/installation$/, 'installations'],
  [/^\/sandbox-user-/, 'sandbox users'],
  [/^\/payment-service-provider-credential$/, 'API keys'],
  [/^\/device-server$/, 'devices'],
  [/\/oauth-client$/, 'OAuth clients'],
];

/** What the cases have made at the bank. */
export class Leftovers {
  readonly #sessions = new Map<string, Sent>();
  readonly #callbackUrls = new Map<string, Sent>();
  readonly #stays = new Map<string, number>();

  note(method: string, path: string, { token, key }: Sent, { status, json }: Received): void {
    if (status !== 200) return;
    const caller = { ...(token !== undefined && { token }), ...(key !== undefined && { key }) };
    if (method === 'DELETE') {
      this.#callbackUrls.delete(path);
      if (path.startsWith('/session/') && token !== undefined) this.#sessions.delete(token);
    }
    if (method !== 'POST') return;
    const sessionToken = path === '/session-server' && json?.Response?.[1]?.Token?.token;
    if (sessionToken) this.#sessions.set(sessionToken, { ...caller, token: sessionToken });
    const id = path.endsWith('/callback-url') && json?.Response?.[0]?.Id?.id;
    if (id) this.#callbackUrls.set(`${path}/${id}`, caller);
    for (const [pattern, what] of STAYS) if (pattern.test(path)) this.#stays.set(what, (this.#stays.get(what) ?? 0) + 1);
  }

  /** Removes what can be removed. @returns what became of it, for the report */
  async remove(send: Send): Promise<string> {
    const wanted: [string, Sent][] = [...this.#callbackUrls];
    for (const sent of this.#sessions.values()) wanted.push(['/session/0', sent]);
    const count = { removed: 0, over: 0, left: 0 };
    for (const [path, sent] of wanted) count[await removeOne(send, path, sent)] += 1;
    const { removed, over, left } = count;
    const gone = `Cleared away: ${removed} sessions and callback URLs. Out of reach, as their session is over: ${over}. Left: ${left}.`;
    const stays = [...this.#stays].map(([what, number]) => `${number} ${what}`).join(', ');
    return stays === '' ? gone : `${gone}\nMade besides, and bunq has no call to remove it: ${stays}.`;
  }
}

async function removeOne(send: Send, path: string, sent: Sent): Promise<'removed' | 'over' | 'left'> {
  try {
    const { status } = await send('DELETE', path, sent);
    if (status === 200) return 'removed';
    return status === 401 || status === 403 ? 'over' : 'left';
  } catch {
    return 'left';
  }
}
