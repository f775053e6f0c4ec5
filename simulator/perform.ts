import { type Answer, BadParameter, BankRefusal, errorAnswer, refusals } from './answers.ts';
import { type Bank, sessionStatus } from './bank.ts';
import { sessionUser } from './grants.ts';
import type { Caller, Request, Route, SessionCall } from './route.ts';
import type { findRoute } from './router.ts';
import { isBodySignedBy, publicKeyFrom } from './signatures.ts';

/** To how much a request extends a session that is about to end. */
const EXTENDED_TO_MS = 5 * 60 * 1000;

export type Found = ReturnType<typeof findRoute>;

export interface Performed {
  readonly answer: Answer;
  /** Whose token was sent, also when the request was refused. */
  readonly caller: Caller | null;
}

/**
 * Does what a request asks, all of it or nothing, and says what the bank answers. Synchronous: no other request comes between.
 * @param nowMs when it happens
 */
export function perform(bank: Bank, request: Request, found: Found, nowMs: number): Performed {
  const caller = (request.authentication !== null && bank.store.ownerOfToken(request.authentication)) || null;
  try {
    return { answer: performChecked(bank, request, found, { caller, nowMs }), caller };
  } catch (error) {
    if (!(error instanceof BankRefusal)) throw error;
    const status = error instanceof BadParameter ? bank.settings.badParameterStatus : error.status;
    return { answer: errorAnswer(status, error.message), caller };
  }
}

function performChecked(
  bank: Bank,
  request: Request,
  { route, id }: Found,
  { caller, nowMs }: { caller: Caller | null; nowMs: number },
): Answer {
  const call = { bank, request, id, nowMs, user: undefined };
  if (bank.settings.demandDocumentedHeaders && !route.isOAuth && !request.hasDocumentedHeaders)
    throw new BadParameter('The headers Cache-Control and User-Agent are required.');
  if (route.token === 'none') return route.perform({ ...call, caller: null, body: route.isOAuth ? {} : readJson(request.bytes) });
  if (caller === null || !isAlive(caller, nowMs)) throw refusals.token(bank.settings.refusedTokenStatus);
  checkTokenKind(route, caller);
  checkSignature(bank, route, request, caller);
  checkRequestId(bank, request, caller);
  countUse(bank, caller, nowMs);
  const body = readJson(request.bytes);
  if (route.token !== 'session') return route.perform({ ...call, caller, body });
  const user = sessionUser(bank, caller.session!.userId);
  return route.perform({ ...call, caller: caller as SessionCall['caller'], user, body });
}

function isAlive({ installation, session }: Caller, nowMs: number): boolean {
  return installation.revokedAtMs === null && (session === null || sessionStatus(session, nowMs) === 'ACTIVE');
}

/** bunq's text for this is recorded nowhere. */
function checkTokenKind({ token }: Route, { session }: Caller): void {
  const kind = session === null ? 'installation' : 'session';
  if (token !== kind && token !== 'installation-or-session')
    throw new BankRefusal(403, `This endpoint cannot be called with the token of an ${kind}.`.replace('an session', 'a session'));
}

/** A signature that is sent is checked, also where none is demanded, over the exact bytes of the body. */
function checkSignature(bank: Bank, route: Route, { signature, bytes }: Request, { installation }: Caller): void {
  if (signature === null) {
    if (route.signatureDemanded) throw refusals.signatureMissing();
    return;
  }
  if (!isBodySignedBy(bytes, signature, publicKeyFrom(installation.publicKeyPem)))
    throw refusals.signatureWrong(bank.settings.wrongSignatureStatus);
}

function checkRequestId({ store, settings }: Bank, { requestId }: Request, { installation }: Caller): void {
  if (requestId === null) return;
  const isNew = store.useRequestId(installation.id, requestId);
  if (!isNew && settings.refuseRepeatedRequestIds) throw new BadParameter('The request id was used before.');
}

function countUse({ store, settings }: Bank, { installation, session }: Caller, nowMs: number): void {
  store.put('installations', { ...installation, uses: installation.uses + 1 });
  if (session === null) return;
  const isExtended = settings.extendSessions && session.expiresAtMs - nowMs <= settings.extendSessionsWithinMs;
  const expiresAtMs = isExtended ? Math.max(session.expiresAtMs, nowMs + EXTENDED_TO_MS) : session.expiresAtMs;
  store.put('sessions', { ...session, uses: session.uses + 1, expiresAtMs });
}

function readJson(bytes: Buffer): unknown {
  if (bytes.length === 0) return {};
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new BadParameter('The request body is not valid JSON.');
  }
}
