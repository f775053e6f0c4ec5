import { z } from 'zod';
import { amountSchema } from '../amounts.ts';
import { answer, answerId, readBody, refusals, requireItem } from '../answers.ts';
import type { MonetaryAccount } from '../entities.ts';
import { answerList } from '../pagination.ts';
import type { Payment } from '../payment-entities.ts';
import { counterpartyOf, pay, pointerSchema, showPayment } from '../payments.ts';
import { requireRole, rolesOf } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnAccount } from './monetary-account.ts';
import { requireOwnUser } from './user.ts';

const bodySchema = z.object({ amount: amountSchema, counterparty_alias: pointerSchema, description: z.string() });

/** Only users themselves pay: what they granted is to draft payments. A PISP may where the settings say so. */
function mayPay({ bank, user }: SessionCall): boolean {
  if (user.type !== 'UserApiKey') return user.type !== 'UserPaymentServiceProvider';
  return bank.settings.pispMakesPayments && (rolesOf({ bank, user })?.includes('PISP') ?? false);
}

function create(call: SessionCall) {
  requireOwnUser(call);
  if (!mayPay(call)) throw refusals.token(403);
  const { bank, nowMs } = call;
  const account = requireOwnAccount(call, call.id('monetary-accountID'));
  const { amount, counterparty_alias, description } = readBody(bodySchema, call.body);
  const counterparty = counterpartyOf(bank, { iban: counterparty_alias.value, name: counterparty_alias.name });
  const [payment] = pay(bank, account, [{ counterparty, cents: amount, description }], nowMs);
  return answerId(payment!.id);
}

function ownPayments(call: SessionCall): Payment[] {
  requireOwnUser(call);
  requireRole(call, 'AISP');
  const account: MonetaryAccount = requireOwnAccount(call, call.id('monetary-accountID'));
  return call.bank.store.of('payments', 'monetaryAccountId', account.id);
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownPayments(call), (payment) => showPayment(call.bank, payment));
}

function read(call: SessionCall) {
  return answer(showPayment(call.bank, requireItem('Payment', call.id('itemId'), ownPayments(call))));
}

const PATH = '/user/{userID}/monetary-account/{monetary-accountID}/payment';

export const paymentRoutes: readonly Route[] = [
  { method: 'POST', path: PATH, token: 'session', signatureDemanded: true, perform: create },
  { method: 'GET', path: PATH, token: 'session', perform: list },
  { method: 'GET', path: `${PATH}/{itemId}`, token: 'session', perform: read },
];
