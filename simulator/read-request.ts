import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Bank } from './bank.ts';
import type { LoggedRequest } from './entities.ts';
import type { Request } from './route.ts';

/** Certificate and chain are the largest bodies there are: a few kilobytes. */
const BODY_MAX_BYTES = 1024 * 1024;

/** The body's bytes; null when there are too many. Rejects when the client goes before the end. */
export async function readBytes(incoming: IncomingMessage): Promise<Buffer | null> {
  const { 'content-length': length, 'transfer-encoding': encoding } = incoming.headers;
  return encoding === undefined && Number(length ?? 0) === 0 ? NO_BYTES : readChunks(incoming);
}

const NO_BYTES = Buffer.alloc(0);

function readChunks(incoming: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    incoming.on('data', (chunk: Buffer) => {
      length += chunk.length;
      if (length <= BODY_MAX_BYTES) chunks.push(chunk);
    });
    incoming.on('end', () => resolve(length > BODY_MAX_BYTES ? null : Buffer.concat(chunks)));
    incoming.on('error', reject);
  });
}

function header(incoming: IncomingMessage, name: string): string | null {
  const value = incoming.headers[name];
  return (Array.isArray(value) ? value[0] : value) || null;
}

const pathOf = (incoming: IncomingMessage): string => (incoming.url ?? '/').split('?', 1)[0] ?? '/';

/** IPv4 also when it comes as an IPv4-mapped address. */
function addressOf({ settings }: Bank, incoming: IncomingMessage): string {
  const address = (incoming.socket.remoteAddress ?? '').replace(/^::ffff:(?=\d)/, '');
  return settings.callerAddresses[address] ?? settings.callerAddress ?? address;
}

/** @param remoteAddress as the log has it */
export function readRequest(incoming: IncomingMessage, bytes: Buffer, { remoteAddress }: Pick<LoggedRequest, 'remoteAddress'>): Request {
  const path = pathOf(incoming);
  return {
    method: incoming.method ?? '',
    path,
    query: new URLSearchParams(incoming.url?.slice(path.length)),
    bytes,
    remoteAddress,
    authentication: header(incoming, 'x-bunq-client-authentication'),
    signature: header(incoming, 'x-bunq-client-signature'),
    requestId: header(incoming, 'x-bunq-client-request-id'),
    hasDocumentedHeaders: header(incoming, 'cache-control') !== null && header(incoming, 'user-agent') !== null,
  };
}

/** The log's entry for a request that has just arrived. */
export function firstLog(bank: Bank, incoming: IncomingMessage): LoggedRequest {
  const { store, clock } = bank;
  return {
    id: store.nextId(),
    at: clock.nowMs(),
    realAtMs: Date.now(),
    method: incoming.method ?? '',
    path: pathOf(incoming),
    endpoint: null,
    remoteAddress: addressOf(bank, incoming),
    admitted: false,
    status: null,
    effectAtMs: null,
    outcome: 'pending',
    error: null,
    installationId: null,
    sessionId: null,
    userId: null,
    requestId: header(incoming, 'x-bunq-client-request-id'),
    responseId: randomUUID(),
    signed: header(incoming, 'x-bunq-client-signature') !== null,
    fault: null,
    hostile: false,
  };
}
