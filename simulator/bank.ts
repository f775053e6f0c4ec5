import type { KeyObject } from 'node:crypto';
import type { SimulatorClock } from './clock.ts';
import type { Credential, Meta, Session } from './entities.ts';
import type { Dice } from './random.ts';
import type { Settings } from './settings.ts';
import { newServerKeyPem, serverKeyFrom } from './signatures.ts';
import type { Store } from './store.ts';

/** What the routes act on. */
export interface Bank {
  readonly store: Store;
  readonly clock: SimulatorClock;
  readonly dice: Dice;
  serverKey: { readonly privateKey: KeyObject; readonly publicKeyPem: string };
  settings: Settings;
}

const META_ID = 0;

type Parts = Pick<Bank, 'store' | 'clock' | 'dice' | 'settings'> & { readonly serverPrivateKeyPem: string | undefined };

/** The bank as its store remembers it; a new one gets a server key of its own, unless one is given. */
export async function openBank({ serverPrivateKeyPem: givenKeyPem, ...parts }: Parts): Promise<Bank> {
  if (parts.store.get('meta', META_ID) === undefined) begin(parts.store, givenKeyPem ?? (await newServerKeyPem()));
  const bank = { ...parts, serverKey: serverKeyFrom(metaOf(parts.store).serverPrivateKeyPem) };
  goOn(bank);
  return bank;
}

/** A bank that knows nothing but its key. */
export function begin(store: Store, serverPrivateKeyPem: string): void {
  store.put('meta', { id: META_ID, serverPrivateKeyPem, clockOffsetMs: 0, lastId: store.lastId, requestsShownAfterId: 0 });
}

/** Takes up what the store remembers: the key, the clock, and that the connections of then are gone. */
export function goOn(bank: Bank): void {
  const { store, clock } = bank;
  const { serverPrivateKeyPem, clockOffsetMs, clockFrozenAtMs = null } = metaOf(store);
  bank.serverKey = serverKeyFrom(serverPrivateKeyPem);
  clock.restore({ offsetMs: clockOffsetMs, frozenAtMs: clockFrozenAtMs });
  for (const request of store.all('requests'))
    if (request.outcome === 'pending') store.put('requests', { ...request, outcome: 'unanswered' });
}

export const metaOf = (store: Store): Meta => store.get('meta', META_ID)!;

/** Moves the clock or stops it, also for the bank that is started from the same state file. */
export function moveClock({ clock, store }: Bank, move: (clock: SimulatorClock) => void): void {
  move(clock);
  store.put('meta', { ...metaOf(store), clockOffsetMs: clock.offsetMs, clockFrozenAtMs: clock.frozenAtMs });
}

export function hideRequestsSoFar(bank: Bank): void {
  const id = bank.store.nextId();
  bank.store.put('meta', { ...metaOf(bank.store), lastId: id, requestsShownAfterId: id });
}

export function shownRequests({ store }: Bank) {
  const after = metaOf(store).requestsShownAfterId;
  return store.all('requests').filter(({ id }) => id > after);
}

export type SessionStatus = 'ACTIVE' | 'DELETED' | 'REVOKED' | 'EXPIRED';

export function sessionStatus(session: Session, nowMs: number): SessionStatus {
  if (session.deletedAtMs !== null) return 'DELETED';
  if (session.revokedAtMs != null) return 'REVOKED';
  return session.expiresAtMs <= nowMs ? 'EXPIRED' : 'ACTIVE';
}

export type CredentialStatus = 'PENDING_FIRST_USE' | 'ACTIVE' | 'BLOCKED' | 'EXPIRED' | 'REVOKED';

/** An API key that was never bound dies with its hour; bound, it lives until it is revoked, and is of no use while it is blocked. */
export function credentialStatus(credential: Credential, nowMs: number): CredentialStatus {
  if (credential.revokedAtMs !== null) return 'REVOKED';
  if (credential.blockedAtMs != null) return 'BLOCKED';
  if (credential.boundAtMs !== null) return 'ACTIVE';
  return credential.bindUntilMs !== null && credential.bindUntilMs <= nowMs ? 'EXPIRED' : 'PENDING_FIRST_USE';
}
