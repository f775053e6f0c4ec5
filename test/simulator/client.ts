import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, randomUUID, sign, verify } from 'node:crypto';
import { type IncomingHttpHeaders, request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import { pseudoCertificate } from './certificates.ts';

/** A bunq client as small as it can be, on Node alone: neither the simulator's tests nor the contract suite may stand on the project's own. */

export interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
}

export function newKeyPair(): KeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, publicKeyPem: publicKey.export({ type: 'spki', format: 'pem' }) as string };
}

export interface Sent {
  /** An object is sent as JSON, a string as it is. */
  readonly body?: object | string;
  readonly token?: string;
  /** Signs the body's bytes. */
  readonly key?: KeyObject;
  /** Besides those of every call, or instead of them; an empty one leaves it out. */
  readonly headers?: Record<string, string>;
  /** The address to call from; all of 127.0.0.0/8 is this machine on Linux. */
  readonly from?: string;
  /** Cuts the connection. */
  readonly signal?: AbortSignal;
}

export interface Received {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked into freely
  readonly json: any;
}

const bytesOf = (body: Sent['body']): Buffer =>
  Buffer.from(body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body));

export const signatureOf = (body: Sent['body'], key: KeyObject): string => sign('sha256', bytesOf(body), key).toString('base64');

/** One request on a connection of its own. Rejects when no whole answer comes. */
export function send(
  apiUrl: string,
  method: string,
  path: string,
  { body, token, key, headers, from, signal }: Sent = {},
): Promise<Received> {
  const bytes = bytesOf(body);
  const allHeaders = {
    'Cache-Control': 'no-cache',
    'User-Agent': 'simulator-test',
    'X-Bunq-Client-Request-Id': randomUUID(),
    'Content-Length': String(bytes.length),
    ...(token === undefined ? {} : { 'X-Bunq-Client-Authentication': token }),
    ...(key === undefined ? {} : { 'X-Bunq-Client-Signature': signatureOf(body, key) }),
    ...headers,
  };
  return new Promise((resolve, reject) => {
    const url = new URL(path.replace(/^\//, ''), apiUrl);
    const request = url.protocol === 'https:' ? requestHttps : requestHttp;
    const outgoing = request(url, {
      method,
      headers: Object.fromEntries(Object.entries(allHeaders).filter(([, value]) => value !== '')),
      agent: false,
      ...(from && { localAddress: from }),
      ...(signal && { signal }),
    });
    outgoing.on('error', reject).on('response', (incoming) => {
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
      incoming.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, json: parse(text) });
      });
    });
    outgoing.end(bytes);
  });
}

/** Sends to one bank, in its own way: that of the contract suite waits its turn. */
export type Send = (method: string, path: string, sent?: Sent) => Promise<Received>;

const sendTo = (bank: string | Send): Send => (typeof bank === 'string' ? (method, path, sent) => send(bank, method, path, sent) : bank);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

export function isSignedByBank(received: Received, serverPublicKeyPem: string): boolean {
  const signature = received.headers['x-bunq-server-signature'];
  if (typeof signature !== 'string') return false;
  return verify('sha256', Buffer.from(received.text), createPublicKey(serverPublicKeyPem), Buffer.from(signature, 'base64'));
}

/** The description of the only error. */
export const errorOf = ({ json }: Received): string => json.Error[0].error_description;

export const responseId = ({ json }: Received): number => json.Response[0].Id.id;

export interface Installed {
  readonly id: number;
  readonly token: string;
  readonly serverPublicKeyPem: string;
  readonly publicKeyText: string;
  readonly keys: KeyPair;
  /** A signed call with the installation token. */
  call(method: string, path: string, sent?: Sent): Promise<Received>;
}

/** One key pair serves where it does not matter whose it is: making one takes a tenth of a second. */
const anyKeys = newKeyPair();
const anyCertificate = pseudoCertificate();

/** @param bank its address, or how to send to it */
export async function install(bank: string | Send, keys = anyKeys, publicKeyText = keys.publicKeyPem): Promise<Installed> {
  const { json, status, text } = await sendTo(bank)('POST', '/installation', { body: { client_public_key: publicKeyText } });
  if (status !== 200) throw new Error(`installation: ${status} ${text}`);
  const token: string = json.Response[1].Token.token;
  return {
    id: json.Response[0].Id.id,
    token,
    serverPublicKeyPem: json.Response[2].ServerPublicKey.server_public_key,
    publicKeyText,
    keys,
    call: (method, path, sent = {}) => sendTo(bank)(method, path, { token, key: keys.privateKey, ...sent }),
  };
}

export interface Certified {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly chainPem: string;
}

/** The body of `POST /payment-service-provider-credential`; `text` is what the QSEAL signs. */
export function credentialBody({ certificatePem, privateKeyPem, chainPem }: Certified, text: string) {
  return {
    client_payment_service_provider_certificate: certificatePem,
    client_payment_service_provider_certificate_chain: chainPem,
    client_public_key_signature: sign('sha256', Buffer.from(text), createPrivateKey(privateKeyPem)).toString('base64'),
  };
}

/** PEM as it was sent, one newline, token. */
export const qsealTextOf = ({ publicKeyText, token }: Installed): string => `${publicKeyText.trimEnd()}\n${token}`;

export const createCredential = (installed: Installed, certified: Certified, text = qsealTextOf(installed)): Promise<Received> =>
  installed.call('POST', '/payment-service-provider-credential', { body: credentialBody(certified, text) });

export const bind = (installed: Installed, apiKey: string, permittedIps?: string[], sent: Sent = {}): Promise<Received> =>
  installed.call('POST', '/device-server', {
    ...sent,
    body: { description: 'test', secret: apiKey, ...(permittedIps && { permitted_ips: permittedIps }) },
  });

export const openSession = (installed: Installed, apiKey: string, sent: Sent = {}): Promise<Received> =>
  installed.call('POST', '/session-server', { ...sent, body: { secret: apiKey } });

export interface LoggedIn {
  readonly installed: Installed;
  readonly apiKey: string;
  readonly sessionId: number;
  readonly userId: number;
  readonly token: string;
  /** A signed call with the session token. */
  call(method: string, path: string, sent?: Sent): Promise<Received>;
}

export function loggedIn(bank: string | Send, installed: Installed, apiKey: string, { json, status, text }: Received): LoggedIn {
  if (status !== 200) throw new Error(`session-server: ${status} ${text}`);
  const token: string = json.Response[1].Token.token;
  const user = Object.values(json.Response[2])[0] as { id: number };
  return {
    installed,
    apiKey,
    token,
    sessionId: json.Response[0].Id.id,
    userId: user.id,
    call: (method, path, sent = {}) => sendTo(bank)(method, path, { token, key: installed.keys.privateKey, ...sent }),
  };
}

export async function newSandboxKey(apiUrl: string, type: 'person' | 'company' = 'person'): Promise<string> {
  const { json } = await send(apiUrl, 'POST', `/sandbox-user-${type}`);
  return json.Response[0].ApiKey.api_key;
}

/** A payment service provider, all the way to its session. */
export async function logInProvider(apiUrl: string, certified: Certified = anyCertificate): Promise<LoggedIn> {
  const installed = await install(apiUrl);
  const apiKey: string = (await createCredential(installed, certified)).json.Response[0].CredentialPasswordIp.token_value;
  await bind(installed, apiKey);
  return loggedIn(apiUrl, installed, apiKey, await openSession(installed, apiKey));
}

/** An ordinary user of the sandbox, all the way to its session. */
export async function logInUser(apiUrl: string, type: 'person' | 'company' = 'person'): Promise<LoggedIn> {
  const installed = await install(apiUrl);
  const apiKey = await newSandboxKey(apiUrl, type);
  await bind(installed, apiKey);
  return loggedIn(apiUrl, installed, apiKey, await openSession(installed, apiKey));
}
