import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type pino from 'pino';
import { NotCompletedError } from '../client/authorizations.ts';
import type { NoticedNotification } from '../client/notifications.ts';
import type { AddressList } from '../settings/address-list.ts';

/** Where the bank sends its notifications of category OAUTH, beside the end users that it sends back. */
export const NOTIFICATION_PATH = '/bunq/notification/:provider';

/** Some 2 KB are expected. */
export const NOTIFICATION_MAX_BYTES = 64 * 1024;

export interface NotificationOptions {
  /** From where they are taken. */
  readonly senders: AddressList;
  /** Reverse proxies, whose `X-Forwarded-For` says where a request came from; null: nobody's is believed. */
  readonly proxies: AddressList | null;
  /** @throws NotCompletedError when it is to be sent again */
  readonly take: (provider: string, notification: { bytes: Uint8Array; signature: string }) => Promise<NoticedNotification>;
}

type Call = Context<{ Bindings: { incoming: IncomingMessage } }, typeof NOTIFICATION_PATH>;

/** Answers with a status alone: the bank repeats what is not answered 2xx. */
export async function takeNotification(
  call: Call,
  { senders, proxies, take }: NotificationOptions,
  log: Pick<pino.Logger, 'info' | 'warn'>,
): Promise<Response> {
  const sender = senderOf(call.env.incoming.socket.remoteAddress ?? '', call.req.header('X-Forwarded-For'), proxies);
  const about = { event: 'notification', provider: call.req.param('provider').slice(0, 63), sender };
  if (!senders.has(sender)) {
    log.warn(about, 'a notification was refused: its sender is none of KEEPER_NOTIFICATION_SENDERS');
    return call.body(null, 403);
  }
  const signature = call.req.header('X-Bunq-Server-Signature') ?? '';
  try {
    const taken = await take(call.req.param('provider'), { bytes: new Uint8Array(await call.req.arrayBuffer()), signature });
    if (taken === 'forged') {
      log.warn(about, 'a notification was refused: the bank has not signed it for this provider');
      return call.body(null, 403);
    }
    log.info({ ...about, connections: taken.connections }, "the bank's notification is looked into");
    return call.body(null, 200);
  } catch (error) {
    if (!(error instanceof NotCompletedError)) throw error;
    log.warn(about, `a notification is to be sent again: ${error.message}`);
    return call.body(null, 503);
  }
}

/** Of proxies in a row only the last is known, and only what it has added is believed. */
export function senderOf(remoteAddress: string, forwardedFor: string | undefined, proxies: AddressList | null): string {
  const nearest = forwardedFor?.split(',').at(-1)?.trim();
  return nearest !== undefined && proxies?.has(remoteAddress) ? nearest : remoteAddress;
}
