import { connect, constants, createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { atEnd } from '../../support/at-end.ts';

/** `grpc-status` of a caller that may not do what it asks. */
const PERMISSION_DENIED = '7';

/** Names of the HTTP/1 connection itself, which HTTP/2 does not take. */
const NOT_FORWARDED = new Set(['connection', 'host', 'http2-settings', 'keep-alive', 'transfer-encoding', 'upgrade']);

/** One gRPC call that a worker or client makes. */
export interface Call {
  /** `RespondActivityTaskCompleted` */
  readonly method: string;
  /** The message, as protobuf. */
  readonly message: Buffer;
}

/**
 * Between a worker and its Temporal server: passes every call on but those that are to be held or denied. It ends with the
 * test file. All of a worker's calls have one question and one answer.
 */
export class TemporalProxy {
  readonly address: string;
  /** True: the call reaches the server never, and its caller gets no answer. */
  holds: (call: Call) => boolean = () => false;
  /** True: refused as a caller without the right. */
  denies: (call: Call) => boolean = () => false;
  readonly held: Call[] = [];
  /** Called with the server's answer before it is passed back. */
  beforeAnswer: (call: Call, answer: Buffer) => void = () => {};

  private constructor(server: Http2Server, upstream: string) {
    this.address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('session', (session) => {
      const onward = connect(`http://${upstream}`);
      onward.on('error', () => session.destroy());
      onward.on('close', () => session.destroy());
      onward.on('goaway', () => session.close()); // after five minutes: whoever calls connects anew
      session.on('error', () => onward.destroy());
      session.on('close', () => onward.destroy());
      session.on('stream', (stream, headers) => {
        stream.on('error', () => {});
        void this.#handle(stream, headers as Record<string, string>, onward);
      });
    });
  }

  static async start(upstream: string): Promise<TemporalProxy> {
    const server = createServer({ settings: { maxConcurrentStreams: 1000 } });
    const sessions = new Set<{ destroy(): void }>();
    server.on('session', (session) => sessions.add(session));
    atEnd(() => {
      for (const session of sessions) session.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new TemporalProxy(server, upstream);
  }

  async #handle(stream: ServerHttp2Stream, headers: Record<string, string>, onward: ReturnType<typeof connect>): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of stream) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const call = { method: headers[':path']!.split('/').at(-1)!, message: messageIn(body) };
    if (this.holds(call)) return void this.held.push(call);
    if (this.denies(call))
      return stream.respond(
        { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': PERMISSION_DENIED, 'grpc-message': 'not allowed' },
        { endStream: true },
      );
    if (stream.destroyed || onward.destroyed) return void stream.destroy();
    if (onward.closed) return stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const passedOn = onward.request(Object.fromEntries(Object.entries(headers).filter(([name]) => !NOT_FORWARDED.has(name))));
    passedOn.on('error', () => stream.destroy());
    stream.on('close', () => passedOn.destroy());
    passBack(passedOn, stream, (answer) => this.beforeAnswer(call, answer));
    passedOn.end(body);
  }
}

/** Of a call with one message: a byte that says whether it is compressed, four for its length, and it. */
const messageIn = (body: Buffer): Buffer => (body[0] === 1 ? gunzipSync(body.subarray(5)) : body.subarray(5));

/** gRPC's status stands in the trailers, or in the headers of an answer without a body. */
function passBack(
  passedOn: ReturnType<ReturnType<typeof connect>['request']>,
  stream: ServerHttp2Stream,
  beforeAnswer: (answer: Buffer) => void,
): void {
  const chunks: Buffer[] = [];
  let trailers: Record<string, unknown> = {};
  passedOn.on('response', (answer, flags) => {
    if (stream.destroyed) return;
    const isWhole = (flags & 0x1) !== 0; // END_STREAM
    stream.respond(withoutSensitive(answer), { waitForTrailers: !isWhole, endStream: isWhole });
    if (isWhole) return;
    stream.on('wantTrailers', () => stream.sendTrailers(withoutSensitive(trailers)));
    passedOn.on('trailers', (received) => (trailers = received));
    passedOn.on('data', (chunk: Buffer) => chunks.push(chunk));
    passedOn.on('end', () => {
      const body = Buffer.concat(chunks);
      if (body.length > 0) beforeAnswer(messageIn(body));
      stream.end(body);
    });
  });
}

const withoutSensitive = (headers: object): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => typeof name === 'string')) as Record<string, string>;
