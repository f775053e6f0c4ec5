import type { SimulatorState } from '../../../simulator/index.ts';

/** What a bank holds for one connection, counted by whether it is in use. */
export interface Aftermath {
  readonly installations: Count;
  readonly apiKeys: Count;
  readonly sessions: Count;
  readonly devices: number;
  readonly oauthClients: number;
  readonly callbackUrls: readonly string[];
}

export interface Count {
  readonly inUse: number;
  readonly unused: number;
}

/** @param sessionId the session that the keeper serves */
export function aftermathAt(bank: SimulatorState, sessionId: number): Aftermath {
  const served = bank.sessions.find(({ id }) => id === sessionId);
  return {
    installations: count(bank.installations, ({ deviceIds, sessionIds }) => deviceIds.length + sessionIds.length > 0),
    apiKeys: count(bank.credentials, ({ boundInstallations }) => boundInstallations.length > 0),
    // one whose opening nobody heard of may have had what rides along, its proof and the OAuth client, and nothing more
    sessions: count(bank.sessions, ({ id, uses, status }) => status === 'ACTIVE' && (id === served?.id || uses > 2)),
    devices: bank.devices.length,
    oauthClients: bank.oauthClients.filter(({ userId }) => userId === served?.userId).length,
    callbackUrls: bank.callbackUrls.map(({ url }) => url).sort(),
  };
}

function count<Item>(items: readonly Item[], isInUse: (item: Item) => boolean): Count {
  const inUse = items.filter(isInUse).length;
  return { inUse, unused: items.length - inUse };
}

/** One of each in use and nothing beside it, but for what one lost answer may leave. */
export const oneOfEach = (
  callbackUrls: readonly string[],
  lost: Partial<Record<'installations' | 'apiKeys' | 'sessions', number>> = {},
) => ({
  installations: { inUse: 1, unused: lost.installations ?? 0 },
  apiKeys: { inUse: 1, unused: lost.apiKeys ?? 0 },
  sessions: { inUse: 1, unused: lost.sessions ?? 0 },
  devices: 1,
  oauthClients: 1,
  callbackUrls: [...callbackUrls].sort(),
});

/** Of one connection among several at a bank: what may never be two, and whether its session is good. */
export interface Registration {
  readonly oauthClients: readonly number[];
  readonly callbackUrls: readonly string[];
  readonly isSessionValid: boolean;
}

/** @param sessionId the session that the keeper serves */
export function registrationAt({ sessions, oauthClients, callbackUrls }: SimulatorState, sessionId: number): Registration {
  const served = sessions.find(({ id }) => id === sessionId);
  const ids = oauthClients.filter(({ userId }) => userId === served?.userId).map(({ id }) => id);
  return {
    oauthClients: ids,
    callbackUrls: callbackUrls
      .filter(({ oauthClientId }) => ids.includes(oauthClientId))
      .map(({ url }) => url)
      .sort(),
    isSessionValid: served?.status === 'ACTIVE',
  };
}
