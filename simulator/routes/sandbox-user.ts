import { answer, answerId } from '../answers.ts';
import type { Bank } from '../bank.ts';
import type { Credential } from '../entities.ts';
import { newToken } from '../random.ts';
import type { AnonymousCall, Route } from '../route.ts';
import { createOrdinaryUser, type OrdinaryUserType } from '../users.ts';

/** A user of the sandbox with an API key that waits to be bound. */
export function createSandboxKey(bank: Bank, type: OrdinaryUserType, nowMs: number): Credential {
  const { store } = bank;
  const user = createOrdinaryUser(bank, { type }, nowMs);
  return store.put('credentials', {
    id: store.nextId(),
    userId: user.id,
    origin: 'sandbox',
    apiKey: `sandbox_${newToken()}`,
    createdAtMs: nowMs,
    bindUntilMs: null,
    boundAtMs: null,
    revokedAtMs: null,
    permittedIps: [],
  });
}

const create =
  (type: OrdinaryUserType) =>
  ({ bank, nowMs }: AnonymousCall) => {
    const { userId, apiKey } = createSandboxKey(bank, type, nowMs);
    return bank.settings.idInsteadOfObject ? answerId(userId) : answer({ ApiKey: { api_key: apiKey } });
  };

export const sandboxUserRoutes: readonly Route[] = [
  { method: 'POST', path: '/sandbox-user-person', token: 'none', perform: create('UserPerson') },
  { method: 'POST', path: '/sandbox-user-company', token: 'none', perform: create('UserCompany') },
];
