import { z } from 'zod';
import { amountSchema, showAmount } from '../amounts.ts';
import { answer, answerId, BankRefusal, readBody, refusals, requireItem } from '../answers.ts';
import type { Bank } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import type { MonetaryAccount, User } from '../entities.ts';
import { accountHolder, sessionUser } from '../grants.ts';
import { answerList } from '../pagination.ts';
import type { DraftPayment, DraftPaymentEntry } from '../payment-entities.ts';
import { checkOrders, counterpartyOf, pay, pointerSchema, showLabel, showPayment, sideOf } from '../payments.ts';
import { requireRole } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { avatar } from '../users.ts';
import { requireOwnAccount } from './monetary-account.ts';
import { requireOwnUser } from './user.ts';

const entrySchema = z.object({ amount: amountSchema, counterparty_alias: pointerSchema, description: z.string() });
const createSchema = z.object({
  entries: z.array(entrySchema).min(1),
  number_of_required_accepts: z.literal(1),
  schedule: z.null('is not there').optional(),
});
const updateSchema = z.object({
  status: z.enum(['ACCEPTED', 'REJECTED', 'CANCELLED']),
  previous_updated_timestamp: z.string().nullish(),
});

function ownAccount(call: SessionCall): MonetaryAccount {
  requireOwnUser(call);
  requireRole(call, 'PISP');
  return requireOwnAccount(call, call.id('monetary-accountID'));
}

function ownDrafts(call: SessionCall): DraftPayment[] {
  const account = ownAccount(call);
  return call.bank.store.of('draftPayments', 'monetaryAccountId', account.id);
}

const requireOwnDraft = (call: SessionCall): DraftPayment => requireItem('DraftPayment', call.id('itemId'), ownDrafts(call));

function create(call: SessionCall) {
  const account = ownAccount(call);
  const { bank, user, nowMs } = call;
  const { store } = bank;
  const orders = readBody(createSchema, call.body).entries.map(({ amount, counterparty_alias: { value, name }, description }) => {
    return { counterparty: counterpartyOf(bank, { iban: value, name }), cents: amount, description };
  });
  checkOrders(account, orders);
  const draft = store.put('draftPayments', {
    id: store.nextId(),
    monetaryAccountId: account.id,
    createdByUserId: user.id,
    status: 'PENDING',
    entries: orders.map((order) => ({ id: store.nextId(), ...order })),
    paymentIds: [],
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

/** The account's holder accepts or rejects; who drafted it may cancel it. */
function checkMayUpdate({ user }: SessionCall, draft: DraftPayment, status: DraftPayment['status']): void {
  const isAllowed = status === 'CANCELLED' ? draft.createdByUserId === user.id : user.type !== 'UserApiKey';
  if (!isAllowed) throw refusals.token(403);
}

function update(call: SessionCall) {
  const draft = requireOwnDraft(call);
  const { bank, nowMs } = call;
  const { status, previous_updated_timestamp: seen } = readBody(updateSchema, call.body);
  checkMayUpdate(call, draft, status);
  if (draft.status !== 'PENDING') throw new BankRefusal(400, `The draft payment is ${draft.status} already.`);
  if (seen != null && seen !== bunqTime(draft.updatedAtMs)) throw new BankRefusal(400, 'The draft payment has changed since.');
  const account = bank.store.get('monetaryAccounts', draft.monetaryAccountId)!;
  const paymentIds = status === 'ACCEPTED' ? pay(bank, account, draft.entries, nowMs).map(({ id }) => id) : [];
  bank.store.put('draftPayments', { ...draft, status, paymentIds, updatedAtMs: nowMs });
  return answerId(draft.id);
}

function showDraft(bank: Bank, draft: DraftPayment): object {
  const account = bank.store.get('monetaryAccounts', draft.monetaryAccountId)!;
  const holder = bank.store.get('users', account.userId)!;
  const isAnswered = draft.status === 'ACCEPTED' || draft.status === 'REJECTED';
  return {
    DraftPayment: {
      id: draft.id,
      created: bunqTime(draft.createdAtMs),
      updated: bunqTime(draft.updatedAtMs),
      monetary_account_id: account.id,
      status: draft.status,
      type: 'BUNQ',
      user_alias_created: showUserLabel(accountHolder(bank, sessionUser(bank, draft.createdByUserId))),
      responses: isAnswered ? [{ status: draft.status, user_alias_created: showUserLabel(holder) }] : [],
      entries: draft.entries.map((entry) => showEntry(bank, account, entry)),
      object: showPaid(bank, draft),
      request_reference_split_the_bill: [],
      schedule: null,
    },
  };
}

function showEntry(bank: Bank, account: MonetaryAccount, { id, cents, counterparty, description }: DraftPaymentEntry): object {
  return {
    id,
    amount: showAmount(cents),
    alias: showLabel(bank, sideOf(bank, account)),
    counterparty_alias: showLabel(bank, counterparty),
    description,
    merchant_reference: null,
    type: counterparty.monetaryAccountId === null ? 'EBA_SCT' : 'BUNQ',
    attachment: [],
  };
}

/** What it became; several payments are a batch. */
function showPaid(bank: Bank, { paymentIds }: DraftPayment): object | null {
  const payments = paymentIds.map((id) => showPayment(bank, bank.store.get('payments', id)!));
  return payments.length > 1 ? { PaymentBatch: { payments } } : (payments[0] ?? null);
}

function showUserLabel(user: User): object {
  const { uuid, displayName } = user;
  return { uuid, display_name: displayName, country: 'NL', avatar: avatar(user), public_nick_name: displayName };
}

const PATH = '/user/{userID}/monetary-account/{monetary-accountID}/draft-payment';

export const draftPaymentRoutes: readonly Route[] = [
  { method: 'POST', path: PATH, token: 'session', signatureDemanded: true, perform: create },
  { method: 'GET', path: PATH, token: 'session', perform: list },
  { method: 'GET', path: `${PATH}/{itemId}`, token: 'session', perform: read },
  { method: 'PUT', path: `${PATH}/{itemId}`, token: 'session', signatureDemanded: true, perform: update },
];
