import type { Answer } from './answers.ts';
import type { Bank } from './bank.ts';
import type { Installation, Session, User, UserApiKey } from './entities.ts';

/** Which token `X-Bunq-Client-Authentication` must hold. */
export type TokenKind = 'none' | 'installation' | 'session' | 'installation-or-session';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

export interface Request {
  readonly method: string;
  /** `/v1/user/53843/oauth-client` */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly bytes: Buffer;
  readonly remoteAddress: string;
  readonly authentication: string | null;
  readonly signature: string | null;
  readonly requestId: string | null;
  /** `Cache-Control` and `User-Agent`, which the documentation calls mandatory. */
  readonly hasDocumentedHeaders: boolean;
}

/** Whose token it is. */
export interface Caller {
  readonly installation: Installation;
  readonly session: Session | null;
}

export interface Call<C extends Caller | null = Caller | null> {
  readonly bank: Bank;
  readonly request: Request;
  /** The parsed body; `{}` for none. */
  readonly body: unknown;
  readonly nowMs: number;
  readonly caller: C;
  /** An id in the path. @throws BankRefusal 404 when it is not a whole number */
  id(name: string): number;
}

export type AnonymousCall = Call<null>;
export type InstallationCall = Call<Caller>;
export type SessionCall = Call<{ readonly installation: Installation; readonly session: Session }> & { readonly user: User | UserApiKey };

interface RouteOf<K extends TokenKind, C> {
  readonly method: Method;
  /** With the parameter names of bunq's OpenAPI file: `/user/{userID}/oauth-client`. */
  readonly path: string;
  readonly token: K;
  /** Without a signature the answer is 466. */
  readonly signatureDemanded?: boolean;
  /** Not of the API but of its OAuth service: reads no body, and its answers are not signed. */
  readonly isOAuth?: boolean;
  /** Acts at once, never asynchronously: an effect is whole or was not. */
  readonly perform: (call: C) => Answer;
}

export type Route =
  | RouteOf<'none', AnonymousCall>
  | RouteOf<'installation' | 'installation-or-session', InstallationCall>
  | RouteOf<'session', SessionCall>;

/** `POST /session-server`: the name of an endpoint for limits, faults and the log. */
export const endpointOf = ({ method, path }: Pick<Route, 'method' | 'path'>): string => `${method} ${path}`;
