import type { Store } from './store.ts';

/** Notes a secret that the bank never issued, once: it is searched for like its own. */
export function noteReceived(store: Store, value: string): void {
  if (store.of('receivedSecrets', 'value', value).length === 0) store.put('receivedSecrets', { id: store.nextId(), value });
}
