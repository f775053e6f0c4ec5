import { z } from 'zod';
import { Secret } from '../sealing/secret.ts';
import type { Bank, CallOptions, InstallationCaller } from './bank.ts';
import { idSchema, itemOf, ShapeError } from './envelope.ts';
import { request } from './request.ts';
import { parseBunqTime, remainingMs } from './times.ts';
import { type BunqUser, userOf } from './user.ts';

const tokenSchema = z.looseObject({ token: z.string().min(1), created: z.string().nullish() });

export interface OpenedSession {
  readonly sessionId: number;
  readonly sessionToken: Secret;
  readonly user: BunqUser;
  /** How long the session still lasts when the answer arrives, on the bank's own clock: the smallest of the time-outs it names. */
  readonly lifetimeMs: number;
}

/**
 * `POST /session-server`: opens a session. bunq allows one in 30 s from one address; pacing is the caller's.
 * @throws BunqError
 */
export function createSessionServer(
  bank: Bank,
  caller: InstallationCaller,
  { apiKey }: { apiKey: Secret },
  options?: CallOptions,
): Promise<OpenedSession> {
  const { installationToken: token, privateKey, serverPublicKeyPem } = caller;
  const body = { secret: apiKey.text() };
  const call = { method: 'POST', path: 'session-server', body, token, privateKey, serverPublicKeyPem } as const;
  return request(bank, call, options, (items, answer) => {
    const sessionToken = itemOf(items, ['Token'], tokenSchema);
    const { user, sessionTimeouts } = userOf(items);
    if (sessionTimeouts.length === 0) throw new ShapeError(`${user.kind} names no session_timeout`);
    return {
      sessionId: itemOf(items, ['Id'], idSchema).id,
      sessionToken: new Secret(sessionToken.token),
      user,
      lifetimeMs: remainingMs(Math.min(...sessionTimeouts) * 1000, parseBunqTime(sessionToken.created), answer),
    };
  });
}
