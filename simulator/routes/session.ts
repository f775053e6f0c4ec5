import { z } from 'zod';
import { answer, BankRefusal, readBody, refusals } from '../answers.ts';
import { type Bank, sessionStatus } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import type { User } from '../entities.ts';
import { newToken } from '../random.ts';
import type { InstallationCall, Route, SessionCall } from '../route.ts';
import { showUser } from '../users.ts';
import { findLivingCredential, mayBeUsedFrom } from './device-server.ts';

const bodySchema = z.object({ secret: z.string().min(1) });

function lifetimeMs({ store, settings }: Bank, user: User): number {
  if (user.type !== 'UserPaymentServiceProvider') return settings.userSessionLifetimeMs;
  const isFirst = store.find('sessions', ({ userId }) => userId === user.id) === undefined;
  return isFirst ? settings.firstSessionLifetimeMs : settings.sessionLifetimeMs;
}

function create({ bank, body, caller: { installation }, request, nowMs }: InstallationCall) {
  const { store, settings } = bank;
  const { secret } = readBody(bodySchema, body);
  const credential = findLivingCredential(bank, secret, nowMs);
  const device = store.find('devices', (other) => other.credentialId === credential?.id && other.installationId === installation.id);
  if (credential === undefined || device === undefined || !mayBeUsedFrom(credential, request.remoteAddress)) throw refusals.credentials();
  if (settings.oneSessionPerInstallation && hasActiveSession(bank, installation.id, nowMs))
    throw new BankRefusal(400, 'Authentication token already has a user session.');
  const user = store.get('users', credential.userId)!;
  const timeoutSeconds = Math.floor(lifetimeMs(bank, user) / 1000);
  const session = store.put('sessions', {
    id: store.nextId(),
    tokenId: store.nextId(),
    token: newToken(),
    userId: user.id,
    installationId: installation.id,
    credentialId: credential.id,
    timeoutSeconds,
    createdAtMs: nowMs,
    expiresAtMs: nowMs + timeoutSeconds * 1000,
    deletedAtMs: null,
    revokedAtMs: null,
    uses: 0,
  });
  const time = bunqTime(nowMs);
  return answer(
    { Id: { id: session.id } },
    { Token: { id: session.tokenId, created: time, updated: time, token: session.token } },
    showUser(bank, user, timeoutSeconds),
  );
}

function hasActiveSession({ store }: Bank, installationId: number, nowMs: number): boolean {
  return (
    store.find('sessions', (other) => other.installationId === installationId && sessionStatus(other, nowMs) === 'ACTIVE') !== undefined
  );
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
