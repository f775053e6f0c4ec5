import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Bank } from './bank.ts';
import type { Notification, UserApiKey } from './entities.ts';
import { grantTimeouts, showUserApiKey } from './grants.ts';
import { phpJson } from './json.ts';
import { LaterEffects } from './later-effects.ts';
import { signBody } from './signatures.ts';

const CATEGORY = 'OAUTH';
/** What bunq calls the event is published nowhere. */
const REVOKED = 'OAUTH_REVOKED';
const ANSWER_WITHIN_MS = 10_000;

/** Tells those who asked for it what happened, and repeats what was not taken. */
export class Notifications {
  readonly #bank: Bank;
  readonly #due: LaterEffects;
  #closed = new AbortController();

  /** What an earlier bank had still to send is sent. */
  constructor(bank: Bank) {
    this.#bank = bank;
    this.#due = new LaterEffects(bank.clock);
    this.#scheduleAll();
  }

  /** The bank knows others than before: these are sent. */
  restart(): void {
    this.close();
    this.#closed = new AbortController();
    this.#scheduleAll();
  }

  /** To the provider, by each of its filters. */
  grantRevoked(grant: UserApiKey): void {
    const { store, clock, settings } = this.#bank;
    if (!settings.oauthCallbacks) return;
    const filters = store
      .all('notificationFilters')
      .filter((filter) => filter.userId === grant.requestedByUserId && filter.category === CATEGORY);
    for (const { url } of filters) {
      const object = showUserApiKey(this.#bank, grant, grantTimeouts(this.#bank, grant));
      const body = phpJson({ NotificationUrl: { target_url: url, category: CATEGORY, event_type: REVOKED, object } });
      const nowMs = clock.nowMs();
      const about = { category: CATEGORY, userApiKeyId: grant.id, url, body };
      this.#schedule(
        store.put('notifications', { id: store.nextId(), ...about, createdAtMs: nowMs, attempts: [], deliveredAtMs: null, dueAtMs: nowMs }),
      );
    }
    this.settle();
  }

  /** Sends what is due by the clock. */
  settle(): void {
    this.#due.settle();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.#due.abandon();
    this.#closed.abort();
  }

  #scheduleAll(): void {
    for (const notification of this.#bank.store.all('notifications')) this.#schedule(notification);
  }

  #schedule({ id, dueAtMs }: Notification): void {
    if (dueAtMs !== null) this.#due.add({ faultId: id, dueAtMs, perform: () => void this.#send(id) });
  }

  async #send(id: number): Promise<void> {
    const { store, clock, settings, serverKey } = this.#bank;
    const { url, body } = store.get('notifications', id)!;
    const { signal } = this.#closed;
    const atMs = clock.nowMs();
    const status = await post(url, body, signBody(Buffer.from(body), serverKey.privateKey), signal);
    if (signal.aborted) return; // it is due still
    const known = store.get('notifications', id)!;
    const attempts = [...known.attempts, { atMs, status }];
    const isTaken = status !== null && status >= 200 && status < 300;
    const isGivenUp = isTaken || attempts.length > settings.callbackRepeats;
    const nowMs = clock.nowMs();
    const next = { attempts, deliveredAtMs: isTaken ? nowMs : null, dueAtMs: isGivenUp ? null : nowMs + settings.callbackRepeatMs };
    this.#schedule(store.put('notifications', { ...known, ...next }));
  }
}

/** @returns the status of the answer; null for none */
function post(url: string, body: string, signature: string, signal: AbortSignal): Promise<number | null> {
  const request = new URL(url).protocol === 'https:' ? requestHttps : requestHttp;
  const headers = {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'User-Agent': 'bunq-simulator',
    'X-Bunq-Server-Signature': signature,
  };
  return new Promise((resolve) => {
    const outgoing = request(url, {
      method: 'POST',
      agent: false,
      headers,
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]),
    });
    outgoing.on('error', () => resolve(null));
    outgoing.on('response', (incoming) => {
      incoming.resume();
      resolve(incoming.statusCode ?? null);
    });
    outgoing.end(body);
  });
}
