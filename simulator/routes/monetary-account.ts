import { answer, refusals } from '../answers.ts';
import type { MonetaryAccount, User } from '../entities.ts';
import { accountHolder } from '../grants.ts';
import { answerList } from '../pagination.ts';
import type { Route, SessionCall } from '../route.ts';
import { showMonetaryAccount } from '../users.ts';
import { requireOwnUser } from './user.ts';

/** A payment service provider has none; on a `UserApiKey` they are those of the user who granted it. */
function ownAccounts(call: SessionCall): MonetaryAccount[] {
  requireOwnUser(call);
  const holder = accountHolder(call.bank, call.user);
  return call.bank.store.of('monetaryAccounts', 'userId', holder.id);
}

/** A provider that may not give account information reads name and IBAN, and no balance. */
function mayReadBalance({ bank, user }: SessionCall): boolean {
  if (user.type !== 'UserApiKey') return true;
  const { type, roles }: User = bank.store.get('users', user.requestedByUserId)!;
  return type !== 'UserPaymentServiceProvider' || roles.includes('AISP');
}

function showAccount(call: SessionCall, account: MonetaryAccount): object {
  return showMonetaryAccount(account, accountHolder(call.bank, call.user), { withBalance: mayReadBalance(call) });
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownAccounts(call), (account) => showAccount(call, account));
}

function read(call: SessionCall) {
  const id = call.id('itemId');
  const account = ownAccounts(call).find((own) => own.id === id);
  if (account === undefined) throw refusals.notFound('MonetaryAccount');
  return answer(showAccount(call, account));
}

/** All accounts are of the kind `MonetaryAccountBank`, so both paths show the same. */
export const monetaryAccountRoutes: readonly Route[] = ['monetary-account', 'monetary-account-bank'].flatMap((name) => [
  { method: 'GET', path: `/user/{userID}/${name}`, token: 'session', perform: list } as const,
  { method: 'GET', path: `/user/{userID}/${name}/{itemId}`, token: 'session', perform: read } as const,
]);
