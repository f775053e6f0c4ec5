import { randomUUID } from 'node:crypto';
import { centsOf, showAmount } from './amounts.ts';
import type { Bank } from './bank.ts';
import { bunqTime } from './clock.ts';
import type { MonetaryAccount, User } from './entities.ts';
import { newIban } from './iban.ts';

const FIRST_NAMES = ['Anneke', 'Bram', 'Zoë', 'Dirk', 'Eline', 'François', 'Jörg', 'Sanne'] as const;
const LAST_NAMES = ['Bakker', 'de Vries', 'Jansen', 'Müller', 'van Dijk', 'Visser', 'Çelik'] as const;
const TRADES = ['Bakkerij', 'Café', 'Fietsen', 'Drukkerij', 'Bloemen/Planten'] as const;

export type OrdinaryUserType = 'UserPerson' | 'UserCompany';

function anyName({ dice }: Bank, type: OrdinaryUserType): string {
  const lastName = dice.pick(LAST_NAMES);
  return type === 'UserPerson' ? `${dice.pick(FIRST_NAMES)} ${lastName}` : `${dice.pick(TRADES)} ${lastName} B.V.`;
}

/** A bank that is started again or restored throws the same dice again. */
function unusedIban(bank: Bank): string {
  const iban = newIban(bank.dice);
  return bank.store.of('monetaryAccounts', 'iban', iban).length === 0 ? iban : unusedIban(bank);
}

/** Makes an ordinary user of the sandbox, with one account in euros and a card for it. */
export function createOrdinaryUser(
  bank: Bank,
  { type, displayName = anyName(bank, type), balance }: { type: OrdinaryUserType; displayName?: string; balance?: string },
  nowMs: number,
): User {
  const { store, dice } = bank;
  const user = store.put('users', {
    id: store.nextId(),
    type,
    displayName,
    distinguishedName: null,
    roles: [],
    uuid: randomUUID(),
    createdAtMs: nowMs,
  });
  const account = { id: store.nextId(), userId: user.id, uuid: randomUUID(), iban: unusedIban(bank), createdAtMs: nowMs };
  store.put('monetaryAccounts', { ...account, ...(balance !== undefined && { balance }) });
  store.put('cards', {
    id: store.nextId(),
    userId: user.id,
    monetaryAccountId: account.id,
    uuid: randomUUID(),
    lastFour: String(dice.between(0, 9999)).padStart(4, '0'),
    expiresOn: `${new Date(nowMs).getUTCFullYear() + 5}-12-31`,
    createdAtMs: nowMs,
  });
  return user;
}

export const avatar = (user: User) => ({ uuid: user.uuid, anchor_uuid: user.uuid, image: [], style: 'NONE' });

interface ShownUser {
  /** Whole seconds. */
  readonly sessionTimeout: number;
  /** Whoever may not give account information is not shown it. */
  readonly withNationality?: boolean;
}

/** The user object under its type's name. */
export function showUser(bank: Bank, user: User, { sessionTimeout, withNationality = true }: ShownUser): object {
  const common = {
    id: user.id,
    created: bunqTime(user.createdAtMs),
    updated: bunqTime(user.createdAtMs),
    public_uuid: user.uuid,
    display_name: user.displayName,
    public_nick_name: user.displayName,
    avatar: avatar(user),
    status: 'ACTIVE',
    sub_status: 'NONE',
    language: 'en_US',
    region: 'nl_NL',
    session_timeout: sessionTimeout,
  };
  return { [user.type]: { ...common, ...ownMembers(bank, user, withNationality ? 'NL' : null) } };
}

function ownMembers(bank: Bank, user: User, nationality: string | null): object {
  if (user.type === 'UserPaymentServiceProvider') {
    const { distinguishedName } = user;
    return {
      certificate_distinguished_name: distinguishedName,
      alias: [{ type: 'CERTIFICATE_DISTINGUISHED_NAME', value: distinguishedName, name: distinguishedName }],
    };
  }
  const [account] = bank.store.of('monetaryAccounts', 'userId', user.id);
  const alias = account === undefined ? [] : [ibanAlias(account, user)];
  const limit = { daily_limit_without_confirmation_login: showAmount(25_000), notification_filters: [], relations: [] };
  if (user.type === 'UserCompany') return { name: user.displayName, alias, country: 'NL', directors: [], ...limit };
  const [firstName = '', ...rest] = user.displayName.split(' ');
  const name = { first_name: firstName, middle_name: '', last_name: rest.join(' '), legal_name: user.displayName };
  return { ...name, nationality, alias, ...limit };
}

const ibanAlias = (account: MonetaryAccount, user: User) => ({ type: 'IBAN', value: account.iban, name: user.displayName });

export function showMonetaryAccount(account: MonetaryAccount, user: User, { withBalance }: { withBalance: boolean }): object {
  return {
    MonetaryAccountBank: {
      id: account.id,
      created: bunqTime(account.createdAtMs),
      updated: bunqTime(account.createdAtMs),
      avatar: avatar(user),
      currency: 'EUR',
      description: 'bunq account',
      daily_limit: showAmount(100_000),
      overdraft_limit: showAmount(0),
      balance: withBalance ? showAmount(centsOf(account.balance ?? '0.00')) : null,
      alias: [ibanAlias(account, user)],
      public_uuid: account.uuid,
      status: 'ACTIVE',
      sub_status: 'NONE',
      reason: null,
      reason_description: null,
      user_id: user.id,
      monetary_account_profile: null,
      display_name: user.displayName,
      setting: {
        color: '#FFFFFF',
        icon: null,
        default_avatar_status: 'AVATAR_DEFAULT',
        restriction_chat: 'ALLOW_INCOMING',
        sdd_expiration_action: 'AUTO_ACCEPT',
      },
      all_auto_save_id: [],
    },
  };
}
