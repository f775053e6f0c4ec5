import type { Installation, Meta, Session, TableName, Tables } from './entities.ts';
import type { Dice } from './random.ts';
import { type Change, type Journal, openStateFile, readStateFile } from './state-file.ts';

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
  'notificationFilters',
  'notifications',
  'publications',
  'receivedSecrets',
  'requests',
] as const satisfies readonly TableName[];

/** The bank's memory: tables of plain entities, journalled to the state file where there is one. */
export class Store {
  readonly #tables = Object.fromEntries(TABLE_NAMES.map((name) => [name, new Map()])) as { [K in TableName]: Map<number, Tables[K]> };
  readonly #byToken = new Map<string, { table: 'installations' | 'sessions'; id: number }>();
  readonly #usedRequestIds = new Set<string>();
  readonly #dice: Dice;
  readonly #stateFile: string | undefined;
  #lastId: number;
  #timesReplaced = 0;
  #journal: Journal | null = null;

  constructor(dice: Dice, stateFile: string | undefined) {
    this.#dice = dice;
    this.#stateFile = stateFile;
    this.#lastId = firstId(dice);
    if (stateFile === undefined) return;
    for (const change of readStateFile(stateFile)) this.#apply(change);
    for (const meta of this.all('meta')) this.put('meta', { ...meta, lastId: this.#lastId });
    this.#journal = openStateFile(stateFile, this.changes());
  }

  /** What makes a store that knows the same: each entity as it is now. */
  *changes(): Iterable<Change> {
    for (const table of TABLE_NAMES) for (const entity of this.#tables[table].values()) yield [table, entity];
  }

  /** Forgets all that it knows for these; ids go on. */
  replace(changes: Iterable<Change>): void {
    this.#timesReplaced++;
    this.close();
    for (const entities of Object.values(this.#tables)) entities.clear();
    this.#byToken.clear();
    this.#usedRequestIds.clear();
    for (const change of changes) this.#apply(change);
    for (const meta of this.all('meta')) this.put('meta', { ...meta, lastId: this.#lastId });
    if (this.#stateFile !== undefined) this.#journal = openStateFile(this.#stateFile, this.changes());
  }

  /** Knows nothing; ids begin again as the dice have it. */
  clear(): void {
    this.replace([]);
    this.#lastId = firstId(this.#dice);
  }

  /** An id that was never given, larger than all before it. One sequence for all tables: an id of another kind is never right by chance. */
  nextId(): number {
    this.#lastId += this.#dice.between(1, 9);
    return this.#lastId;
  }

  get lastId(): number {
    return this.#lastId;
  }

  get timesReplaced(): number {
    return this.#timesReplaced;
  }

  put<K extends TableName>(table: K, entity: Tables[K]): Tables[K] {
    this.#record([table, entity]);
    return entity;
  }

  remove(table: TableName, id: number): void {
    this.#record([table, id]);
  }

  get<K extends TableName>(table: K, id: number): Tables[K] | undefined {
    return this.#tables[table].get(id);
  }

  /** In the order in which they were made. */
  all<K extends TableName>(table: K): Tables[K][] {
    return [...this.#tables[table].values()];
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

  close(): void {
    this.#journal?.close();
    this.#journal = null;
  }

  #record(change: Change): void {
    this.#apply(change);
    this.#journal?.append(change);
  }

  #apply([table, entity]: Change): void {
    const entities = this.#tables[table as TableName] as Map<number, { readonly id: number }>;
    if (typeof entity === 'number') {
      entities.delete(entity);
      return;
    }
    entities.set(entity.id, entity);
    this.#lastId = Math.max(this.#lastId, entity.id, table === 'meta' ? (entity as Meta).lastId : 0);
    if (table === 'installations' || table === 'sessions')
      this.#byToken.set((entity as Installation | Session).token, { table, id: entity.id });
    if (table === 'requests') this.#remember(entity as Tables['requests']);
  }

  #remember({ installationId, requestId }: Tables['requests']): void {
    if (installationId !== null && requestId !== null) this.#usedRequestIds.add(`${installationId} ${requestId}`);
    const requests = this.#tables.requests;
    if (requests.size <= REMEMBERED_REQUESTS) return;
    const [oldest] = requests.values();
    if (oldest === undefined) return;
    requests.delete(oldest.id);
    this.#usedRequestIds.delete(`${oldest.installationId} ${oldest.requestId}`);
  }
}

/** Real ids do not start from 1 either. */
const firstId = (dice: Dice): number => dice.between(10_000, 99_999);
