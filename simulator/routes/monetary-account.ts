import { answer, refusals } from '../answers.ts';
import type { MonetaryAccount } from '../entities.ts';
import { answerList } from '../pagination.ts';
import type { Route, SessionCall } from '../route.ts';
import { showMonetaryAccount } from '../users.ts';
import { requireOwnUser } from './user.ts';

/** A payment service provider has none. */
function ownAccounts(call: SessionCall): MonetaryAccount[] {
  requireOwnUser(call);
  return call.bank.store.all('monetaryAccounts').filter(({ userId }) => userId === call.user.id);
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownAccounts(call), (account) => showMonetaryAccount(account, call.user));
}

function read(call: SessionCall) {
  const id = call.id('itemId');
  const account = ownAccounts(call).find((own) => own.id === id);
  if (account === undefined) throw refusals.notFound('MonetaryAccount');
  return answer(showMonetaryAccount(account, call.user));
}

/** All accounts are of the kind `MonetaryAccountBank`, so both paths show the same. */
export const monetaryAccountRoutes: readonly Route[] = ['monetary-account', 'monetary-account-bank'].flatMap((name) => [
  { method: 'GET', path: `/user/{userID}/${name}`, token: 'session', perform: list } as const,
  { method: 'GET', path: `/user/{userID}/${name}/{itemId}`, token: 'session', perform: read } as const,
]);
