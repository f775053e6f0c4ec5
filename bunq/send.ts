import type { Dispatcher } from 'undici';
import type { Bank, CallOptions } from './bank.ts';
import { BunqError } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** One request, ready to leave: everything is signed. */
export interface Outgoing {
  readonly method: Method;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | null;
}

/** An answer as it came; nothing in it has been verified. */
export interface RawAnswer {
  readonly status: number;
  /** Names in lower case; of a repeated header the first value. */
  readonly headers: Readonly<Record<string, string>>;
  /** Null when the answer is larger than the bank's limit. */
  readonly bytes: Uint8Array | null;
  /** From the first byte out to the last byte in. */
  readonly durationMs: number;
}

/** What errors call the request: `POST /v1/session-server`. Never the query. */
export const endpointOf = (method: Method, url: URL) => `${method} ${url.pathname}`;

/**
 * Sends one request, once, and reads the whole answer within the bank's time-outs and size limit.
 * @throws BunqError `BUNQ_UNREACHABLE` (nothing was sent) or `BUNQ_ANSWER_LOST` (it may have arrived); what `beforeSend` throws
 */
export async function send(bank: Bank, outgoing: Outgoing, options: CallOptions): Promise<RawAnswer> {
  const deadline = bank.clock.deadline(bank.timeouts.totalMs);
  const signal = options.signal ? AbortSignal.any([deadline, options.signal]) : deadline;
  const dispatcher = options.freshConnection ? bank.newDispatcher() : bank.dispatcher;
  const body = new DepartingBody(outgoing.body, options.beforeSend, () => bank.clock.monotonicMs());
  try {
    return await Promise.race([exchange(bank, dispatcher, outgoing, body, signal), aborted(signal)]);
  } catch (error) {
    if (body.refusal) throw body.refusal.error;
    const overdue = deadline.aborted ? `not done within ${bank.timeouts.totalMs} ms` : null;
    throw failureOf(outgoing, body, options.signal?.aborted ? 'given up by the caller' : (overdue ?? shownCause(error)));
  } finally {
    if (options.freshConnection) void dispatcher.destroy();
  }
}

function failureOf({ method, url }: Outgoing, { leftAtMs }: DepartingBody, why: string): BunqError {
  const endpoint = endpointOf(method, url);
  if (leftAtMs === null) return new BunqError({ code: 'BUNQ_UNREACHABLE', endpoint, detail: `nothing was sent: ${why}`, sent: false });
  return new BunqError({ code: 'BUNQ_ANSWER_LOST', endpoint, detail: `sent, but no whole answer came: ${why}`, sent: 'unknown' });
}

/**
 * A request's body as undici takes it. undici asks for it when the connection stands, and writes the headers together with
 * its first bytes (or its end): until `beforeSend` is done, not one byte is on the wire. Bodiless requests have one too.
 */
class DepartingBody implements AsyncIterable<Uint8Array> {
  /** On the monotonic clock; null as long as nothing was written. */
  leftAtMs: number | null = null;
  /** What `beforeSend` threw. */
  refusal: { readonly error: unknown } | null = null;
  readonly #bytes: Uint8Array | null;
  readonly #beforeSend: CallOptions['beforeSend'];
  readonly #monotonicMs: () => number;
  #asked = false;

  constructor(bytes: Uint8Array | null, beforeSend: CallOptions['beforeSend'], monotonicMs: () => number) {
    this.#bytes = bytes;
    this.#beforeSend = beforeSend;
    this.#monotonicMs = monotonicMs;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    if (this.#asked) throw new Error('a request is sent once');
    this.#asked = true;
    try {
      await this.#beforeSend?.();
    } catch (error) {
      this.refusal = { error };
      throw error;
    }
    this.leftAtMs = this.#monotonicMs();
    if (this.#bytes) yield this.#bytes;
  }
}

/** undici looks at the signal only when the connection stands; this ends the wait for one too. */
const aborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });

async function exchange(
  bank: Bank,
  dispatcher: Dispatcher,
  outgoing: Outgoing,
  body: DepartingBody,
  signal: AbortSignal,
): Promise<RawAnswer> {
  const { method, url, headers } = outgoing;
  const answer = await dispatcher.request({
    origin: url.origin,
    path: url.pathname + url.search,
    method,
    headers,
    body: body as unknown as Uint8Array, // undici takes any async iterable; its types do not say so
    signal,
  });
  const bytes = await readAll(answer.body, bank.maxAnswerBytes);
  const durationMs = bank.clock.monotonicMs() - (body.leftAtMs ?? Number.NaN);
  return { status: answer.statusCode, headers: firstValues(answer.headers), bytes, durationMs };
}

async function readAll(body: AsyncIterable<Uint8Array>, limit: number): Promise<Uint8Array | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    length += chunk.length;
    if (length > limit) return null; // leaving the loop destroys the connection
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function firstValues(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value[0] : value] as const);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}

/** Of what was done with the address to leave by. */
const isOfBinding = (error: object) => 'syscall' in error && error.syscall === 'bind';

const CERTIFICATE_TROUBLE = /^(UNABLE_TO_|SELF_SIGNED_|DEPTH_ZERO_|CERT_)/;

/** Node's and undici's texts may quote addresses, headers or what was received; their codes never do. */
function shownCause(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (!/^[A-Z][A-Z0-9_]{2,60}$/.test(code)) return 'the connection failed';
  if (isOfBinding(error as object)) return `${code}; the address of KEEPER_EGRESS_VIA cannot be used on this machine`;
  return CERTIFICATE_TROUBLE.test(code) ? `${code}; a company's own certificate authority is given in NODE_EXTRA_CA_CERTS` : code;
}
