import type { Entity } from './entities.ts';

/** What the bank remembers of payments and cards. Amounts are whole cents. */

/** Whoever is on the other side of a payment, as it was called then. */
export interface Counterparty {
  readonly iban: string;
  readonly name: string;
  /** Its account, when it is at this bank. */
  readonly monetaryAccountId: number | null;
}

/** As one account sees it: between two of the bank, each has its own. */
export interface Payment extends Entity {
  readonly monetaryAccountId: number;
  readonly counterparty: Counterparty;
  /** Negative: paid; positive: received. */
  readonly cents: number;
  readonly balanceAfterCents: number;
  readonly description: string;
  readonly type: 'BUNQ' | 'EBA_SCT';
  readonly subType: 'PAYMENT' | 'SCT' | 'REQUEST';
  readonly createdAtMs: number;
}

/** A payment to be made when its account's holder accepts it. */
export interface DraftPayment extends Entity {
  readonly monetaryAccountId: number;
  /** A user or a `UserApiKey`. */
  readonly createdByUserId: number;
  readonly status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'CANCELLED';
  readonly entries: readonly DraftPaymentEntry[];
  /** Those that it became, in the order of its entries. */
  readonly paymentIds: readonly number[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface DraftPaymentEntry extends Entity {
  readonly counterparty: Counterparty;
  readonly cents: number;
  readonly description: string;
}

/** A payment that a provider asks for before anybody has granted it anything: accepted with the grant. */
export interface PaymentServiceProviderDraftPayment extends Entity {
  readonly userId: number;
  readonly senderAccountId: number;
  readonly counterparty: Counterparty;
  readonly cents: number;
  readonly description: string;
  readonly status: 'PENDING' | 'ACCEPTED' | 'REJECTED' | 'CANCELLED';
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Card extends Entity {
  readonly userId: number;
  readonly monetaryAccountId: number;
  readonly uuid: string;
  readonly lastFour: string;
  /** `2031-01-31` */
  readonly expiresOn: string;
  readonly createdAtMs: number;
}
