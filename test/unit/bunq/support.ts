import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type Server as HttpServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bank, type BankOptions, type Clock, createBank, type InstallationCaller, type SessionCaller } from '../../../bunq/bank.ts';
import { BunqError } from '../../../bunq/errors.ts';
import { Secret } from '../../../sealing/secret.ts';

const VECTORS = new URL('../../vectors/', import.meta.url);
export const vector = (name: string) => readFileSync(new URL(name, VECTORS), 'utf8');
export const vectorBytes = (name: string): Uint8Array => readFileSync(new URL(name, VECTORS));

export const realClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  deadline: (ms) => AbortSignal.timeout(ms),
  wait: (ms, signal) => sleep(ms, undefined, signal && { signal }),
};

/** The bank's key pair in these tests. */
const serverKey = createPrivateKey(vector('other-key.pem'));
export const serverPublicKeyPem = createPublicKey(serverKey).export({ type: 'spki', format: 'pem' }).toString();
export const signedByBank = (body: string | Uint8Array) => sign('sha256', Buffer.from(body), serverKey).toString('base64');

export const privateKey = new Secret(vectorBytes('installation-key.der'));
export const installationCaller: InstallationCaller = {
  installationToken: new Secret('1111111111111111111111111111111111111111111111111111111111111111'),
  privateKey,
  serverPublicKeyPem,
};
export const sessionCaller: SessionCaller = {
  sessionToken: new Secret('2222222222222222222222222222222222222222222222222222222222222222'),
  privateKey,
  serverPublicKeyPem,
};

export interface SeenRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface AnswerOf {
  readonly status?: number;
  /** Text goes out as it is; anything else as compact JSON. */
  readonly body?: unknown;
  /** Undefined: the bank's over the body; null: none. */
  readonly signature?: string | null;
  readonly headers?: Record<string, string>;
}

const open: { close(): void }[] = [];

/** For `afterEach`: ends every server and bank that a test made. */
export function closeAll(): void {
  for (const one of open.splice(0)) one.close();
}

async function listening<S extends Server>(server: S): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A bank on loopback that answers as told. `seen` holds what arrived. */
export async function httpBank(
  answer: (request: SeenRequest, response: ServerResponse) => AnswerOf | undefined,
  options: Partial<BankOptions> = {},
) {
  const seen: SeenRequest[] = [];
  const server: HttpServer = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const one = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(chunks) };
    seen.push(one);
    const result = answer(one, response);
    if (result) respond(response, result);
  });
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => sockets.add(socket));
  const address = await listening(server);
  open.push({ close: () => server.close().closeAllConnections() });
  return { bank: bankAt(`http://${address}/v1`, options), seen, sockets };
}

export function respond(response: ServerResponse, { status = 200, body = { Response: [] }, signature, headers = {} }: AnswerOf): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body).replaceAll('/', '\\/');
  const signatureSent = signature === undefined ? signedByBank(text) : signature;
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'X-Bunq-Client-Response-Id': 'f0000000-0000-4000-8000-00000000abcd',
    ...(signatureSent === null ? {} : { 'X-Bunq-Server-Signature': signatureSent }),
    ...headers,
  });
  response.end(text);
}

/** A TCP server that lets the test write the bytes. */
export async function tcpBank(onConnection: (socket: Socket) => void, options: Partial<BankOptions> = {}) {
  const received: Buffer[] = [];
  const server = createTcpServer((socket) => {
    open.push({ close: () => socket.destroy() });
    socket.on('error', () => {});
    socket.on('data', (chunk) => received.push(chunk));
    onConnection(socket);
  });
  const address = await listening(server);
  open.push({ close: () => server.close() });
  return { bank: bankAt(`http://${address}/v1`, options), server, address, received: () => Buffer.concat(received).toString('latin1') };
}

export function bankAt(apiUrl: string, options: Partial<BankOptions> = {}): Bank {
  const bank = createBank({ apiUrl, clock: realClock, ...options });
  open.push({ close: () => void bank.close() });
  return bank;
}

/** The BunqError that the call fails with; anything else fails the test. */
export async function bunqErrorOf(call: Promise<unknown>): Promise<BunqError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof BunqError)) throw error;
  return error;
}

/** Resolves when the condition holds; a condition that never does fails the test, and does not keep the process busy for ever. */
export async function until(condition: () => boolean): Promise<void> {
  const watchdog = AbortSignal.timeout(20_000);
  while (!condition()) {
    if (watchdog.aborted) throw new Error(`never came to hold: ${condition}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
