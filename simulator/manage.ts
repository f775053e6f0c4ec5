import { type Authorize, authorize } from './authorize.ts';
import { type Bank, hideRequestsSoFar, moveClock, shownRequests } from './bank.ts';
import type { SimulatorClock } from './clock.ts';
import { createEndUser, type EndUser, listEndUsers, type NewEndUser, viewEndUser } from './end-users.ts';
import { expireSession, revoke, revokeGrant, revokeGrantsOf, revokeUser, setBlocked } from './endings.ts';
import type { LoggedRequest } from './entities.ts';
import type { Fault, FaultOptions } from './fault-options.ts';
import type { Lapse } from './lapses.ts';
import { type LapsesQuery, lapsesAt, notePublished, type Published } from './publications.ts';
import { type Seed, type Seeded, seed } from './seed.ts';
import { type Settings, type SettingsChange, settingsSchema } from './settings.ts';
import { type Reset, type RunningBank, resetBank, restoreSnapshot, type Snapshot, takeSnapshot } from './snapshot.ts';
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
  /** The clock stands still, but for `advanceClock` and `setClock`; false: it goes on from where it stands. */
  freezeClock(isFrozen?: boolean): void;
  /** The clock is the machine's again (or that of `nowMs`): it goes, and is not ahead of it. */
  followClock(): void;

  settings(): Settings;
  /** @throws ZodError for unknown or unfit settings */
  changeSettings(change: SettingsChange): Settings;

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
  /** An API key is refused like a dead one, and its devices show BLOCKED, until it is unblocked; sessions that it opened live on. */
  blockCredential(id: number): void;
  unblockCredential(id: number): void;
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

  /** All that the bank knows, secrets and server key too, as JSON: what a state file holds, without settings and faults. */
  snapshot(): Snapshot;
  /** The bank, this or another one, knows what it knew then, and its clock is as far ahead or stands where it stood. What is held ends without an effect. @throws ZodError for what is no snapshot */
  restore(snapshot: Snapshot): void;
  /** The bank is as it was when it was first started: it knows nobody, and settings, clock and ids are those of its start. @throws ZodError */
  reset(options?: Reset): void;
  /** Makes many users, API keys and open sessions at once. @throws ZodError */
  seed(options: Seed): Seeded;
}

export function createManagement(running: RunningBank): Management {
  const { bank, faults, notifications } = running;
  const settle = () => {
    notifications.settle();
    return faults.settle();
  };
  const settled = <T>(act: (bank: Bank) => T): T => {
    settle();
    return act(bank);
  };
  const move = (how: (clock: SimulatorClock) => void): void => {
    moveClock(bank, how);
    notifications.settle();
  };
  return {
    state: () => settled(viewState),
    secrets: () => settled(viewSecrets),
    requests: () => settled(shownRequests),
    resetRequests: () => hideRequestsSoFar(bank),
    nowMs: () => bank.clock.nowMs(),
    advanceClock: (ms) => move((clock) => clock.advance(ms)),
    setClock: (nowMs) => move((clock) => clock.set(nowMs)),
    freezeClock: (isFrozen = true) => move((clock) => (isFrozen ? clock.freeze() : clock.unfreeze())),
    followClock: () => move((clock) => clock.follow()),
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
    blockCredential: (id) => settled(() => setBlocked(bank, id, true)),
    unblockCredential: (id) => settled(() => setBlocked(bank, id, false)),
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
    snapshot: () => settled(takeSnapshot),
    restore: (snapshot) => restoreSnapshot(running, snapshot),
    reset: (options) => resetBank(running, options),
    seed: (options) => settled(() => seed(bank, options)),
  };
}
