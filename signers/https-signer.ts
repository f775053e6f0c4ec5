import { createPrivateKey, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, type Dispatcher } from 'undici';
import { readGuarded, readPassphrase } from './guarded-file.ts';
import type { HttpsParts } from './settings.ts';
import { shownText } from './shown-text.ts';
import { type OfferedSigner, publicKeyOf, refused, signatureOf, unavailable, type Warn } from './signer.ts';

/** The files are PEM: the worker's certificate and key, and the authorities whose certificate the signer shows. */
export interface HttpsSignerSettings extends HttpsParts {
  /** `https://signer.example/v1`; the paths of docs/qseal-signer.openapi.json follow it. */
  readonly url: string;
  readonly passphraseFile?: string | undefined;
  /** For all tries of one question. */
  readonly timeLimitMs: number;
}

interface Question {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: object;
}

const MOST_BYTES = 16_384;
const FIRST_BACKOFF_MS = 200;

/** A signer at an address, by docs/qseal-signer.openapi.json. Its files are read for each question, so they can be renewed at any time. */
export function httpsSigner(settings: HttpsSignerSettings, warn: Warn): OfferedSigner {
  const key = `keys/${encodeURIComponent(settings.keyId)}`;
  const who = `${settings.url} (key ${settings.keyId})`;
  const ask = async (question: Question, field: string) => {
    const answer = await askUntilDeadline(settings, question, who, warn);
    const text = answer[field];
    if (typeof text !== 'string') throw refused(`${who} answered without "${field}".`);
    return text;
  };
  return {
    sign: async (sha256) => {
      const body = { algorithm: 'RSASSA-PKCS1-v1_5-SHA256', digest: Buffer.from(sha256).toString('base64') };
      return signatureOf(await ask({ method: 'POST', path: `${key}/signatures`, body }, 'signature'), who);
    },
    publicKey: async () => publicKeyOf(await ask({ method: 'GET', path: key }, 'publicKey'), who),
  };
}

/** The same request id for every try: the signer can tell that they are one. */
async function askUntilDeadline(settings: HttpsSignerSettings, question: Question, who: string, warn: Warn) {
  const untilMs = performance.now() + settings.timeLimitMs;
  const requestId = randomUUID();
  const agent = agentOf(settings, warn);
  try {
    for (let waitMs = FIRST_BACKOFF_MS, tries = 1; ; waitMs *= 2, tries++) {
      const leftMs = untilMs - performance.now();
      const answer = await askOnce(agent, settings, question, requestId, Math.ceil(Math.min(leftMs, settings.timeLimitMs / 2)));
      if (typeof answer !== 'string') return judged(answer, who, requestId);
      if (untilMs - performance.now() <= waitMs) throw unavailable(`${who}: ${answer}, ${tries} times (request ${requestId}).`);
      await sleep(waitMs);
    }
  } finally {
    await agent.destroy();
  }
}

function agentOf({ certificateFile, keyFile, caFile, passphraseFile }: HttpsSignerSettings, warn: Warn): Agent {
  const [cert, ca] = [certificateFile, caFile].map((file) => readGuarded(file, () => {})); // not secret
  const passphrase = passphraseFile === undefined ? undefined : readPassphrase(passphraseFile, warn).text();
  const key = readGuarded(keyFile, warn);
  if (!opens(key, passphrase)) throw refused(`${keyFile} is no private key in PEM, or does not open with its passphrase.`);
  return new Agent({ connect: { cert, key, ca, ...(passphrase !== undefined && { passphrase }) }, maxResponseSize: MOST_BYTES });
}

function opens(key: string, passphrase: string | undefined): boolean {
  try {
    return createPrivateKey({ key, ...(passphrase !== undefined && { passphrase }) }).type === 'private';
  } catch {
    return false; // OpenSSL's texts may quote
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The answer, or why it is to be asked for again. */
async function askOnce(
  agent: Dispatcher,
  { url }: HttpsSignerSettings,
  { method, path, body }: Question,
  requestId: string,
  limitMs: number,
): Promise<Answer | string> {
  try {
    const { statusCode: status, body: answer } = await agent.request({
      origin: new URL(url).origin,
      path: `${new URL(url).pathname.replace(/\/$/, '')}/${path}`,
      method,
      headers: { accept: 'application/json', 'x-request-id': requestId, ...(body && { 'content-type': 'application/json' }) },
      body: body ? JSON.stringify(body) : null,
      signal: AbortSignal.timeout(limitMs),
    });
    const text = await answer.text();
    return status >= 500 || [408, 425, 429].includes(status) ? `it answered ${status}${saying(text)}` : { status, text };
  } catch (error) {
    const { name, code, cause } = error as Error & { code?: string; cause?: { code?: string } };
    return name === 'TimeoutError' ? 'no answer in time' : `it cannot be reached (${cause?.code ?? code ?? name})`;
  }
}

/** @throws SignerError for what would be refused again */
function judged({ status, text }: Answer, who: string, requestId: string): Record<string, unknown> {
  if (status !== 200) throw refused(`${who} refuses with ${status}${saying(text)} (request ${requestId}).`);
  const answer = parsed(text);
  if (!answer) throw refused(`${who} answered something else than a JSON object (request ${requestId}).`);
  return answer;
}

function saying(text: string): string {
  const message = parsed(text)?.message;
  return typeof message === 'string' && message !== '' ? `: ${shownText(message)}` : '';
}

function parsed(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
