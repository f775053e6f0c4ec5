import { type Authorize, authorize } from './authorize.ts';
import { type Bank, hideRequestsSoFar, moveClock, shownRequests } from './bank.ts';
import { createEndUser, type EndUser, listEndUsers, type NewEndUser, viewEndUser } from './end-users.ts';
import type { LoggedRequest, Tables } from './entities.ts';
import type { Fault, FaultOptions } from './fault-options.ts';
import type { Faults } from './faults.ts';
import { endGrant } from './grants.ts';
import type { Lapse } from './lapses.ts';
import type { Notifications } from './notifications.ts';
import { type LapsesQuery, lapsesAt, notePublished, type Published } from './publications.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { type Grant, type IssuedSecret, type SimulatorState, viewGrants, viewSecrets, viewState } from './view.ts';

/** What tests and operators may do to the bank from outside. The management port offers the same over HTTP. */
export interface Management {
  /** All that the bank holds, without secrets. */
  state(): SimulatorState;
  /** Every secret that the bank issued, or received without having issued it. */
  secrets(): IssuedSecret[];
  /** The log of requests, oldest first, at most the last 50,000. */
  requests(): LoggedRequest[];
  /** Empties the log. Request ids stay used. */
  resetRequests(): void;

  /** The bank's time: milliseconds since 1970. */
  nowMs(): number;
  /** Moves the clock by so many milliseconds; negative ones set it back. */
  advanceClock(ms: number): void;
  setClock(nowMs: number): void;

  settings(): Settings;
  /** @throws ZodError for unknown or unfit settings */
  changeSettings(change: Partial<Settings>): Settings;

  /** Sets a fault. @throws ZodError, also for an endpoint that the bank does not have */
  fault(options: FaultOptions): Fault;
  /** With how many requests each has hit, and how many are being held right now. */
  faults(): Fault[];
  /** Performs the effects of `effect-later` that are due by the clock, as every request and every look into the bank does before. @returns how many */
  settle(): number;
  /** Lets go what is held, by the fault of that id or by all; later effects come now; the faults stay. @returns how many were held */
  releaseFaults(id?: number): number;
  /** Removes the fault of that id, or all, and lets go what they hold. */
  clearFaults(id?: number): void;

  /** Ends a session now, as if its time were over. @throws RangeError for an unknown id, as all below */
  expireSession(id: number): void;
  /** Ends a session by the bank's will. */
  revokeSession(id: number): void;
  /** Kills an API key; sessions that it opened live on. */
  revokeCredential(id: number): void;
  /** Kills all API keys of a user. */
  revokeUser(id: number): void;
  /** Makes the bank forget an installation: its token and those of its sessions are refused. */
  revokeInstallation(id: number): void;

  /** Who may consent: all persons and companies, topped up by some ready-made ones so that there is a choice. */
  endUsers(): EndUser[];
  /** Makes one, with one account. Unlike `POST /sandbox-user-person` it makes no API key. */
  createEndUser(options?: NewEndUser): EndUser;
  /**
   * Consents, or with `deny` refuses, as an end user does on the authorization page.
   * @returns where the browser would be sent
   * @throws ZodError; RangeError where the page says "Connection not found", and for a user that is no end user
   */
  authorize(options: Authorize): string;
  /** What end users granted, oldest first. */
  grants(): Grant[];
  /** The end user takes a grant back: its access token is dead, its sessions are refused, and a provider that asked for it is told. */
  revokeGrant(options: { userApiKeyId: number }): void;
  /** The end user takes back all that it granted. */
  revokeGrantsOf(options: { user: number }): void;

  /** Notes which session a keeper serves from which instant on. @throws RangeError for a session that the bank does not have */
  published(published: Published): void;
  /** When a keeper served none or one that was not valid, from its first publication on. @throws RangeError when it has published nothing */
  lapses(query: LapsesQuery): Lapse[];
}

export function createManagement(bank: Bank, faults: Faults, notifications: Notifications): Management {
  const settle = () => {
    notifications.settle();
    return faults.settle();
  };
  const settled = <T>(act: (bank: Bank) => T): T => {
    settle();
    return act(bank);
  };
  return {
    state: () => settled(viewState),
    secrets: () => settled(viewSecrets),
    requests: () => settled(shownRequests),
    resetRequests: () => hideRequestsSoFar(bank),
    nowMs: () => bank.clock.nowMs(),
    advanceClock: (advanceMs) => {
      moveClock(bank, { advanceMs });
      notifications.settle();
    },
    setClock: (setMs) => {
      moveClock(bank, { setMs });
      notifications.settle();
    },
    settings: () => bank.settings,
    changeSettings: (change) => {
      bank.settings = settingsSchema.parse({ ...bank.settings, ...change });
      return bank.settings;
    },
    fault: (options) => faults.add(options),
    faults: () => faults.list(),
    settle,
    releaseFaults: (id) => faults.release(id),
    clearFaults: (id) => faults.clear(id),
    expireSession: (id) => settled(() => expireSession(bank, id)),
    revokeSession: (id) => settled(() => revoke(bank, 'sessions', id)),
    revokeCredential: (id) => settled(() => revoke(bank, 'credentials', id)),
    revokeUser: (id) => settled(() => revokeUser(bank, id)),
    revokeInstallation: (id) => settled(() => revoke(bank, 'installations', id)),
    endUsers: () => settled(listEndUsers).map(viewEndUser),
    createEndUser: (options) => settled(() => viewEndUser(createEndUser(bank, options))),
    authorize: (options) => settled(() => authorize(bank, options)),
    grants: () => settled(viewGrants),
    revokeGrant: ({ userApiKeyId }) => settled(() => revokeGrant(bank, notifications, userApiKeyId)),
    revokeGrantsOf: ({ user }) => settled(() => revokeGrantsOf(bank, notifications, user)),
    published: (published) => settled(() => notePublished(bank, published)),
    lapses: (query) => settled(() => lapsesAt(bank, query)),
  };
}

type Revocable = 'sessions' | 'credentials' | 'installations';
type Known = Revocable | 'users' | 'userApiKeys';

/** What has ended keeps the instant at which it did. */
function revoke(bank: Bank, table: Revocable, id: number): void {
  const entity = known(bank, table, id);
  bank.store.put(table, { ...entity, revokedAtMs: entity.revokedAtMs ?? bank.clock.nowMs() } as typeof entity);
}

function expireSession(bank: Bank, id: number): void {
  const session = known(bank, 'sessions', id);
  bank.store.put('sessions', { ...session, expiresAtMs: Math.min(session.expiresAtMs, bank.clock.nowMs()) });
}

function known<K extends Known>(bank: Bank, table: K, id: number): Tables[K] {
  const entity = bank.store.get(table, id);
  if (entity === undefined) throw new RangeError(`The bank has no ${id} among its ${table}.`);
  return entity;
}

function revokeGrant(bank: Bank, notifications: Notifications, id: number): void {
  const ended = endGrant(bank, known(bank, 'userApiKeys', id));
  if (ended !== null) notifications.grantRevoked(ended);
}

function revokeGrantsOf(bank: Bank, notifications: Notifications, userId: number): void {
  known(bank, 'users', userId);
  for (const grant of bank.store.all('userApiKeys')) if (grant.grantedByUserId === userId) revokeGrant(bank, notifications, grant.id);
}

function revokeUser(bank: Bank, id: number): void {
  if (bank.store.get('users', id) === undefined) throw new RangeError(`The bank has no user ${id}.`);
  for (const credential of bank.store.all('credentials')) if (credential.userId === id) revoke(bank, 'credentials', credential.id);
}
