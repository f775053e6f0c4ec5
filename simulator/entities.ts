import type { Card, DraftPayment, Payment, PaymentServiceProviderDraftPayment } from './payment-entities.ts';

/** What the bank remembers. Plain JSON: each change of one is a line of the state file. */

export type UserType = 'UserPaymentServiceProvider' | 'UserPerson' | 'UserCompany';
export type Role = 'AISP' | 'PISP' | 'CBPII';

export interface Entity {
  readonly id: number;
}

export interface Installation extends Entity {
  readonly tokenId: number;
  readonly token: string;
  /** The text that the client sent, to the byte: the QSEAL signature covers it. */
  readonly publicKeyText: string;
  /** The same key as SPKI PEM. */
  readonly publicKeyPem: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  /** Requests authenticated by its token or by a token of its sessions. */
  readonly uses: number;
}

export interface User extends Entity {
  readonly type: UserType;
  readonly displayName: string;
  /** Of payment service providers only. */
  readonly distinguishedName: string | null;
  readonly roles: readonly Role[];
  readonly uuid: string;
  readonly createdAtMs: number;
}

/** An API key, made from a certificate or with a sandbox user, or the access token of a grant. */
export interface Credential extends Entity {
  /** A user or, of an access token, the `UserApiKey`. */
  readonly userId: number;
  readonly origin: 'certificate' | 'sandbox' | 'oauth';
  readonly apiKey: string;
  readonly createdAtMs: number;
  /** Until when it must be bound to a device; null when it waits without end. */
  readonly bindUntilMs: number | null;
  readonly boundAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Since when it is blocked; none: it is not. */
  readonly blockedAtMs?: number | null;
  /** Addresses that may use it, `*` for any; empty until it is bound. */
  readonly permittedIps: readonly string[];
}

export interface Device extends Entity {
  readonly installationId: number;
  readonly credentialId: number;
  readonly userId: number;
  readonly description: string;
  readonly ip: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface Session extends Entity {
  readonly tokenId: number;
  readonly token: string;
  /** A user or a `UserApiKey`. */
  readonly userId: number;
  readonly installationId: number;
  readonly credentialId: number;
  readonly timeoutSeconds: number;
  /** Of a `UserApiKey`'s session: what each of its two users shows. */
  readonly timeouts?: GrantTimeouts;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly deletedAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Requests answered on it. */
  readonly uses: number;
}

export interface OAuthClient extends Entity {
  readonly userId: number;
  readonly status: 'ACTIVE' | 'CANCELLED' | 'CANCELLED_PENDING';
  readonly clientId: string;
  readonly secret: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Whole seconds. */
export interface GrantTimeouts {
  readonly requestedBy: number;
  readonly grantedBy: number;
}

/** What an end user's consent is worth until it is exchanged: an access token. */
export interface AuthorizationCode extends Entity {
  readonly code: string;
  readonly oauthClientId: number;
  /** Where it was sent to; it must be named again at the exchange. */
  readonly redirectUri: string;
  readonly state: string | null;
  readonly grantedByUserId: number;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  readonly usedAtMs: number | null;
}

/** An end user's grant to a provider: made anew by each exchange of a code. */
export interface UserApiKey extends Entity {
  readonly type: 'UserApiKey';
  readonly oauthClientId: number;
  readonly requestedByUserId: number;
  readonly grantedByUserId: number;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
}

export interface CallbackUrl extends Entity {
  readonly oauthClientId: number;
  readonly url: string;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface MonetaryAccount extends Entity {
  readonly userId: number;
  readonly uuid: string;
  readonly iban: string;
  /** `1250.00`; none: `0.00`. */
  readonly balance?: string;
  readonly createdAtMs: number;
}

/** Whoever wants to be told of something, and where. */
export interface NotificationFilter extends Entity {
  readonly userId: number;
  readonly category: string;
  readonly url: string;
  readonly createdAtMs: number;
}

/** What one filter's URL is told. */
export interface Notification extends Entity {
  readonly category: string;
  readonly userApiKeyId: number;
  readonly url: string;
  readonly body: string;
  readonly createdAtMs: number;
  /** The status of each answer; null where none came. */
  readonly attempts: readonly { readonly atMs: number; readonly status: number | null }[];
  readonly deliveredAtMs: number | null;
  /** When it is sent next; null: never again. */
  readonly dueAtMs: number | null;
}

/** What a keeper of sessions said that it serves. */
export interface PublishedSession extends Entity {
  readonly connection: string;
  readonly sessionId: number | null;
  readonly atMs: number;
}

/** A secret that a client sent and that the bank had not issued. */
export interface ReceivedSecret extends Entity {
  readonly value: string;
}

/** One request to the bank, as `GET /requests` shows it. Holds no secrets: no query, no header values but ids. */
export interface LoggedRequest extends Entity {
  /** When it arrived, milliseconds of the simulator's clock. */
  readonly at: number;
  /** The same by the machine's clock. */
  readonly realAtMs: number;
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** `POST /user/{userID}/oauth-client`; null when the bank has no such endpoint. */
  readonly endpoint: string | null;
  readonly remoteAddress: string;
  /** False when the rate limit refused it. */
  readonly admitted: boolean;
  /** The status that the bank decided on; null while the request is held, and for those that the bank never performed. */
  readonly status: number | null;
  /** When the bank performed it, or refused to, by the simulator's clock; null when it did neither: held, cut or answered by a fault, beyond a limit. */
  readonly effectAtMs: number | null;
  /** `pending`: held or under way; `answered`: the answer was written; `unanswered`: the connection ended before that. */
  readonly outcome: 'pending' | 'answered' | 'unanswered';
  /** The error's text, where there is one. */
  readonly error: string | null;
  readonly installationId: number | null;
  readonly sessionId: number | null;
  readonly userId: number | null;
  /** `X-Bunq-Client-Request-Id` as it was sent. */
  readonly requestId: string | null;
  readonly responseId: string;
  /** Whether `X-Bunq-Client-Signature` was sent. */
  readonly signed: boolean;
  /** The kind of the fault that was applied. */
  readonly fault: string | null;
  /** That nobody had set it: the bank was hostile. */
  readonly hostile: boolean;
}

export interface Meta extends Entity {
  readonly serverPrivateKeyPem: string;
  readonly clockOffsetMs: number;
  /** Where the clock stands still; none: it goes. */
  readonly clockFrozenAtMs?: number | null;
  /** No id up to this one is given again. */
  readonly lastId: number;
  /** `GET /requests` shows those after this one. */
  readonly requestsShownAfterId: number;
}

export interface Tables {
  meta: Meta;
  installations: Installation;
  users: User;
  credentials: Credential;
  devices: Device;
  sessions: Session;
  oauthClients: OAuthClient;
  callbackUrls: CallbackUrl;
  authorizationCodes: AuthorizationCode;
  userApiKeys: UserApiKey;
  monetaryAccounts: MonetaryAccount;
  cards: Card;
  payments: Payment;
  draftPayments: DraftPayment;
  paymentServiceProviderDraftPayments: PaymentServiceProviderDraftPayment;
  notificationFilters: NotificationFilter;
  notifications: Notification;
  publications: PublishedSession;
  receivedSecrets: ReceivedSecret;
  requests: LoggedRequest;
}

export type TableName = keyof Tables;
