import { z } from 'zod';
import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { type Item, shaped } from './envelope.ts';
import { listPages } from './list.ts';

const monetaryAccountSchema = z.looseObject({
  id: z.int(),
  status: z.string().nullish(),
  description: z.string().nullish(),
  currency: z.string().nullish(),
});

export interface MonetaryAccount {
  /** bunq's type name, as `MonetaryAccountBank` or `MonetaryAccountSavings`. */
  readonly kind: string;
  readonly id: number;
  /** `ACTIVE`, `BLOCKED`, `CANCELLED`, `PENDING_REOPEN`. */
  readonly status: string | null;
  readonly description: string | null;
  readonly currency: string | null;
}

/**
 * `GET /user/{userID}/monetary-account`: the user's accounts of all kinds, newest first. A `UserPaymentServiceProvider` has none.
 * @throws BunqError
 */
export function listMonetaryAccounts(
  bank: Bank,
  caller: SessionCaller,
  { userId }: { userId: number },
  options?: CallOptions,
): Promise<MonetaryAccount[]> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  return listPages(bank, { path: `user/${userId}/monetary-account`, token, serverPublicKeyPem }, monetaryAccountsOf, options);
}

function monetaryAccountsOf(items: Item[]): MonetaryAccount[] {
  const accounts = items.filter(([typeName]) => typeName.startsWith('MonetaryAccount'));
  return accounts.map((item) => {
    const { id, status, description, currency } = shaped(item, monetaryAccountSchema);
    return { kind: item[0], id, status: status ?? null, description: description ?? null, currency: currency ?? null };
  });
}
