import { z } from 'zod';
import { balanceSchema } from './amounts.ts';
import type { Bank } from './bank.ts';
import type { User } from './entities.ts';
import { createOrdinaryUser, type OrdinaryUserType } from './users.ts';

/** A person or company that has accounts and may grant access to them. */
export interface EndUser {
  readonly id: number;
  readonly type: OrdinaryUserType;
  readonly displayName: string;
}

const newEndUserSchema = z.strictObject({
  type: z.enum(['UserPerson', 'UserCompany']).default('UserPerson'),
  /** Default: one by the bank's dice. */
  displayName: z.string().min(1).max(100).optional(),
  /** Of its account, in euros: `12.50`. Default: none. */
  balance: balanceSchema.optional(),
});

export type NewEndUser = z.input<typeof newEndUserSchema>;

/** So many there are at least to choose from. */
const CHOICE = 3;

const READY_MADE = [
  { type: 'UserPerson', displayName: 'Sophie Mulder', balance: '1250.00' },
  { type: 'UserPerson', displayName: 'Daan Peters', balance: '86.40' },
  { type: 'UserCompany', displayName: 'Bloemen van Leeuwen B.V.', balance: '15310.75' },
] as const;

const isEndUser = ({ type }: User): boolean => type !== 'UserPaymentServiceProvider';

/** Oldest first. Where there are too few, ready-made ones are added, for good. */
export function listEndUsers(bank: Bank): User[] {
  const { store, clock } = bank;
  const known = store.all('users').filter(isEndUser);
  const added = READY_MADE.filter(({ displayName }) => !known.some((user) => user.displayName === displayName))
    .slice(0, Math.max(0, CHOICE - known.length))
    .map((readyMade) => createOrdinaryUser(bank, readyMade, clock.nowMs()));
  return [...known, ...added];
}

export function findEndUser({ store }: Bank, id: number): User | undefined {
  const user = store.get('users', id);
  return user !== undefined && isEndUser(user) ? user : undefined;
}

/** @throws ZodError */
export function createEndUser(bank: Bank, options: NewEndUser = {}): User {
  const { type, displayName, balance } = newEndUserSchema.parse(options);
  const given = { ...(displayName !== undefined && { displayName }), ...(balance !== undefined && { balance }) };
  return createOrdinaryUser(bank, { type, ...given }, bank.clock.nowMs());
}

export const viewEndUser = ({ id, type, displayName }: User): EndUser => ({ id, type: type as OrdinaryUserType, displayName });
