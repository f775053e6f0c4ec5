import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { completeAuthorization, NotCompletedError } from '../client/authorizations.ts';
import { type Noticing, takeOAuthNotification } from '../client/notifications.ts';
import { type CallbackOptions, startCallbackServer } from './callback-server.ts';
import type { WorkerSettings } from './settings.ts';
import type { TemporalServer } from './temporal.ts';

/** The callback server of a worker, where it is to have one. */
export interface Callbacks {
  /** Before it, everybody is asked to come again. */
  connect(server: TemporalServer): void;
  close(): Promise<void>;
}

const NONE: Callbacks = { connect() {}, async close() {} };

/** Listens at once: a port that is taken is said before anything else happens. @throws SettingsError */
export async function startCallbacks(settings: WorkerSettings, log: CallbackOptions['log']): Promise<Callbacks> {
  const { bank, sealingKeys, callbackAddress, notificationSenders, callbackProxies } = settings;
  if (!callbackAddress) return NONE;
  let asking: Noticing | null = null;
  const connected = (): Noticing => {
    if (asking) return asking;
    throw new NotCompletedError('Temporal does not answer');
  };
  const server = await startCallbackServer(callbackAddress, {
    complete: async (url) => completeAuthorization(url, { ...connected(), sealingKeys: () => sealingKeys }),
    notifications: notificationSenders && {
      senders: notificationSenders,
      proxies: callbackProxies,
      take: async (provider, notification) => takeOAuthNotification(provider, notification, connected()),
    },
    log,
  });
  log.info({ callbackUrl: server.url }, 'end users are taken here when they come back from the bank');
  return {
    connect({ connection, namespace }) {
      const client = new Client({ connection, namespace });
      asking = { client, environment: bank.name, by: `callback server ${process.pid}@${hostname()}` };
    },
    close: () => server.close(),
  };
}
