import { hostname } from 'node:os';
import { Client } from '@temporalio/client';
import { type CompletedAuthorization, completeAuthorization, NotCompletedError } from '../client/authorizations.ts';
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
  if (!settings.callbackAddress) return NONE;
  let complete = async (_url: URL): Promise<CompletedAuthorization> => {
    throw new NotCompletedError('Temporal does not answer');
  };
  const server = await startCallbackServer(settings.callbackAddress, { complete: (url) => complete(url), log });
  log.info({ callbackUrl: server.url }, 'end users are taken here when they come back from the bank');
  return {
    connect({ connection, namespace }) {
      const client = new Client({ connection, namespace });
      const { bank, sealingKeys } = settings;
      const by = `callback server ${process.pid}@${hostname()}`;
      complete = (url) => completeAuthorization(url, { client, environment: bank.name, sealingKeys: () => sealingKeys, by });
    },
    close: () => server.close(),
  };
}
