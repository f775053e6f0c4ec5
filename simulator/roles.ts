import { refusals } from './answers.ts';
import type { Role } from './entities.ts';
import type { SessionCall } from './route.ts';

type Asking = Pick<SessionCall, 'bank' | 'user'>;

/** The roles of the provider that asks, for itself or by a grant; null: no provider asks, and there is no such limit. */
export function rolesOf({ bank, user }: Asking): readonly Role[] | null {
  const asking = user.type === 'UserApiKey' ? bank.store.get('users', user.requestedByUserId)! : user;
  return asking.type === 'UserPaymentServiceProvider' ? asking.roles : null;
}

/** @throws BankRefusal 403 for a provider that has none of these roles */
export function requireRole(asking: Asking, ...allowed: readonly Role[]): void {
  const roles = rolesOf(asking);
  if (roles !== null && !allowed.some((role) => roles.includes(role))) throw refusals.token(403);
}

/** Balance, nationality, cards and transactions; every provider reads name and IBAN. */
export function readsAccountInformation(asking: Asking): boolean {
  return rolesOf(asking)?.includes('AISP') ?? true;
}
