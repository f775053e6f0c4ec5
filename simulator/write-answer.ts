import type { ServerResponse } from 'node:http';
import type { Answer } from './answers.ts';
import type { Bank } from './bank.ts';
import type { Fault } from './fault-options.ts';
import { phpJson } from './json.ts';
import { signBody } from './signatures.ts';

/** On every answer: nobody is to take this for the bank. */
const BANNER = { 'X-Bunq-Simulator': 'not a bank; every secret is worthless' };

/** The same on what is written elsewhere. */
export const withBanner = (outgoing: ServerResponse): ServerResponse => outgoing.setHeaders(new Map(Object.entries(BANNER)));

interface AnswerContext {
  readonly fault: Fault | null;
  readonly responseId: string;
  /** Of the API, whose answers are signed. */
  readonly isApi: boolean;
  /** Echoed. */
  readonly requestId: string | null;
}

/** Maintenance and the bank's own faults are not signed, unless the setting says so; all else is. */
const isUnsigned = (status: number): boolean => status === 491 || status >= 500;

function bytesOf({ body }: Answer, fault: Fault | null): { contentType: string; bytes: Buffer } {
  if (fault?.kind === 'status' && fault.html)
    return { contentType: 'text/html', bytes: Buffer.from(`<html><body><h1>${fault.status}</h1></body></html>\n`) };
  const text = fault?.kind === 'garbage' ? '}{ this is not JSON' : phpJson(fault?.kind === 'reordered' ? reordered(body) : body);
  return { contentType: 'application/json', bytes: Buffer.from(text) };
}

/** Each list within the items is back to front. The items themselves are not: bunq's pages are newest first, and SDKs index what they are answered. */
function reordered(body: unknown): unknown {
  const { Response: items } = body as { Response?: object[] };
  return items === undefined ? body : { ...(body as object), Response: items.map(backToFront) };
}

function backToFront(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(backToFront).reverse();
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, backToFront(member)]));
}

function signatureHeader(bank: Bank, status: number, bytes: Buffer, fault: Fault | null): Record<string, string> {
  if ((isUnsigned(status) && !bank.settings.signAllAnswers) || fault?.kind === 'no-signature') return {};
  const signed = fault?.kind === 'wrong-signature' ? Buffer.concat([bytes, Buffer.from(' ')]) : bytes;
  return { 'X-Bunq-Server-Signature': signBody(signed, bank.serverKey.privateKey) };
}

/** An error with the member that it may have besides, where it is to have it; what that holds is published nowhere. */
function shown({ settings }: Bank, answer: Answer): Answer {
  const { Error: errors } = answer.body as { Error?: object[] };
  if (errors === undefined || !settings.errorAdditionalParameter) return answer;
  return { ...answer, body: { Error: errors.map((error) => ({ ...error, error_additional_parameter: {} })) } };
}

const apiHeaders = (requestId: string | null, responseId: string): Record<string, string> => ({
  ...(requestId !== null && { 'X-Bunq-Client-Request-Id': requestId }),
  'X-Bunq-Client-Response-Id': responseId,
});

/** Writes the answer as bunq does: exact content type, echoed request id, response id, signature over the raw body, the bank's own `Date`. */
export function writeAnswer(
  outgoing: ServerResponse,
  bank: Bank,
  answer: Answer,
  { fault, isApi, responseId, requestId }: AnswerContext,
): void {
  if (outgoing.destroyed) return;
  const { contentType, bytes } = bytesOf(shown(bank, answer), fault);
  outgoing.sendDate = false;
  outgoing.writeHead(answer.status, {
    ...BANNER,
    Date: new Date(bank.clock.nowMs()).toUTCString(),
    'Content-Type': contentType,
    'Content-Length': bytes.length,
    ...(isApi ? apiHeaders(requestId, responseId) : { 'Cache-Control': 'no-store' }),
    ...(isApi && signatureHeader(bank, answer.status, bytes, fault)),
  });
  if (fault?.kind !== 'truncated')
    outgoing.end(bytes.toString('latin1'), 'latin1'); // as text it leaves in one write with the headers
  else outgoing.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => outgoing.socket?.destroySoon());
}

/** Cuts the connection: the client sees a reset instead of an answer. */
export function cutAnswer(outgoing: ServerResponse): void {
  const { socket } = outgoing;
  if (socket === null) outgoing.destroy();
  else socket.resetAndDestroy();
}
