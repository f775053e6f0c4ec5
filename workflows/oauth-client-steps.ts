import type { OAuthClientRead } from '../activities/oauth-client.ts';
import { isUnclear } from './blame.ts';
import type { Connection } from './connection.ts';
import { StepFailure, seenFailure } from './failure.ts';
import { sealedSession } from './sealed-callers.ts';
import type { ConnectionState, OAuthClientState } from './state.ts';
import { callbackUrlChanges } from './steps.ts';

/**
 * The steps that need a session. What is created here may not be created twice, so each looks first, creates once, and
 * looks again; after an unclear answer it settles before it looks, since the bank may still be at it.
 */

export async function findOrCreateOAuthClient(connection: Connection): Promise<void> {
  const { state } = connection;
  let lookedAtMs = Date.now();
  if (await adopt(connection)) return;
  if (state.settleUntilMs !== null) {
    await settle(connection);
    lookedAtMs = Date.now();
    if (await adopt(connection, 'look again for an OAuth client: a creation had no clear answer')) return;
  }
  try {
    await createOnce(connection, () =>
      connection.call('createOAuthClient', 'create OAuth client', { ...signing(state, onSession(state)), lookedAtMs }),
    );
  } catch (error) {
    const isRefusal = seenFailure(error, Date.now()).code === 'BUNQ_BAD_REQUEST';
    if (isRefusal && (await adopt(connection, 'look again for an OAuth client: the bank refused another'))) return; // there is one since we looked
    throw error;
  }
  if (!(await adopt(connection, 'see that the OAuth client is there')))
    throw new StepFailure('BUNQ_RESPONSE_INVALID', 'The bank made an OAuth client and does not list it.');
}

/** The ACTIVE one with the lowest id; others are reported and left alone. */
async function adopt({ state, call }: Bound, summary = 'look for an OAuth client'): Promise<boolean> {
  const found = await call('findOAuthClients', summary, onSession(state));
  const [first, ...others] = found
    .filter(({ status }) => status === 'ACTIVE')
    .map(({ oauthClientId }) => oauthClientId)
    .sort((a, b) => a - b);
  if (first === undefined) return false;
  state.settleUntilMs = null;
  state.oauthClient = {
    oauthClientId: first,
    userId: state.serving!.session.user.id,
    clientId: null,
    clientSecret: null,
    callbackUrls: [],
    callbackUrlsKnown: false,
    others,
    readWithSessionId: null,
  };
  return true;
}

/** Every callback URL that is asked for; what is extra is removed only when that is asked. */
export async function setCallbackUrls(connection: Connection): Promise<void> {
  const { state } = connection;
  let lookedAtMs = Date.now();
  await readCallbackUrls(connection);
  if (callbackUrlChanges(state).add.length > 0 && state.settleUntilMs !== null) {
    await settle(connection);
    lookedAtMs = Date.now();
    await readCallbackUrls(connection, 'look again at the callback URLs: a change had no clear answer');
  }
  const { add, remove } = callbackUrlChanges(state);
  for (const url of add)
    await createOnce(connection, () =>
      connection.call('createCallbackUrl', `add callback URL ${url}`, { ...signing(state, onOAuthClient(state)), url, lookedAtMs }),
    );
  for (const { id, url } of remove) await removeCallbackUrl(connection, id, url);
  if (add.length + remove.length > 0) await readCallbackUrls(connection, 'see that the callback URLs are as wanted');
  const left = callbackUrlChanges(state); // other wishes may have come meanwhile: then the step is still missing
  const notAdded = left.add.find((url) => add.includes(url));
  const notRemoved = left.remove.find(({ id }) => remove.some((removed) => removed.id === id));
  if (notAdded ?? notRemoved)
    throw new StepFailure(
      'BUNQ_RESPONSE_INVALID',
      `The bank took the change of callback URL ${notAdded ?? notRemoved!.url} and does not show it.`,
    );
  state.settleUntilMs = null;
  if (left.remove.length > 0) return;
  state.wanted.unwantedCallbackUrls = [];
  state.wanted.pruneCallbackUrls = false;
}

async function readCallbackUrls({ state, call }: Bound, summary = 'look at the callback URLs'): Promise<void> {
  const oauthClient = state.oauthClient!;
  oauthClient.callbackUrls = await call('listCallbackUrls', summary, onOAuthClient(state));
  oauthClient.callbackUrlsKnown = true;
}

async function removeCallbackUrl({ state, call }: Bound, callbackUrlId: number, url: string): Promise<void> {
  try {
    await call('deleteCallbackUrl', `remove callback URL ${url}`, { ...onOAuthClient(state), callbackUrlId });
  } catch (error) {
    if (seenFailure(error, Date.now()).code !== 'BUNQ_NOT_FOUND') throw error; // an earlier attempt removed it
  }
}

/** Client id and secret, and with them what the bank has for callback URLs: read again after each renewal. */
export async function readClientCredentials(connection: Connection): Promise<void> {
  const { state } = connection;
  const oauthClient = state.oauthClient!;
  const read = await readOrForget(connection, oauthClient);
  const { clientId, clientSecret, callbackUrls } = read;
  Object.assign(oauthClient, { clientId, clientSecret, callbackUrls });
  const { add } = callbackUrlChanges(state);
  if (add.length > 0) throw new StepFailure('BUNQ_RESPONSE_INVALID', `The OAuth client lacks the callback URL ${add[0]}.`);
  oauthClient.readWithSessionId = state.serving!.session.sessionId;
}

/**
 * The same, as it came with the proof of the session that is served now. What is not as it should be is left to the step itself, which
 * says so.
 */
export function takeOAuthClient(state: ConnectionState, { status, ...read }: OAuthClientRead): void {
  const { oauthClient, serving } = state;
  const { user, sessionId } = serving!.session;
  if (!oauthClient || oauthClient.userId !== user.id || status !== 'ACTIVE') return;
  const { add } = callbackUrlChanges({ ...state, oauthClient: { ...oauthClient, ...read } });
  if (add.length > 0) return;
  Object.assign(oauthClient, read, { readWithSessionId: sessionId });
  state.doneAtMs['client-credentials'] = Date.now();
  delete state.troubles['client-credentials'];
}

/** An OAuth client that is gone or no longer ACTIVE is sought again. */
async function readOrForget({ state, call }: Bound, { oauthClientId }: OAuthClientState) {
  try {
    const read = await call('readOAuthClient', 'read client id and secret', onOAuthClient(state));
    if (read.status === 'ACTIVE') return read;
  } catch (error) {
    if (seenFailure(error, Date.now()).code !== 'BUNQ_NOT_FOUND') throw error;
  }
  state.oauthClient = null;
  throw new StepFailure('BUNQ_RESPONSE_INVALID', `OAuth client ${oauthClientId} is no longer active at the bank.`);
}

type Bound = Pick<Connection, 'state' | 'call'>;

/**
 * After anything but a clear answer the next creation waits until this one has had its effect or never will. One that was not
 * sent may come after another attempt or run that was (`demandFreshLook`).
 */
async function createOnce({ state, surroundings }: Connection, create: () => Promise<unknown>): Promise<void> {
  try {
    await create();
  } catch (error) {
    const { code, sent } = seenFailure(error, Date.now());
    if (code === 'NOT_SENT' || (sent !== false && isUnclear(code))) state.settleUntilMs = Date.now() + surroundings.settleMs;
    throw error;
  }
}

async function settle(connection: Connection): Promise<void> {
  const { settleUntilMs } = connection.state;
  if (settleUntilMs !== null) await connection.waitUntil(settleUntilMs, 'let a lost answer settle before looking again');
}

const onSession = ({ serving }: ConnectionState) => {
  const { session, installation } = serving!;
  const { sessionToken, user } = session;
  return { session: sealedSession({ sessionToken, serverPublicKeyPem: installation.serverPublicKeyPem }), userId: user.id };
};

const onOAuthClient = (state: ConnectionState) => ({ ...onSession(state), oauthClientId: state.oauthClient!.oauthClientId });

/** For calls with a body. */
function signing<Call extends ReturnType<typeof onSession>>(state: ConnectionState, call: Call): Call {
  const { keyPair, installation } = state.serving!;
  const { ofProvider } = installation;
  return { ...call, session: { ...call.session, privateKey: keyPair.privateKey, ...(ofProvider && { ofProvider }) } };
}
