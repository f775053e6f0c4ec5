import type { Bank } from './bank.ts';
import type { User } from './entities.ts';
import type { PaymentServiceProviderDraftPayment } from './payment-entities.ts';
import { covers, pay } from './payments.ts';

/** What a provider has asked for and this user may accept. */
export function pendingDrafts({ store }: Bank, provider: User, user: User): PaymentServiceProviderDraftPayment[] {
  const accounts = store.of('monetaryAccounts', 'userId', user.id);
  return store.all('paymentServiceProviderDraftPayments').filter(({ status, userId, senderAccountId }) => {
    return status === 'PENDING' && userId === provider.id && accounts.some(({ id }) => id === senderAccountId);
  });
}

/** The user accepts the payments along with the grant. What the balance does not cover is rejected. */
export function acceptDrafts(bank: Bank, provider: User, user: User, nowMs: number): void {
  for (const draft of pendingDrafts(bank, provider, user)) {
    const account = bank.store.get('monetaryAccounts', draft.senderAccountId)!;
    const isCovered = covers(account, draft.cents);
    if (isCovered) pay(bank, account, [draft], nowMs);
    const status = isCovered ? 'ACCEPTED' : 'REJECTED';
    bank.store.put('paymentServiceProviderDraftPayments', { ...draft, status, updatedAtMs: nowMs });
  }
}
