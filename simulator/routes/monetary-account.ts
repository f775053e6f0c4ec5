import { answer, requireItem } from '../answers.ts';
import type { MonetaryAccount } from '../entities.ts';
import { accountHolder } from '../grants.ts';
import { answerList } from '../pagination.ts';
import { readsAccountInformation } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { showMonetaryAccount } from '../users.ts';
import { requireOwnUser } from './user.ts';

/** A payment service provider has none; on a `UserApiKey` they are those of the user who granted it. */
export function ownAccounts(call: SessionCall): MonetaryAccount[] {
  requireOwnUser(call);
  const holder = accountHolder(call.bank, call.user);
  return call.bank.store.of('monetaryAccounts', 'userId', holder.id);
}

/** The account of that id. @throws BankRefusal 404 for a user or account that is not the session's */
export const requireOwnAccount = (call: SessionCall, id: number): MonetaryAccount => requireItem('MonetaryAccount', id, ownAccounts(call));

function showAccount(call: SessionCall, account: MonetaryAccount): object {
  return showMonetaryAccount(account, accountHolder(call.bank, call.user), { withBalance: readsAccountInformation(call) });
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownAccounts(call), (account) => showAccount(call, account));
}

function read(call: SessionCall) {
  return answer(showAccount(call, requireOwnAccount(call, call.id('itemId'))));
}

/** All accounts are of the kind `MonetaryAccountBank`, so both paths show the same. */
export const monetaryAccountRoutes: readonly Route[] = ['monetary-account', 'monetary-account-bank'].flatMap((name) => [
  { method: 'GET', path: `/user/{userID}/${name}`, token: 'session', perform: list } as const,
  { method: 'GET', path: `/user/{userID}/${name}/{itemId}`, token: 'session', perform: read } as const,
]);
