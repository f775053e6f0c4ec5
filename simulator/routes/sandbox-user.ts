import { answer, answerId } from '../answers.ts';
import { newToken } from '../random.ts';
import type { AnonymousCall, Route } from '../route.ts';
import { createOrdinaryUser } from '../users.ts';

const create =
  (type: 'UserPerson' | 'UserCompany') =>
  ({ bank, nowMs }: AnonymousCall) => {
    const user = createOrdinaryUser(bank, { type }, nowMs);
    const credential = bank.store.put('credentials', {
      id: bank.store.nextId(),
      userId: user.id,
      origin: 'sandbox',
      apiKey: `sandbox_${newToken()}`,
      createdAtMs: nowMs,
      bindUntilMs: null,
      boundAtMs: null,
      revokedAtMs: null,
      permittedIps: [],
    });
    if (bank.settings.idInsteadOfObject) return answerId(user.id);
    return answer({ ApiKey: { api_key: credential.apiKey } });
  };

export const sandboxUserRoutes: readonly Route[] = [
  { method: 'POST', path: '/sandbox-user-person', token: 'none', perform: create('UserPerson') },
  { method: 'POST', path: '/sandbox-user-company', token: 'none', perform: create('UserCompany') },
];
