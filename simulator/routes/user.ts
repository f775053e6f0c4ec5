import { answer, refusals } from '../answers.ts';
import { showSessionUser } from '../grants.ts';
import { answerList } from '../pagination.ts';
import type { Route, SessionCall } from '../route.ts';

/** Other users' ids are answered like ids that do not exist. */
export function requireOwnUser({ user, id }: SessionCall): void {
  if (id('userID') !== user.id) throw refusals.notFound('User');
}

function list({ bank, request, caller, user }: SessionCall) {
  return answerList(bank, request, [user], (own) => showSessionUser(bank, own, caller.session));
}

function read({ bank, caller, user, id }: SessionCall) {
  if (id('itemId') !== user.id) throw refusals.notFound('User');
  return answer(showSessionUser(bank, user, caller.session));
}

function readPaymentServiceProvider(call: SessionCall) {
  if (call.user.type !== 'UserPaymentServiceProvider') throw refusals.notFound('UserPaymentServiceProvider');
  return read(call);
}

export const userRoutes: readonly Route[] = [
  { method: 'GET', path: '/user', token: 'session', perform: list },
  { method: 'GET', path: '/user/{itemId}', token: 'session', perform: read },
  { method: 'GET', path: '/user-payment-service-provider/{itemId}', token: 'session', perform: readPaymentServiceProvider },
];
