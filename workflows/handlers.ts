import { setHandler } from '@temporalio/workflow';
import { askAuthorization, isKnownLink } from './authorization.ts';
import { completeAuthorization } from './authorization-step.ts';
import type { Connection } from './connection.ts';
import { comeBackSignal, secondOpinionSignal, slotGrantedSignal } from './gate-messages.ts';
import {
  type AskAuthorizationInput,
  askAuthorizationUpdate,
  type CallbackUrlsInput,
  type CompleteAuthorizationInput,
  completeAuthorizationUpdate,
  disconnectUpdate,
  oauthClientQuery,
  QSEAL_SIGNATURE_PATTERN,
  type RenewInput,
  type ReportRefusedInput,
  type ResumeInput,
  renewUpdate,
  reportRefusedUpdate,
  resealUpdate,
  resumeUpdate,
  type Sender,
  sessionQuery,
  setCallbackUrlsUpdate,
  stateQuery,
  statusQuery,
} from './messages.ts';
import { answerReport } from './refusal-report.ts';
import { reseal } from './reseal.ts';
import { tryAllAgain } from './resume.ts';
import { rollOverProblem } from './roll-over.ts';
import { keyIdsIn } from './sealed-values.ts';
import { giveBackUnused } from './slot-request.ts';
import { type ConnectionState, isServingValid, type LifecycleState, WAITED_FOR_MS } from './state.ts';
import { oauthClientView, sessionView } from './status.ts';

/** Answers queries, and records what is wished; the loop does it. All handlers are set before the first await. */
export function answerMessages(connection: Connection): void {
  const { state } = connection;
  answerGate(connection);
  if (state.authorization) answerAuthorization(connection);
  setHandler(statusQuery, () => connection.status, { description: 'State, steps with times, session times, what to do' });
  setHandler(sessionQuery, () => (isServingValid(state, Date.now()) ? { ...sessionView(state)!, egress: state.egress } : null), {
    description: 'The session served, sealed; null while there is no valid one',
  });
  setHandler(oauthClientQuery, () => oauthClientView(state), { description: 'OAuth client id, sealed secret, callback URLs' });
  setHandler(stateQuery, () => state, { description: 'The whole state, secrets sealed: what a closed run is resumed from' });

  const record = (wish: () => unknown) => recordWish(connection, wish);
  setHandler(renewUpdate, (input: RenewInput) => record(() => renew(connection, input)), {
    description: 'Open a new session now',
    validator: sentBySomebody,
  });
  setHandler(
    reportRefusedUpdate,
    (input: ReportRefusedInput) => {
      connection.updates++;
      return answerReport(connection, input);
    },
    { description: 'Say that a call on a session was refused; answers with the session to go on with', validator: reportsSession },
  );
  setHandler(resumeUpdate, (input: ResumeInput) => record(() => resume(connection, input)), {
    description: 'Try again what waits for a person, with new input or without',
    validator: (input) => validateResume(connection, input),
  });
  setHandler(setCallbackUrlsUpdate, (input: CallbackUrlsInput) => record(() => wantCallbackUrls(connection, input)), {
    description: 'Say which callback URLs there should be',
    validator: validateCallbackUrls,
  });
  setHandler(
    resealUpdate,
    async () => {
      connection.updates++;
      await reseal(connection);
      return { keyIds: keyIdsIn(state) };
    },
    { description: 'Seal every secret by the present sealing key', validator: sentBySomebody },
  );
  setHandler(disconnectUpdate, ({ by }: Sender) => record(() => Object.assign(state.wishes, { disconnect: { by, atMs: Date.now() } })), {
    description: 'Close the sessions at the bank and end',
    validator: sentBySomebody,
  });
}

/** For an update that answers at once: the loop turns, and does it. */
function recordWish(connection: Connection, wish: () => unknown): LifecycleState {
  wish();
  connection.updates++;
  connection.woken = true;
  return connection.state.lifecycle.state;
}

/** What the gate says. A slot for another asking than the present one is given back. */
function answerGate(connection: Connection): void {
  const { state } = connection;
  setHandler(slotGrantedSignal, async (granted) => {
    if (state.slot?.requestId !== granted.requestId) return giveBackUnused(connection, granted.requestId);
    connection.grant = granted;
    connection.woken = true;
  });
  setHandler(comeBackSignal, ({ requestId, inMs }) => {
    if (state.slot?.requestId === requestId) state.slot.askAgainAtMs = Math.max(state.slot.askAgainAtMs, Date.now() + inMs);
  });
  setHandler(secondOpinionSignal, () => {
    if (!isServingValid(state, Date.now()) || state.wishes.renew) return;
    state.wishes.renew = { by: 'session gate', atMs: Date.now(), bulk: false };
    connection.woken = true;
  });
}

/** An end user's consent: its links, and what comes back of them. */
function answerAuthorization(connection: Connection): void {
  const { state } = connection;
  setHandler(
    askAuthorizationUpdate,
    ({ by: _, ...request }: AskAuthorizationInput) =>
      recordWish(connection, () => {
        state.authorization = askAuthorization(state.authorization!, request, Date.now());
      }),
    { description: 'Another link was made, with which an end user grants access', validator: (input) => validateLink(state, input) },
  );
  setHandler(completeAuthorizationUpdate, (input: CompleteAuthorizationInput) => completeAuthorization(connection, input), {
    description: 'An end user came back from the bank: with a code, or without',
    validator: (input) => validateRedirect(state, input),
  });
}

function renew({ state }: Connection, { by, bulk = false }: RenewInput): void {
  const nowMs = Date.now();
  state.wishes.renew = { by, atMs: nowMs, bulk };
  if (!bulk) state.waitedForUntilMs = nowMs + WAITED_FOR_MS;
  const { session } = state.troubles;
  if (session && !(bulk && session.action)) session.retryAtMs = nowMs; // what waits for a person goes on doing so, and is tried
}

function resume({ state }: Connection, { by, credential, qsealSignature = state.wishes.resume?.qsealSignature }: ResumeInput): void {
  const wanted = credential ?? state.wishes.resume?.credential ?? null;
  state.wishes.resume = { by, atMs: Date.now(), credential: wanted, ...(qsealSignature !== undefined && { qsealSignature }) };
  state.waitedForUntilMs = Date.now() + WAITED_FOR_MS;
  tryAllAgain(state);
}

function wantCallbackUrls({ state }: Connection, { wanted, unwanted, prune }: CallbackUrlsInput): void {
  state.wanted.callbackUrls = wanted;
  state.wanted.unwantedCallbackUrls = [...new Set([...state.wanted.unwantedCallbackUrls, ...unwanted])].filter(
    (url) => !wanted.includes(url),
  );
  state.wanted.pruneCallbackUrls ||= prune;
  delete state.troubles['callback-urls'];
}

function sentBySomebody({ by }: Sender): void {
  if (typeof by !== 'string' || by === '') throw new Error('An update says who sent it: {"by":"ada@laptop"}.');
}

function reportsSession({ by, sessionId }: ReportRefusedInput): void {
  sentBySomebody({ by });
  if (!Number.isSafeInteger(sessionId)) throw new Error('reportRefused names the session: {"by","sessionId":123}.');
}

function validateResume({ state }: Connection, { by, credential, qsealSignature }: ResumeInput): void {
  sentBySomebody({ by });
  if (qsealSignature !== undefined) validateSignature(state, qsealSignature, credential !== undefined);
  const present = state.wanted.credential.type;
  if (credential && credential.type !== present)
    throw new Error(`${state.name} was onboarded with a credential of type ${present}, not ${credential.type}.`);
  const problem = credential && rollOverProblem(state, credential);
  if (problem) throw new Error(problem);
}

function validateSignature({ name, ladder }: ConnectionState, qsealSignature: unknown, hasCredential: boolean): void {
  if (hasCredential) throw new Error(`${name}: a signature is for the certificate that is there: give it, or another certificate.`);
  if (typeof qsealSignature !== 'string' || !QSEAL_SIGNATURE_PATTERN.test(qsealSignature))
    throw new Error(`${name}: the signature is given in base64, on one line.`);
  if (ladder.installation?.qsealDigest === undefined)
    throw new Error(`${name} asks for no signature now: bunq-keeper status ${name} says what it waits for.`);
}

function validateCallbackUrls({ by, wanted, unwanted }: CallbackUrlsInput): void {
  sentBySomebody({ by });
  if (!Array.isArray(wanted) || !Array.isArray(unwanted))
    throw new Error('setCallbackUrls takes {"by","wanted":[…],"unwanted":[…],"prune":false}.');
  for (const url of wanted)
    if (typeof url !== 'string' || !isCallbackUrl(url))
      throw new Error(`${String(url)} is not a callback URL: bunq takes https (http for localhost only).`);
}

function validateLink(
  { name }: ConnectionState,
  { by, stateSha256, redirectUrl, clientId, clientSecret, validForMs }: AskAuthorizationInput,
): void {
  sentBySomebody({ by });
  const texts = [stateSha256, redirectUrl, clientId, clientSecret];
  if (texts.some((text) => typeof text !== 'string' || text === '') || !(validForMs > 0))
    throw new Error(`${name}: askAuthorization takes {"by","stateSha256","redirectUrl","clientId","clientSecret","validForMs"}.`);
}

/** Rejected without an event: anybody can send redirects with a state of their own. */
function validateRedirect({ name, authorization }: ConnectionState, { by, stateSha256 }: CompleteAuthorizationInput): void {
  sentBySomebody({ by });
  if (!isKnownLink(authorization!, stateSha256)) throw new Error(`${name} has made no link with this state.`);
}

/** No URL class in workflows. The bank matches redirects to the last slash, so nothing is normalised. */
const isCallbackUrl = (url: string) =>
  /^https:\/\/[^\s/]+/.test(url) || /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?(\/|$)/.test(url);
