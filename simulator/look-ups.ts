import type { TableName, Tables } from './entities.ts';

/** What entities are looked up by, besides their id. */
const LOOKED_UP_BY = {
  credentials: ['apiKey', 'userId'],
  devices: ['credentialId', 'installationId', 'userId'],
  sessions: ['installationId', 'userId'],
  monetaryAccounts: ['userId', 'iban'],
  cards: ['userId'],
  payments: ['monetaryAccountId'],
  draftPayments: ['monetaryAccountId'],
  receivedSecrets: ['value'],
} as const satisfies { readonly [K in TableName]?: readonly (keyof Tables[K])[] };

export type LookedUpTable = keyof typeof LOOKED_UP_BY;
export type LookedUpMember<K extends LookedUpTable> = (typeof LOOKED_UP_BY)[K][number] & keyof Tables[K];

/** The ids of entities by a member's value. */
export class LookUps {
  readonly #ids = new Map<string, Set<number>>();

  ids(table: LookedUpTable, member: string, value: unknown): Iterable<number> {
    return this.#ids.get(keyOf(table, member, value)) ?? [];
  }

  /** @param before undefined for a new one. @param after undefined for one that is gone */
  note<K extends TableName>(table: K, before: Tables[K] | undefined, after: Tables[K] | undefined): void {
    if (!(table in LOOKED_UP_BY)) return;
    for (const member of LOOKED_UP_BY[table as LookedUpTable] as readonly string[] as readonly (keyof Tables[K] & string)[]) {
      if (before !== undefined && before[member] === after?.[member]) continue;
      if (before !== undefined) this.#ids.get(keyOf(table, member, before[member]))?.delete(before.id);
      if (after === undefined) continue;
      const key = keyOf(table, member, after[member]);
      this.#ids.set(key, (this.#ids.get(key) ?? new Set()).add(after.id));
    }
  }

  clear(): void {
    this.#ids.clear();
  }
}

const keyOf = (table: string, member: string, value: unknown): string => `${table} ${member} ${value}`;
