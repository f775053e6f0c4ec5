import { z } from 'zod';
import { amountSchema, showAmount } from '../amounts.ts';
import { answer, answerId, BadParameter, BankRefusal, readBody, refusals, requireItem } from '../answers.ts';
import type { Bank } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import { answerList } from '../pagination.ts';
import type { PaymentServiceProviderDraftPayment } from '../payment-entities.ts';
import { checkOrders, counterpartyOf, ibanSchema } from '../payments.ts';
import { requireRole } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnUser } from './user.ts';

const createSchema = z.object({
  sender_iban: ibanSchema,
  sender_name: z.string().nullish(),
  counterparty_iban: ibanSchema,
  counterparty_name: z.string().min(1),
  description: z.string(),
  amount: amountSchema,
});
const updateSchema = z.object({ status: z.enum(['REJECTED', 'CANCELLED']) });

/** On the provider's own session: no user has granted anything yet. */
function requirePisp(call: SessionCall): void {
  requireOwnUser(call);
  if (call.user.type !== 'UserPaymentServiceProvider') throw refusals.token(403);
  requireRole(call, 'PISP');
}

function ownDrafts(call: SessionCall): PaymentServiceProviderDraftPayment[] {
  requirePisp(call);
  return call.bank.store.all('paymentServiceProviderDraftPayments').filter(({ userId }) => userId === call.user.id);
}

const requireOwnDraft = (call: SessionCall): PaymentServiceProviderDraftPayment =>
  requireItem('PaymentServiceProviderDraftPayment', call.id('itemId'), ownDrafts(call));

/** The sender's account has to be at this bank. */
function create(call: SessionCall) {
  requirePisp(call);
  const { bank, user, nowMs } = call;
  const { sender_iban, counterparty_iban, counterparty_name, description, amount } = readBody(createSchema, call.body);
  const [sender] = bank.store.of('monetaryAccounts', 'iban', sender_iban);
  if (sender === undefined) throw new BadParameter('The sender has no account at this bank.');
  const order = { counterparty: counterpartyOf(bank, { iban: counterparty_iban, name: counterparty_name }), cents: amount, description };
  checkOrders(sender, [order]);
  const draft = bank.store.put('paymentServiceProviderDraftPayments', {
    id: bank.store.nextId(),
    userId: user.id,
    senderAccountId: sender.id,
    ...order,
    status: 'PENDING',
    createdAtMs: nowMs,
    updatedAtMs: nowMs,
  });
  return answerId(draft.id);
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownDrafts(call), (draft) => showDraft(call.bank, draft));
}

function read(call: SessionCall) {
  return answer(showDraft(call.bank, requireOwnDraft(call)));
}

function update(call: SessionCall) {
  const draft = requireOwnDraft(call);
  const { status } = readBody(updateSchema, call.body);
  if (draft.status !== 'PENDING') throw new BankRefusal(400, `The draft payment is ${draft.status} already.`);
  call.bank.store.put('paymentServiceProviderDraftPayments', { ...draft, status, updatedAtMs: call.nowMs });
  return answerId(draft.id);
}

function showDraft({ store }: Bank, draft: PaymentServiceProviderDraftPayment): object {
  return {
    PaymentServiceProviderDraftPayment: {
      id: draft.id,
      created: bunqTime(draft.createdAtMs),
      updated: bunqTime(draft.updatedAtMs),
      sender_iban: store.get('monetaryAccounts', draft.senderAccountId)!.iban,
      receiver_iban: draft.counterparty.iban,
      amount: showAmount(draft.cents),
      status: draft.status,
    },
  };
}

const PATH = '/user/{userID}/payment-service-provider-draft-payment';

export const providerDraftRoutes: readonly Route[] = [
  { method: 'POST', path: PATH, token: 'session', signatureDemanded: true, perform: create },
  { method: 'GET', path: PATH, token: 'session', perform: list },
  { method: 'GET', path: `${PATH}/{itemId}`, token: 'session', perform: read },
  { method: 'PUT', path: `${PATH}/{itemId}`, token: 'session', perform: update },
];
