import { type Bank, hideRequestsSoFar, moveClock, shownRequests } from './bank.ts';
import type { LoggedRequest } from './entities.ts';
import type { Fault, FaultOptions, Faults } from './faults.ts';
import { type Settings, settingsSchema } from './settings.ts';
import { type IssuedSecret, type SimulatorState, viewSecrets, viewState } from './view.ts';

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
  /** Lets go what is held, by the fault of that id or by all; the faults stay. @returns how many were held */
  releaseFaults(id?: number): number;
  /** Removes the fault of that id, or all, and lets go what they hold. */
  clearFaults(id?: number): void;

  /** Ends a session now, as if its time were over. @throws RangeError for an unknown id, as all below */
  expireSession(id: number): void;
  /** Kills an API key; sessions that it opened live on. */
  revokeCredential(id: number): void;
  /** Kills all API keys of a user. */
  revokeUser(id: number): void;
  /** Makes the bank forget an installation: its token and those of its sessions are refused. */
  revokeInstallation(id: number): void;
}

export function createManagement(bank: Bank, faults: Faults): Management {
  return {
    state: () => viewState(bank),
    secrets: () => viewSecrets(bank),
    requests: () => shownRequests(bank),
    resetRequests: () => hideRequestsSoFar(bank),
    nowMs: () => bank.clock.nowMs(),
    advanceClock: (advanceMs) => moveClock(bank, { advanceMs }),
    setClock: (setMs) => moveClock(bank, { setMs }),
    settings: () => bank.settings,
    changeSettings: (change) => {
      bank.settings = settingsSchema.parse({ ...bank.settings, ...change });
      return bank.settings;
    },
    fault: (options) => faults.add(options),
    faults: () => faults.list(),
    releaseFaults: (id) => faults.release(id),
    clearFaults: (id) => faults.clear(id),
    expireSession: (id) => change(bank, 'sessions', id, { expiresAtMs: bank.clock.nowMs() }),
    revokeCredential: (id) => change(bank, 'credentials', id, { revokedAtMs: bank.clock.nowMs() }),
    revokeUser: (id) => revokeUser(bank, id),
    revokeInstallation: (id) => change(bank, 'installations', id, { revokedAtMs: bank.clock.nowMs() }),
  };
}

function change(bank: Bank, table: 'sessions' | 'credentials' | 'installations', id: number, members: object): void {
  const entity = bank.store.get(table, id);
  if (entity === undefined) throw new RangeError(`The bank has no ${id} among its ${table}.`);
  bank.store.put(table, { ...entity, ...members } as typeof entity);
}

function revokeUser(bank: Bank, id: number): void {
  if (bank.store.get('users', id) === undefined) throw new RangeError(`The bank has no user ${id}.`);
  for (const credential of bank.store.all('credentials'))
    if (credential.userId === id) change(bank, 'credentials', credential.id, { revokedAtMs: bank.clock.nowMs() });
}
