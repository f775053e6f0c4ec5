import { z } from 'zod';
import { amountSchema } from '../amounts.ts';
import { answer, readBody, refusals } from '../answers.ts';
import type { MonetaryAccount } from '../entities.ts';
import { covers, ibanSchema } from '../payments.ts';
import { requireRole } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { ownAccounts } from './monetary-account.ts';
import { requireOwnUser } from './user.ts';

const bodySchema = z.object({
  pointer_iban: z.object({ type: z.literal('IBAN', 'is not IBAN'), value: ibanSchema, name: z.string().nullish() }),
  amount: amountSchema,
});

/** Those of the session; on a provider's own, those of every user whose grant it holds. */
function reachedAccounts(call: SessionCall): MonetaryAccount[] {
  const { user, bank } = call;
  if (user.type !== 'UserPaymentServiceProvider') return ownAccounts(call);
  const grants = bank.store.all('userApiKeys').filter((grant) => grant.requestedByUserId === user.id && grant.revokedAtMs === null);
  const granting = new Set(grants.map(({ grantedByUserId }) => grantedByUserId));
  return [...granting].flatMap((userId) => bank.store.of('monetaryAccounts', 'userId', userId));
}

/** Yes or no, and nothing of the balance. */
function create(call: SessionCall) {
  requireOwnUser(call);
  requireRole(call, 'PISP', 'CBPII');
  const { pointer_iban, amount } = readBody(bodySchema, call.body);
  const account = reachedAccounts(call).find(({ iban }) => iban === pointer_iban.value);
  if (account === undefined) throw refusals.notFound('MonetaryAccount');
  return answer({ ConfirmationOfFunds: { has_sufficient_funds: covers(account, amount) } });
}

export const confirmationOfFundsRoutes: readonly Route[] = [
  { method: 'POST', path: '/user/{userID}/confirmation-of-funds', token: 'session', perform: create },
];
