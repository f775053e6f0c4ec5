import { type Bank, type CredentialStatus, credentialStatus, type SessionStatus, sessionStatus } from './bank.ts';
import type {
  CallbackUrl,
  Credential,
  Device,
  Installation,
  Notification,
  OAuthClient,
  Session,
  User,
  UserApiKey,
  UserType,
} from './entities.ts';
import type { Store } from './store.ts';

/** The bank from inside, without a secret in it. Times are ISO 8601 UTC by the simulator's clock. */
export interface SimulatorState {
  readonly now: string;
  readonly installations: readonly {
    readonly id: number;
    readonly publicKeyPem: string;
    readonly createdAt: string;
    readonly status: 'ACTIVE' | 'REVOKED';
    readonly revokedAt: string | null;
    /** Accepted requests with its token or with a token of its sessions. */
    readonly uses: number;
    readonly deviceIds: readonly number[];
    readonly sessionIds: readonly number[];
  }[];
  readonly users: readonly {
    readonly id: number;
    readonly type: UserType;
    readonly displayName: string;
    readonly distinguishedName: string | null;
    readonly roles: readonly string[];
    readonly createdAt: string;
  }[];
  /** API keys, made from certificates or with sandbox users, and access tokens, whose user is the `UserApiKey`. */
  readonly credentials: readonly {
    readonly id: number;
    readonly userId: number;
    readonly origin: Credential['origin'];
    readonly status: CredentialStatus;
    readonly createdAt: string;
    readonly bindUntil: string | null;
    /** The installations that it is bound on. */
    readonly boundInstallations: readonly number[];
    readonly permittedIps: readonly string[];
  }[];
  readonly devices: readonly {
    readonly id: number;
    readonly installationId: number;
    readonly credentialId: number;
    readonly userId: number;
    readonly description: string;
    readonly ip: string;
    readonly createdAt: string;
    readonly updatedAt: string;
  }[];
  readonly sessions: readonly {
    readonly id: number;
    readonly userId: number;
    readonly installationId: number;
    readonly credentialId: number;
    readonly status: SessionStatus;
    readonly createdAt: string;
    readonly expiresAt: string;
    readonly deletedAt: string | null;
    readonly revokedAt: string | null;
    readonly timeoutSeconds: number;
    /** Accepted requests with its token. */
    readonly uses: number;
  }[];
  readonly oauthClients: readonly {
    readonly id: number;
    readonly userId: number;
    readonly status: OAuthClient['status'];
    readonly clientId: string;
    readonly createdAt: string;
  }[];
  readonly callbackUrls: readonly {
    readonly id: number;
    readonly oauthClientId: number;
    readonly url: string;
    readonly createdAt: string;
  }[];
  /** Each made by the exchange of an authorization code. */
  readonly grants: readonly Grant[];
  readonly notificationFilters: readonly {
    readonly id: number;
    readonly userId: number;
    readonly category: string;
    readonly url: string;
  }[];
  readonly notifications: readonly ViewedNotification[];
}

/** What was told to whoever asked for it by a notification filter. */
export interface ViewedNotification {
  readonly id: number;
  readonly category: string;
  readonly userApiKeyId: number;
  readonly url: string;
  readonly createdAt: string;
  /** `status` null: no answer. */
  readonly attempts: readonly { readonly at: string; readonly status: number | null }[];
  readonly deliveredAt: string | null;
  /** When it is repeated; null: no more. */
  readonly dueAt: string | null;
}

/** What an end user granted to a provider. */
export interface Grant {
  readonly userApiKeyId: number;
  readonly oauthClientId: number;
  readonly requestedByUserId: number;
  readonly grantedByUserId: number;
  readonly status: 'ACTIVE' | 'REVOKED';
  readonly createdAt: string;
  readonly revokedAt: string | null;
}

/** Every secret that the bank issued, and those it was sent without having issued them. */
export interface IssuedSecret {
  readonly kind: 'installation-token' | 'session-token' | 'api-key' | 'access-token' | 'client-secret' | 'authorization-code' | 'received';
  /** Of the installation, session, API key, access token, OAuth client or authorization code. */
  readonly id: number;
  readonly value: string;
}

const iso = (atMs: number): string => new Date(atMs).toISOString();

const isoOrNull = (atMs: number | null): string | null => (atMs === null ? null : iso(atMs));

export function viewState(bank: Bank): SimulatorState {
  const { store } = bank;
  const nowMs = bank.clock.nowMs();
  return {
    now: iso(nowMs),
    installations: store.all('installations').map((installation) => viewInstallation(installation, store)),
    users: store.all('users').map(viewUser),
    credentials: store.all('credentials').map((credential) => viewCredential(credential, store, nowMs)),
    devices: store.all('devices').map(viewDevice),
    sessions: store.all('sessions').map((session) => viewSession(session, nowMs)),
    oauthClients: store.all('oauthClients').map(viewOAuthClient),
    callbackUrls: store.all('callbackUrls').map(viewCallbackUrl),
    grants: viewGrants(bank),
    notificationFilters: store.all('notificationFilters').map(({ id, userId, category, url }) => ({ id, userId, category, url })),
    notifications: store.all('notifications').map(viewNotification),
  };
}

export function viewSecrets({ store }: Bank): IssuedSecret[] {
  return [
    ...store.all('installations').map(({ id, token }) => ({ kind: 'installation-token', id, value: token }) as const),
    ...store.all('sessions').map(({ id, token }) => ({ kind: 'session-token', id, value: token }) as const),
    ...store
      .all('credentials')
      .map(({ id, origin, apiKey }) => ({ kind: origin === 'oauth' ? 'access-token' : 'api-key', id, value: apiKey }) as const),
    ...store.all('oauthClients').map(({ id, secret }) => ({ kind: 'client-secret', id, value: secret }) as const),
    ...store.all('authorizationCodes').map(({ id, code }) => ({ kind: 'authorization-code', id, value: code }) as const),
    ...store.all('receivedSecrets').map(({ id, value }) => ({ kind: 'received', id, value }) as const),
  ];
}

export const viewGrants = ({ store }: Pick<Bank, 'store'>): Grant[] => store.all('userApiKeys').map(viewGrant);

const viewGrant = ({ id, oauthClientId, requestedByUserId, grantedByUserId, createdAtMs, revokedAtMs }: UserApiKey): Grant => ({
  userApiKeyId: id,
  oauthClientId,
  requestedByUserId,
  grantedByUserId,
  status: revokedAtMs === null ? 'ACTIVE' : 'REVOKED',
  createdAt: iso(createdAtMs),
  revokedAt: isoOrNull(revokedAtMs),
});

const viewNotification = ({ id, category, userApiKeyId, url, createdAtMs, attempts, deliveredAtMs, dueAtMs }: Notification) => ({
  id,
  category,
  userApiKeyId,
  url,
  createdAt: iso(createdAtMs),
  attempts: attempts.map(({ atMs, status }) => ({ at: iso(atMs), status })),
  deliveredAt: isoOrNull(deliveredAtMs),
  dueAt: isoOrNull(dueAtMs),
});

function viewInstallation(installation: Installation, store: Store) {
  const { id, publicKeyPem, createdAtMs, revokedAtMs, uses } = installation;
  return {
    id,
    publicKeyPem,
    createdAt: iso(createdAtMs),
    status: revokedAtMs === null ? 'ACTIVE' : 'REVOKED',
    revokedAt: isoOrNull(revokedAtMs),
    uses,
    deviceIds: store.of('devices', 'installationId', id).map((device) => device.id),
    sessionIds: store.of('sessions', 'installationId', id).map((session) => session.id),
  } as const;
}

const viewUser = ({ id, type, displayName, distinguishedName, roles, createdAtMs }: User) => ({
  id,
  type,
  displayName,
  distinguishedName,
  roles,
  createdAt: iso(createdAtMs),
});

const viewCredential = (credential: Credential, store: Store, nowMs: number) => ({
  id: credential.id,
  userId: credential.userId,
  origin: credential.origin,
  status: credentialStatus(credential, nowMs),
  createdAt: iso(credential.createdAtMs),
  bindUntil: credential.bindUntilMs === null ? null : iso(credential.bindUntilMs),
  boundInstallations: store.of('devices', 'credentialId', credential.id).map(({ installationId }) => installationId),
  permittedIps: credential.permittedIps,
});

const viewDevice = ({ createdAtMs, updatedAtMs, ...device }: Device) => ({
  ...device,
  createdAt: iso(createdAtMs),
  updatedAt: iso(updatedAtMs),
});

const viewSession = (session: Session, nowMs: number) => ({
  id: session.id,
  userId: session.userId,
  installationId: session.installationId,
  credentialId: session.credentialId,
  status: sessionStatus(session, nowMs),
  createdAt: iso(session.createdAtMs),
  expiresAt: iso(session.expiresAtMs),
  deletedAt: isoOrNull(session.deletedAtMs),
  revokedAt: isoOrNull(session.revokedAtMs),
  timeoutSeconds: session.timeoutSeconds,
  uses: session.uses,
});

const viewOAuthClient = ({ id, userId, status, clientId, createdAtMs }: OAuthClient) => ({
  id,
  userId,
  status,
  clientId,
  createdAt: iso(createdAtMs),
});

const viewCallbackUrl = ({ id, oauthClientId, url, createdAtMs }: CallbackUrl) => ({ id, oauthClientId, url, createdAt: iso(createdAtMs) });
