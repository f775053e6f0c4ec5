import { z } from 'zod';
import { centsOf, eurosOf, showAmount } from './amounts.ts';
import { BadParameter, BankRefusal } from './answers.ts';
import type { Bank } from './bank.ts';
import { bunqTime } from './clock.ts';
import type { MonetaryAccount } from './entities.ts';
import { isIban, isOfThisBank } from './iban.ts';
import type { Counterparty, Payment } from './payment-entities.ts';
import { avatar } from './users.ts';

export const ibanSchema = z.string().refine(isIban, 'is not an IBAN');

/** Accounts here have no other aliases. */
export const pointerSchema = z.object({ type: z.literal('IBAN', 'is not IBAN'), value: ibanSchema, name: z.string().min(1) });

const DESCRIPTION_MAX = { BUNQ: 9000, EBA_SCT: 140 };

/** @throws BadParameter for an account that this bank would have */
export function counterpartyOf(bank: Bank, { iban, name }: { iban: string; name: string }): Counterparty {
  const [account] = bank.store.of('monetaryAccounts', 'iban', iban);
  if (account !== undefined) return sideOf(bank, account);
  if (isOfThisBank(iban)) throw new BadParameter('The counterparty has no account at this bank.');
  return { iban, name, monetaryAccountId: null };
}

/** An account as the other side of a payment sees it. */
export const sideOf = ({ store }: Bank, { id, iban, userId }: MonetaryAccount): Counterparty => ({
  iban,
  name: store.get('users', userId)!.displayName,
  monetaryAccountId: id,
});

const balanceOf = ({ balance = '0.00' }: MonetaryAccount): number => centsOf(balance);

export const covers = (account: MonetaryAccount, cents: number): boolean => balanceOf(account) >= cents;

type Order = Pick<Payment, 'counterparty' | 'cents' | 'description'>;

/** @throws BadParameter for what cannot be paid; `cents` is what leaves the account */
export function checkOrders(account: MonetaryAccount, orders: readonly Order[]): void {
  for (const { counterparty, description } of orders) {
    if (counterparty.monetaryAccountId === account.id) throw new BadParameter('An account cannot pay itself.');
    const max = DESCRIPTION_MAX[typeOf(counterparty)];
    if (description.length > max) throw new BadParameter(`The description is longer than ${max} characters.`);
  }
}

/** All of them or none. @throws BankRefusal 400 where the balance does not cover them */
export function pay(bank: Bank, account: MonetaryAccount, orders: readonly Order[], nowMs: number): Payment[] {
  checkOrders(account, orders);
  const total = orders.reduce((sum, { cents }) => sum + cents, 0);
  if (!covers(account, total)) throw new BankRefusal(400, 'Insufficient balance.');
  return orders.map((order) => transfer(bank, account, order, nowMs));
}

const typeOf = ({ monetaryAccountId }: Counterparty) => (monetaryAccountId === null ? 'EBA_SCT' : 'BUNQ');

function transfer(bank: Bank, account: MonetaryAccount, { counterparty, cents, description }: Order, nowMs: number): Payment {
  const type = typeOf(counterparty);
  const common = { description, type, subType: type === 'BUNQ' ? 'PAYMENT' : 'SCT' } as const;
  const paid = book(bank, account.id, { ...common, counterparty, cents: -cents }, nowMs);
  if (counterparty.monetaryAccountId !== null)
    book(bank, counterparty.monetaryAccountId, { ...common, counterparty: sideOf(bank, account), cents }, nowMs);
  return paid;
}

/** One side of a payment. */
export function book(
  { store }: Bank,
  monetaryAccountId: number,
  payment: Pick<Payment, 'counterparty' | 'cents' | 'description' | 'type' | 'subType'>,
  nowMs: number,
): Payment {
  const account = store.get('monetaryAccounts', monetaryAccountId)!;
  const balanceAfterCents = balanceOf(account) + payment.cents;
  store.put('monetaryAccounts', { ...account, balance: eurosOf(balanceAfterCents) });
  return store.put('payments', { id: store.nextId(), monetaryAccountId, ...payment, balanceAfterCents, createdAtMs: nowMs });
}

export function showPayment(bank: Bank, payment: Payment): object {
  const account = bank.store.get('monetaryAccounts', payment.monetaryAccountId)!;
  return {
    Payment: {
      id: payment.id,
      created: bunqTime(payment.createdAtMs),
      updated: bunqTime(payment.createdAtMs),
      monetary_account_id: account.id,
      amount: showAmount(payment.cents),
      description: payment.description,
      type: payment.type,
      merchant_reference: null,
      alias: showLabel(bank, sideOf(bank, account)),
      counterparty_alias: showLabel(bank, payment.counterparty),
      attachment: [],
      geolocation: null,
      batch_id: null,
      scheduled_id: null,
      address_billing: null,
      address_shipping: null,
      sub_type: payment.subType,
      request_reference_split_the_bill: [],
      balance_after_mutation: showAmount(payment.balanceAfterCents),
    },
  };
}

/** A `LabelMonetaryAccount`; of accounts elsewhere no more is known than the payment says. */
export function showLabel({ store }: Bank, { iban, name, monetaryAccountId }: Counterparty): object {
  const account = monetaryAccountId === null ? undefined : store.get('monetaryAccounts', monetaryAccountId);
  const user = account && store.get('users', account.userId)!;
  const country = iban.slice(0, 2);
  const label_user = { uuid: user?.uuid ?? null, display_name: name, country, avatar: user ? avatar(user) : null, public_nick_name: name };
  return { iban, is_light: user ? false : null, display_name: name, avatar: user ? avatar(user) : null, label_user, country };
}
