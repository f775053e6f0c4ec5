import { z } from 'zod';
import { answer, BankRefusal, readBody, refusals } from '../answers.ts';
import { type Bank, sessionStatus } from '../bank.ts';
import { bunqTime, wholeSeconds } from '../clock.ts';
import type { Credential, Installation, Session, User, UserApiKey } from '../entities.ts';
import { grantTimeouts, sessionUser, showSessionUser } from '../grants.ts';
import { newToken } from '../random.ts';
import type { InstallationCall, Route, SessionCall } from '../route.ts';
import { findLivingCredential, mayBeUsedFrom } from './device-server.ts';

const bodySchema = z.object({ secret: z.string().min(1) });

function lifetimeMs({ store, settings }: Bank, user: User): number {
  if (user.type !== 'UserPaymentServiceProvider') return settings.userSessionLifetimeMs;
  const isFirst = store.of('sessions', 'userId', user.id).length === 0;
  return isFirst ? settings.firstSessionLifetimeMs : settings.sessionLifetimeMs;
}

/** How long a session lasts; of a `UserApiKey`'s also what each of its two users shows. */
function timeoutsOf(bank: Bank, user: User | UserApiKey): Pick<Session, 'timeoutSeconds' | 'timeouts'> {
  if (user.type !== 'UserApiKey') return { timeoutSeconds: wholeSeconds(lifetimeMs(bank, user)) };
  const timeouts = grantTimeouts(bank, user);
  const { requestedBy, grantedBy } = timeouts;
  const ends = { smaller: Math.min(requestedBy, grantedBy), requested_by_user: requestedBy, granted_by_user: grantedBy };
  return { timeoutSeconds: ends[bank.settings.userApiKeySessionEndsBy], timeouts };
}

/** An access token is also good on an installation of the provider that it was given to, with the provider's own device there. */
function isBoundOn(bank: Bank, credential: Credential, installation: Installation, ip: string): boolean {
  const { store } = bank;
  const devices = store.of('devices', 'installationId', installation.id);
  if (devices.some(({ credentialId }) => credentialId === credential.id)) return mayBeUsedFrom(credential, ip);
  const provider = store.get('userApiKeys', credential.userId)?.requestedByUserId;
  return devices.some(({ userId, credentialId }) => userId === provider && mayBeUsedFrom(store.get('credentials', credentialId)!, ip));
}

/** A session of whom the API key is of. */
export function openSession(bank: Bank, credential: Credential, installationId: number, nowMs: number): Session {
  const { store } = bank;
  const { timeoutSeconds, ...timeouts } = timeoutsOf(bank, sessionUser(bank, credential.userId));
  return store.put('sessions', {
    id: store.nextId(),
    tokenId: store.nextId(),
    token: newToken(),
    userId: credential.userId,
    installationId,
    credentialId: credential.id,
    timeoutSeconds,
    ...timeouts,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + timeoutSeconds * 1000,
    deletedAtMs: null,
    revokedAtMs: null,
    uses: 0,
  });
}

function create({ bank, body, caller: { installation }, request, nowMs }: InstallationCall) {
  const { secret } = readBody(bodySchema, body);
  const credential = findLivingCredential(bank, secret, nowMs);
  if (credential === undefined || !isBoundOn(bank, credential, installation, request.remoteAddress)) throw refusals.credentials();
  if (bank.settings.oneSessionPerInstallation && hasActiveSession(bank, installation.id, nowMs))
    throw new BankRefusal(400, 'Authentication token already has a user session.');
  const session = openSession(bank, credential, installation.id, nowMs);
  const time = bunqTime(nowMs);
  return answer(
    { Id: { id: session.id } },
    { Token: { id: session.tokenId, created: time, updated: time, token: session.token } },
    showSessionUser(bank, sessionUser(bank, session.userId), session),
  );
}

function hasActiveSession({ store }: Bank, installationId: number, nowMs: number): boolean {
  return store.of('sessions', 'installationId', installationId).some((other) => sessionStatus(other, nowMs) === 'ACTIVE');
}

/** Ends the current session, named by its id or, as SDKs do, by 0. */
function remove({ bank, caller: { session }, id, nowMs }: SessionCall) {
  const asked = id('itemId');
  if (asked !== 0 && asked !== session.id) throw refusals.notFound('Session');
  bank.store.put('sessions', { ...bank.store.get('sessions', session.id)!, deletedAtMs: nowMs });
  return bank.settings.emptyObjectOnDelete ? { status: 200, body: {} } : answer();
}

export const sessionRoutes: readonly Route[] = [
  { method: 'POST', path: '/session-server', token: 'installation', signatureDemanded: true, perform: create },
  { method: 'DELETE', path: '/session/{itemId}', token: 'session', perform: remove },
];
