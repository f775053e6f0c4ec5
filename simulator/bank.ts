import type { KeyObject } from 'node:crypto';
import type { SimulatorClock } from './clock.ts';
import type { Credential, Session } from './entities.ts';
import type { Dice } from './random.ts';
import type { Settings } from './settings.ts';
import { newServerKeyPem, serverKeyFrom } from './signatures.ts';
import type { Store } from './store.ts';

/** What the routes act on. */
export interface Bank {
  readonly store: Store;
  readonly clock: SimulatorClock;
  readonly dice: Dice;
  readonly serverKey: { readonly privateKey: KeyObject; readonly publicKeyPem: string };
  settings: Settings;
}

const META_ID = 0;

type Parts = Pick<Bank, 'store' | 'clock' | 'dice' | 'settings'> & { readonly serverPrivateKeyPem: string | undefined };

/** The bank as its store remembers it; a new one gets a server key of its own, unless one is given. */
export async function openBank({ serverPrivateKeyPem: givenKeyPem, ...parts }: Parts): Promise<Bank> {
  const { store, clock } = parts;
  let meta = store.get('meta', META_ID);
  if (meta === undefined) {
    const serverPrivateKeyPem = givenKeyPem ?? (await newServerKeyPem());
    meta = store.put('meta', { id: META_ID, serverPrivateKeyPem, clockOffsetMs: 0, lastId: store.lastId, requestsShownAfterId: 0 });
  }
  clock.advance(meta.clockOffsetMs);
  for (const request of store.all('requests'))
    if (request.outcome === 'pending') store.put('requests', { ...request, outcome: 'unanswered' }); // its connection ended with the bank before
  return { ...parts, serverKey: serverKeyFrom(meta.serverPrivateKeyPem) };
}

/** Moves the clock, also for the bank that is started from the same state file. */
export function moveClock(bank: Bank, move: { advanceMs: number } | { setMs: number }): void {
  if ('setMs' in move) bank.clock.set(move.setMs);
  else bank.clock.advance(move.advanceMs);
  bank.store.put('meta', { ...bank.store.get('meta', META_ID)!, clockOffsetMs: bank.clock.offsetMs });
}

export function hideRequestsSoFar(bank: Bank): void {
  bank.store.put('meta', { ...bank.store.get('meta', META_ID)!, requestsShownAfterId: bank.store.nextId() });
}

export function shownRequests({ store }: Bank) {
  const after = store.get('meta', META_ID)!.requestsShownAfterId;
  return store.all('requests').filter(({ id }) => id > after);
}

export type SessionStatus = 'ACTIVE' | 'DELETED' | 'REVOKED' | 'EXPIRED';

export function sessionStatus(session: Session, nowMs: number): SessionStatus {
  if (session.deletedAtMs !== null) return 'DELETED';
  if (session.revokedAtMs != null) return 'REVOKED';
  return session.expiresAtMs <= nowMs ? 'EXPIRED' : 'ACTIVE';
}

export type CredentialStatus = 'PENDING_FIRST_USE' | 'ACTIVE' | 'EXPIRED' | 'REVOKED';

/** An API key that was never bound dies with its hour; bound, it lives until it is revoked. */
export function credentialStatus(credential: Credential, nowMs: number): CredentialStatus {
  if (credential.revokedAtMs !== null) return 'REVOKED';
  if (credential.boundAtMs !== null) return 'ACTIVE';
  return credential.bindUntilMs !== null && credential.bindUntilMs <= nowMs ? 'EXPIRED' : 'PENDING_FIRST_USE';
}
