import { Webhook } from 'standardwebhooks';
import type { Dispatcher } from 'undici';
import { WebhookError } from '../activities/webhook.ts';
import { dispatchersTo } from '../bunq/dispatchers.ts';
import type { ProxySettings } from '../settings/proxy.ts';
import type { WebhookSettings } from '../settings/webhook.ts';
import type { WebhookEvent } from '../workflows/outbox.ts';

/** Standard Webhooks' advice: between 15 and 30 s; the activity's time-out is 20. */
const TIME_LIMIT_MS = 15_000;

export interface WebhookSender {
  /** @throws WebhookError when it is not taken, with any 2xx, within 15 s; a redirect is not followed */
  tell(event: WebhookEvent): Promise<void>;
  close(): Promise<void>;
}

/**
 * Tells events by Standard Webhooks (https://www.standardwebhooks.com): `webhook-id`, `webhook-timestamp`, and a `webhook-signature` by each
 * secret, the body `{"type","timestamp","data"}`. The address may hold a secret of its own and stands in no message.
 */
export function createWebhookSender({ url, secrets }: WebhookSettings, proxy: ProxySettings): WebhookSender {
  const dispatcher = dispatchersTo(url, { connectMs: TIME_LIMIT_MS, headersMs: TIME_LIMIT_MS, bodyMs: TIME_LIMIT_MS }, proxy)();
  const signers = secrets.map((secret) => new Webhook(secret.text()));
  return {
    async tell({ id, ...payload }) {
      const body = JSON.stringify(payload);
      const at = new Date();
      const headers = {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': signers.map((signer) => signer.sign(id, at, body)).join(' '),
      };
      const status = await post(dispatcher, url, headers, body);
      if (status < 200 || status > 299) throw new WebhookError(`the receiver at ${url.host} answered ${status}.`);
    },
    close: () => dispatcher.close(),
  };
}

async function post(dispatcher: Dispatcher, url: URL, headers: Record<string, string>, body: string): Promise<number> {
  try {
    const path = `${url.pathname}${url.search}`;
    const signal = AbortSignal.timeout(TIME_LIMIT_MS);
    const answer = await dispatcher.request({ origin: url.origin, path, method: 'POST', headers, body, signal });
    await answer.body.dump();
    return answer.statusCode;
  } catch (error) {
    const { name, code, cause } = error as Error & { code?: string; cause?: { code?: string } };
    const why =
      name === 'TimeoutError' ? `did not answer within ${TIME_LIMIT_MS / 1000} s` : `cannot be reached (${cause?.code ?? code ?? name})`;
    throw new WebhookError(`the receiver at ${url.host} ${why}.`);
  }
}
