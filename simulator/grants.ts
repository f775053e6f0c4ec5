import { type Bank, sessionStatus } from './bank.ts';
import { bunqTime, wholeSeconds } from './clock.ts';
import type { GrantTimeouts, Session, User, UserApiKey } from './entities.ts';
import { readsAccountInformation } from './roles.ts';
import { showUser } from './users.ts';

/** Whose session or API key it is: a user, or an end user's grant. */
export function sessionUser({ store }: Pick<Bank, 'store'>, userId: number): User | UserApiKey {
  return store.get('users', userId) ?? store.get('userApiKeys', userId)!;
}

/** Whose accounts a session reaches. */
export function accountHolder({ store }: Pick<Bank, 'store'>, user: User | UserApiKey): User {
  return user.type === 'UserApiKey' ? store.get('users', user.grantedByUserId)! : user;
}

/** The user object of a session. Both users of a grant have a `session_timeout` of their own. */
export function showSessionUser(
  bank: Bank,
  user: User | UserApiKey,
  { timeoutSeconds, timeouts }: Pick<Session, 'timeoutSeconds' | 'timeouts'>,
) {
  if (user.type !== 'UserApiKey') return showUser(bank, user, { sessionTimeout: timeoutSeconds });
  return showUserApiKey(bank, user, timeouts ?? { requestedBy: timeoutSeconds, grantedBy: timeoutSeconds });
}

export function showUserApiKey(bank: Bank, grant: UserApiKey, { requestedBy, grantedBy }: GrantTimeouts): object {
  const { store } = bank;
  const withNationality = readsAccountInformation({ bank, user: grant });
  return {
    UserApiKey: {
      id: grant.id,
      created: bunqTime(grant.createdAtMs),
      updated: bunqTime(grant.revokedAtMs ?? grant.createdAtMs),
      requested_by_user: showUser(bank, store.get('users', grant.requestedByUserId)!, { sessionTimeout: requestedBy }),
      granted_by_user: showUser(bank, store.get('users', grant.grantedByUserId)!, { sessionTimeout: grantedBy, withNationality }),
    },
  };
}

/** What each user of a grant says of a session that is opened now. */
export function grantTimeouts({ store, settings }: Bank, { requestedByUserId }: UserApiKey): GrantTimeouts {
  const isProvider = store.get('users', requestedByUserId)!.type === 'UserPaymentServiceProvider';
  return {
    requestedBy: wholeSeconds(isProvider ? settings.sessionLifetimeMs : settings.userSessionLifetimeMs),
    grantedBy: wholeSeconds(settings.userSessionLifetimeMs),
  };
}

/** Ends a grant: its access token is dead and its sessions are refused from then on. @returns null when it had ended already */
export function endGrant(bank: Bank, grant: UserApiKey): UserApiKey | null {
  if (grant.revokedAtMs !== null) return null;
  const { store, clock } = bank;
  const revokedAtMs = clock.nowMs();
  const ended = store.put('userApiKeys', { ...grant, revokedAtMs });
  for (const credential of store.of('credentials', 'userId', grant.id))
    store.put('credentials', { ...credential, revokedAtMs: credential.revokedAtMs ?? revokedAtMs });
  for (const session of store.of('sessions', 'userId', grant.id))
    if (sessionStatus(session, revokedAtMs) === 'ACTIVE') store.put('sessions', { ...session, revokedAtMs });
  return ended;
}
