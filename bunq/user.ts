import { z } from 'zod';
import type { Bank, CallOptions, SessionCaller } from './bank.ts';
import { type Item, ShapeError, shaped } from './envelope.ts';
import { request } from './request.ts';

export const USER_KINDS = ['UserPaymentServiceProvider', 'UserPerson', 'UserCompany', 'UserApiKey'] as const;
export type UserKind = (typeof USER_KINDS)[number];

export interface UserReference {
  /** A type name of bunq's, as `UserPerson`. */
  readonly kind: string;
  readonly id: number;
}

/** Whom a session belongs to. */
export interface BunqUser {
  readonly kind: UserKind;
  readonly id: number;
  readonly displayName: string | null;
  /** Of a `UserApiKey`: the provider that asked for access. */
  readonly requestedBy?: UserReference;
  /** Of a `UserApiKey`: the person or company that granted it; its items have this user's ids. */
  readonly grantedBy?: UserReference;
}

/** `{"UserPerson":{…}}`, as it stands inside a `UserApiKey`. */
const anchoredSchema = z.record(z.string(), z.unknown()).nullish();

const userSchema = z.looseObject({
  id: z.int(),
  display_name: z.string().nullish(),
  session_timeout: z.number().nullish(),
  requested_by_user: anchoredSchema,
  granted_by_user: anchoredSchema,
});

type User = z.output<typeof userSchema>;

/**
 * `GET /user`: whom the session belongs to. It also proves the session.
 * @throws BunqError
 */
export function readUser(bank: Bank, caller: SessionCaller, options?: CallOptions): Promise<BunqUser> {
  const { sessionToken: token, serverPublicKeyPem } = caller;
  return request(bank, { method: 'GET', path: 'user', token, serverPublicKeyPem }, options, (items) => userOf(items).user);
}

/**
 * The user among the items of an answer, and the session time-outs (in seconds) that stand on it and on the users inside it.
 * @throws ShapeError
 */
export function userOf(items: readonly Item[]): { user: BunqUser; sessionTimeouts: number[] } {
  const item = items.find(([typeName]) => (USER_KINDS as readonly string[]).includes(typeName));
  if (!item) throw new ShapeError('the answer holds no user');
  const kind = item[0] as UserKind;
  const user = shaped(item, userSchema);
  const requestedBy = anchored(user.requested_by_user);
  const grantedBy = anchored(user.granted_by_user);
  const timeouts = [user, requestedBy?.user, grantedBy?.user].map((one) => one?.session_timeout);
  return {
    user: {
      kind,
      id: user.id,
      displayName: user.display_name ?? null,
      ...(requestedBy && { requestedBy: requestedBy.reference }),
      ...(grantedBy && { grantedBy: grantedBy.reference }),
    },
    sessionTimeouts: timeouts.filter((timeout) => typeof timeout === 'number' && timeout > 0) as number[],
  };
}

function anchored(value: User['granted_by_user']): { reference: UserReference; user: User } | undefined {
  const item = Object.entries(value ?? {}).find(([, user]) => user !== null && typeof user === 'object');
  if (!item) return undefined;
  const user = shaped(item, userSchema);
  return { reference: { kind: item[0], id: user.id }, user };
}
