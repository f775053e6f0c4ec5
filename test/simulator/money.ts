import type { LoggedIn, Received } from './client.ts';

/** An account elsewhere; its check digits are right. */
export const ELSEWHERE = { type: 'IBAN', value: 'NL91ABNA0417164300', name: 'Energie B.V.' };

export const euros = (value: string) => ({ value, currency: 'EUR' });

export interface Account {
  readonly id: number;
  readonly iban: string;
  /** `/user/53843/monetary-account/53849` */
  readonly path: string;
}

export async function accountOf({ call, userId }: LoggedIn): Promise<Account> {
  const { MonetaryAccountBank } = (await call('GET', `/user/${userId}/monetary-account`)).json.Response[0];
  const { id, alias } = MonetaryAccountBank;
  return { id, iban: alias[0].value, path: `/user/${userId}/monetary-account/${id}` };
}

export async function balanceOf({ call, userId }: LoggedIn): Promise<string> {
  return (await call('GET', `/user/${userId}/monetary-account`)).json.Response[0].MonetaryAccountBank.balance.value;
}

/** As users of the sandbox come to money. */
export async function askSugarDaddy(user: LoggedIn, value: string): Promise<Received> {
  const { path } = await accountOf(user);
  const counterparty_alias = { type: 'EMAIL', value: 'sugardaddy@bunq.com', name: 'Sugar Daddy' };
  const body = { amount_inquired: euros(value), counterparty_alias, description: 'for tests', allow_bunqme: false };
  return user.call('POST', `${path}/request-inquiry`, { body });
}

export interface Order {
  readonly value: string;
  readonly to: { readonly type: string; readonly value: string; readonly name: string };
  readonly description?: string;
}

export const paymentBody = ({ value, to, description = 'a payment' }: Order) => ({
  amount: euros(value),
  counterparty_alias: to,
  description,
});

export const draftBody = (...orders: Order[]) => ({ entries: orders.map(paymentBody), number_of_required_accepts: 1 });

export const pointerTo = ({ iban }: Pick<Account, 'iban'>) => ({ type: 'IBAN', value: iban, name: 'Whoever' });
