import type { Bank } from './bank.ts';
import type { Tables } from './entities.ts';
import { endGrant } from './grants.ts';
import type { Notifications } from './notifications.ts';

/** How the bank ends or blocks what it has issued, and end users what they have granted. All throw RangeError for an id that it does not have. */

type Revocable = 'sessions' | 'credentials' | 'installations';
type Known = Revocable | 'users' | 'userApiKeys';

/** What has ended keeps the instant at which it did. */
export function revoke(bank: Bank, table: Revocable, id: number): void {
  const entity = known(bank, table, id);
  bank.store.put(table, { ...entity, revokedAtMs: entity.revokedAtMs ?? bank.clock.nowMs() } as typeof entity);
}

export function expireSession(bank: Bank, id: number): void {
  const session = known(bank, 'sessions', id);
  bank.store.put('sessions', { ...session, expiresAtMs: Math.min(session.expiresAtMs, bank.clock.nowMs()) });
}

/** Of no use until it is unblocked. */
export function setBlocked(bank: Bank, id: number, isBlocked: boolean): void {
  const credential = known(bank, 'credentials', id);
  bank.store.put('credentials', { ...credential, blockedAtMs: isBlocked ? (credential.blockedAtMs ?? bank.clock.nowMs()) : null });
}

export function revokeUser(bank: Bank, id: number): void {
  if (bank.store.get('users', id) === undefined) throw new RangeError(`The bank has no user ${id}.`);
  for (const credential of bank.store.of('credentials', 'userId', id)) revoke(bank, 'credentials', credential.id);
}

export function revokeGrant(bank: Bank, notifications: Notifications, id: number): void {
  const ended = endGrant(bank, known(bank, 'userApiKeys', id));
  if (ended !== null) notifications.grantRevoked(ended);
}

export function revokeGrantsOf(bank: Bank, notifications: Notifications, userId: number): void {
  known(bank, 'users', userId);
  for (const grant of bank.store.all('userApiKeys')) if (grant.grantedByUserId === userId) revokeGrant(bank, notifications, grant.id);
}

function known<K extends Known>(bank: Bank, table: K, id: number): Tables[K] {
  const entity = bank.store.get(table, id);
  if (entity === undefined) throw new RangeError(`The bank has no ${id} among its ${table}.`);
  return entity;
}
