import { answer, requireItem } from '../answers.ts';
import type { Bank } from '../bank.ts';
import { bunqTime } from '../clock.ts';
import { accountHolder } from '../grants.ts';
import { answerList } from '../pagination.ts';
import type { Card } from '../payment-entities.ts';
import { showLabel, sideOf } from '../payments.ts';
import { requireRole } from '../roles.ts';
import type { Route, SessionCall } from '../route.ts';
import { requireOwnUser } from './user.ts';

function ownCards(call: SessionCall): Card[] {
  requireOwnUser(call);
  requireRole(call, 'AISP', 'CBPII');
  const holder = accountHolder(call.bank, call.user);
  return call.bank.store.of('cards', 'userId', holder.id);
}

function showCard(bank: Bank, card: Card): object {
  const account = bank.store.get('monetaryAccounts', card.monetaryAccountId)!;
  const label = showLabel(bank, sideOf(bank, account));
  return {
    Card: {
      id: card.id,
      created: bunqTime(card.createdAtMs),
      updated: bunqTime(card.createdAtMs),
      public_uuid: card.uuid,
      user_owner_id: card.userId,
      user_holder_id: card.userId,
      type: 'MASTERCARD',
      sub_type: 'NONE',
      product_type: 'MASTERCARD_DEBIT',
      second_line: '',
      status: 'ACTIVE',
      sub_status: 'NONE',
      order_status: 'ACCEPTED_FOR_PRODUCTION',
      expiry_date: card.expiresOn,
      name_on_card: sideOf(bank, account).name,
      primary_account_numbers: [{ id: card.id, four_digit: card.lastFour, monetary_account_id: account.id, status: 'ACTIVE' }],
      country_permission: [],
      label_monetary_account_ordered: label,
      label_monetary_account_current: label,
      pin_code_assignment: [],
      country: 'NL',
    },
  };
}

function list(call: SessionCall) {
  return answerList(call.bank, call.request, ownCards(call), (card) => showCard(call.bank, card));
}

function read(call: SessionCall) {
  return answer(showCard(call.bank, requireItem('Card', call.id('itemId'), ownCards(call))));
}

export const cardRoutes: readonly Route[] = [
  { method: 'GET', path: '/user/{userID}/card', token: 'session', perform: list },
  { method: 'GET', path: '/user/{userID}/card/{itemId}', token: 'session', perform: read },
];
