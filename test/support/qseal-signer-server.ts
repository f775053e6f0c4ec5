import { createPublicKey } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { readPrivateKey, signSha256 } from '../../bunq/qseal.ts';
import { atEnd } from './at-end.ts';
import type { Issued } from './mutual-tls.ts';

/** The reference of docs/qseal-signer.openapi.json: what somebody who writes such a signer can compare theirs with. */

export interface SignerServerOptions {
  /** The server's own certificate and key. */
  readonly server: Issued;
  /** Whose certificates clients show, PEM. */
  readonly authorityPem: string;
  /** Each key by its id, with the common names of the clients that may use it. */
  readonly keys: Readonly<Record<string, { readonly privateKeyPem: string; readonly clients: readonly string[] }>>;
}

export interface Exchange {
  readonly method: string;
  readonly path: string;
  readonly requestId: string | undefined;
  readonly body: unknown;
  readonly status: number;
  readonly answer: unknown;
}

/** Instead of its own answer: a status, or the connection cut, or no answer at all. */
export type Trouble = { readonly status: number; readonly answer: unknown } | 'cut' | 'silence';

export interface SignerServer {
  /** `https://127.0.0.1:34567/v1` */
  readonly url: string;
  readonly exchanges: readonly Exchange[];
  /** One for each of the next requests. */
  readonly troubles: Trouble[];
}

type Answer = readonly [status: number, body: object];

const problem = (status: number, message: string): Answer => [status, { message }];

export async function startSignerServer({ server: own, authorityPem, keys }: SignerServerOptions): Promise<SignerServer> {
  const [exchanges, troubles]: [Exchange[], Trouble[]] = [[], []];

  async function answerTo(request: IncomingMessage, body: unknown): Promise<Answer> {
    const [, version, collection, id = '', signatures] = new URL(request.url!, 'https://signer').pathname.split('/');
    const client = (request.socket as TLSSocket).getPeerCertificate().subject?.CN ?? '';
    const key = version === 'v1' && collection === 'keys' ? keys[decodeURIComponent(id)] : undefined;
    if (!key) return problem(404, 'There is no such key.');
    if (!key.clients.includes(String(client))) return problem(403, `${client} may not use this key.`);
    const privateKey = readPrivateKey(key.privateKeyPem);
    if (request.method === 'GET' && signatures === undefined)
      return [200, { publicKey: createPublicKey(privateKey).export({ type: 'spki', format: 'pem' }) }];
    if (request.method !== 'POST' || signatures !== 'signatures') return problem(404, 'There is nothing there.');
    const { algorithm, digest } = (body ?? {}) as { algorithm?: unknown; digest?: unknown };
    if (algorithm !== 'RSASSA-PKCS1-v1_5-SHA256') return problem(400, 'Only RSASSA-PKCS1-v1_5-SHA256 is signed.');
    if (typeof digest !== 'string' || !/^[A-Za-z0-9+/]{43}=$/.test(digest)) return problem(400, 'The digest is not 32 bytes in base64.');
    return [200, { signature: Buffer.from(signSha256(privateKey, Buffer.from(digest, 'base64'))).toString('base64') }];
  }

  const server = createServer(
    { cert: own.certificatePem, key: own.keyPem, ca: authorityPem, requestCert: true, rejectUnauthorized: true },
    async (request, response) => {
      const sent = await text(request);
      const body: unknown = sent === '' ? null : JSON.parse(sent);
      const trouble = troubles.shift();
      if (trouble === 'cut') return void request.socket.destroy();
      if (trouble === 'silence') return;
      const [status, answer] = trouble ? ([trouble.status, trouble.answer] as const) : await answerTo(request, body);
      const requestId = request.headers['x-request-id'] as string | undefined;
      exchanges.push({ method: request.method!, path: request.url!, requestId, body, status, answer });
      response.writeHead(status, { 'content-type': 'application/json' }).end(typeof answer === 'string' ? answer : JSON.stringify(answer));
    },
  );
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/v1`, exchanges, troubles };
}
