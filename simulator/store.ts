import type { Installation, LoggedRequest, Meta, Session, TableName, Tables } from './entities.ts';
import { type LookedUpMember, type LookedUpTable, LookUps } from './look-ups.ts';
import type { Dice } from './random.ts';
import { type Change, changeBetween, readStateFile } from './state-file.ts';
import { StateRecord } from './state-record.ts';

/** The log of requests, and with it the memory of used request ids, reaches this far back. */
const REMEMBERED_REQUESTS = 50_000;

export const TABLE_NAMES = [
  'meta',
  'installations',
  'users',
  'credentials',
  'devices',
  'sessions',
  'oauthClients',
  'callbackUrls',
  'authorizationCodes',
  'userApiKeys',
  'monetaryAccounts',
  'cards',
  'payments',
  'draftPayments',
  'paymentServiceProviderDraftPayments',
  'notificationFilters',
  'notifications',
  'publications',
  'receivedSecrets',
  'requests',
] as const satisfies readonly TableName[];

/**
 * The bank's memory: tables of plain entities, journalled to the state file where there is one. An entity is never
 * changed in place: another is put instead.
 */
export class Store {
  readonly #tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, new Map()])) as { [K in TableName]: Map<number, Tables[K]> };
  readonly #byToken = new Map<string, { table: 'installations' | 'sessions'; id: number }>();
  readonly #usedRequestIds = new Set<string>();
  /** Goes on from where it was: a new one steps over all that was deleted from the front of the map since it was last rebuilt. */
  #oldestFirst = this.#tables.requests.values();
  readonly #lookUps = new LookUps();
  readonly #dice: Dice;
  readonly #record: StateRecord | null = null;
  /** So much at the state file's end was not whole, and is left out. */
  readonly tornBytes: number = 0;
  #lastId: number;
  #timesReplaced = 0;

  /** @throws Error for a state file that cannot be used */
  constructor(dice: Dice, stateFile: string | undefined) {
    this.#dice = dice;
    this.#lastId = firstId(dice);
    if (stateFile === undefined) return;
    const read = readStateFile(stateFile);
    for (const change of read.batches.flat()) this.#apply(change);
    this.#record = new StateRecord(stateFile, read, this);
    this.tornBytes = read.tornBytes;
  }

  /** Why nothing is remembered any more; null as long as it is. */
  get failure(): Error | null {
    return this.#record?.failure ?? null;
  }

  /** To be called, once, when the state file cannot be written: nothing may be answered any more. */
  onFailure(act: (failure: Error) => void): void {
    if (this.#record !== null) this.#record.onFailure = act;
  }

  /** What is changed meanwhile is remembered wholly or, when the process is killed, not at all. Synchronous: nothing else comes between. */
  atomically<T>(act: () => T): T {
    return this.#record === null ? act() : this.#record.atomically(act);
  }

  /** An id that was never given, larger than all before it. One sequence for all tables: an id of another kind is never right by chance. */
  nextId(): number {
    this.#lastId += this.#dice.between(1, 9);
    return this.#lastId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  /** How often it has become another. */
  get timesReplaced(): number {
    return this.#timesReplaced;
  }

  put<K extends TableName>(table: K, entity: Tables[K]): Tables[K] {
    const before = this.#tables[table].get(entity.id);
    this.#set(table, entity.id, entity);
    if (this.#record !== null) this.#record.add(changeBetween(table, before, entity));
    return entity;
  }

  remove(table: TableName, id: number): void {
    this.#set(table, id, undefined);
    this.#record?.add([table, id]);
  }

  get<K extends TableName>(table: K, id: number): Tables[K] | undefined {
    return this.#tables[table].get(id);
  }

  /** In the order in which they were made. */
  all<K extends TableName>(table: K): Tables[K][] {
    return [...this.#tables[table].values()];
  }

  /** Those with that value, in the order in which they were made: at the same cost however many others there are. */
  of<K extends LookedUpTable, M extends LookedUpMember<K>>(table: K, member: M, value: Tables[K][M]): Tables[K][] {
    const found: Tables[K][] = [];
    for (const id of this.#lookUps.ids(table, member, value)) found.push(this.#tables[table].get(id)!);
    return found;
  }

  find<K extends TableName>(table: K, matches: (entity: Tables[K]) => boolean): Tables[K] | undefined {
    for (const entity of this.#tables[table].values()) if (matches(entity)) return entity;
    return undefined;
  }

  /** Whose `X-Bunq-Client-Authentication` this is. */
  ownerOfToken(token: string): { installation: Installation; session: Session | null } | undefined {
    const owner = this.#byToken.get(token);
    if (owner === undefined) return undefined;
    const session = owner.table === 'sessions' ? this.get('sessions', owner.id)! : null;
    return { installation: this.get('installations', session?.installationId ?? owner.id)!, session };
  }

  /** Notes a request id; false when this installation has used it before. */
  useRequestId(installationId: number, requestId: string): boolean {
    const used = `${installationId} ${requestId}`;
    if (this.#usedRequestIds.has(used)) return false;
    this.#usedRequestIds.add(used);
    return true;
  }

  /** How many entities it knows. */
  size(): number {
    return TABLE_NAMES.reduce((sum, table) => sum + this.#tables[table].size, 0);
  }

  /** What makes a store that knows the same: each entity as it is now. */
  *changes(): Iterable<Change> {
    for (const table of TABLE_NAMES)
      for (const entity of this.#tables[table].values())
        yield [table, table === 'meta' ? ({ ...entity, lastId: this.#lastId } as Meta) : entity];
  }

  /** Forgets all that it knows for these, wholly or, when the process is killed, not at all; ids go on. */
  replace(changes: Iterable<Change>): void {
    const replacing = [...changes];
    this.#timesReplaced++;
    for (const entities of [...Object.values(this.#tables), this.#byToken, this.#usedRequestIds, this.#lookUps]) entities.clear();
    this.#oldestFirst = this.#tables.requests.values();
    for (const change of replacing) this.#apply(change);
    this.#record?.replace();
  }

  /** Knows nothing; ids begin again as the dice have it. */
  clear(): void {
    this.#lastId = firstId(this.#dice);
    this.replace([]);
  }

  close(): void {
    this.#record?.close();
  }

  /** A change as a file has it. */
  #apply([table, given, changed]: Change): void {
    const name = table as TableName;
    if (typeof given !== 'number') this.#set(name, given.id, given as Tables[typeof name]);
    else this.#set(name, given, changed && ({ ...this.get(name, given), ...changed } as Tables[typeof name]));
  }

  #set<K extends TableName>(table: K, id: number, entity: Tables[K] | undefined): void {
    const entities = this.#tables[table] as Map<number, Tables[K]>;
    this.#lookUps.note(table, entities.get(id), entity);
    if (entity === undefined) {
      entities.delete(id);
      return;
    }
    entities.set(id, entity);
    this.#lastId = Math.max(this.#lastId, id, table === 'meta' ? (entity as Meta).lastId : 0);
    if (table === 'installations' || table === 'sessions') this.#byToken.set((entity as Installation | Session).token, { table, id });
    if (table === 'requests') this.#remember(entity as LoggedRequest);
  }

  #remember({ installationId, requestId }: LoggedRequest): void {
    if (installationId !== null && requestId !== null) this.#usedRequestIds.add(`${installationId} ${requestId}`);
    const requests = this.#tables.requests;
    if (requests.size <= REMEMBERED_REQUESTS) return;
    const oldest: LoggedRequest = this.#oldestFirst.next().value!;
    requests.delete(oldest.id);
    this.#usedRequestIds.delete(`${oldest.installationId} ${oldest.requestId}`);
  }
}

/** Real ids do not start from 1 either. */
const firstId = (dice: Dice): number => dice.between(10_000, 99_999);
